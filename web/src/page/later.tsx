// What a first look does not need: a script of its own, which `later-loaded.ts` loads when it is needed. Its words are loaded with it.

import { ChannelPage, ChannelsPage } from "./channels";
import { CheckedPage } from "./checked";
import { HandedPage } from "./handed-page";
import { ItemPage } from "./item";
import { KeptPage } from "./kept";
import { RoomPage } from "./rooms/room";
import type { LaterRoute } from "./route";
import { SearchPage } from "./search";

export { Camera, readPicture } from "./camera";
export { LiveTag } from "./live/live";

export function LaterPage({ route }: { route: LaterRoute }) {
  switch (route.page) {
    case "item":
      return <ItemPage id={route.id} />;
    case "channel":
      return <ChannelPage id={route.id} />;
    case "room":
      return <RoomPage id={route.id} />;
    case "channels":
      return <ChannelsPage />;
    case "search":
      return <SearchPage />;
    case "kept":
      return <KeptPage />;
    case "checked":
      return <CheckedPage />;
    case "file":
      return <HandedPage />;
  }
}
