// Parts that the card in a list and the page of an item share.

import type { Holding, Item, Rendition, Variant } from "../shared/protocol";
import { useReader } from "./context";
import { Icon, Ring, Tamga } from "./drawing";
import { Say } from "./frame";
import { type Language, directionOf } from "./words";

export type Medium = "video" | "sound" | "photo" | "file";

/** The tallest picture that old phones decode without stumbling; larger ones are offered, not chosen. */
export const PLAYER_HEIGHT_MAX = 480;

export function mediumOf({ mime }: Rendition): Medium {
  const media: Record<string, Medium> = { video: "video", audio: "sound", image: "photo" };
  return media[mime.split("/")[0] ?? ""] ?? "file";
}

/** The indexes of the renditions of one medium. */
export function all(item: Item, medium: Medium): number[] {
  return item.renditions.flatMap((rendition, index) => (mediumOf(rendition) === medium ? [index] : []));
}

/** The picture that stands for a video before it plays: the one that came inside the item. */
export function posterOf(item: Item): number | undefined {
  return all(item, "video").length > 0 ? all(item, "photo").find((index) => item.renditions[index]?.inline) : undefined;
}

/** What plays when nothing is asked for: the largest that phones can play; with the data saver, the smallest file. */
export function best(item: Item, medium: Medium, dataSaver: boolean): number | undefined {
  const order = (index: number) => {
    const { height, size } = item.renditions[index] as Rendition;
    const fits = height <= PLAYER_HEIGHT_MAX;
    return dataSaver ? -size : fits ? height : -height;
  };
  return all(item, medium).sort((a, b) => order(b) - order(a))[0];
}

/** The text in the reader's language, or else the original. */
export function textFor(item: Item, language: Language | string): Variant | undefined {
  const speaks = (variant: Variant, tag: string) => variant.lang.split("-")[0] === tag.split("-")[0];
  return item.variants.find((variant) => speaks(variant, language)) ?? item.variants[0];
}

/** Attributes of every title and text, because a list mixes scripts. */
export function inLanguage(variant: Variant | undefined) {
  return variant?.lang ? { lang: variant.lang, dir: directionOf(variant.lang) } : { dir: "auto" as const };
}

/** Who speaks, and when. */
export function By({ item }: { item: Item }) {
  const { words, state } = useReader();
  const channel = state.channels.find(({ id }) => id === item.channel);
  return (
    <p class="by">
      {channel && <Tamga mark={channel.mark} />}
      <span>
        <b dir="auto">{channel?.name ?? words.say("unnamed")}</b>
        {words.say("separator")}
        <time dateTime={new Date(item.time).toISOString()} title={words.moment(item.time)}>
          {words.age(item.time)}
        </time>
      </span>
    </p>
  );
}

/** What the check has come to. None where it has not ended, or cannot say that the item is the channel's. */
export function Badge({ item, holding }: { item: Item; holding: Holding | null }) {
  const { words } = useReader();
  if (item.status === "refused") {
    return (
      <span class="badge no">
        <Icon name="struck" />
        {words.say("badge_not")}
      </span>
    );
  }
  if (item.status !== "shown") {
    return null;
  }
  if (holding?.doing === "damaged") {
    return (
      <span class="badge fix">
        <Icon name="again" />
        {words.say("badge_damaged")}
      </span>
    );
  }
  if (holding?.doing === "bringing") {
    return (
      <span class="badge wait">
        <Ring />
        {words.say("badge_checking")}
      </span>
    );
  }
  return (
    <span class="badge">
      <Icon name="checked" />
      {words.say("badge_unchanged")}
    </span>
  );
}

/** Whether the words of an item may stand under the channel's name. */
export function mayBeRead(item: Item): boolean {
  return item.status === "shown" || item.status === "disputed";
}

/** What has to be said about an item that is not simply shown. */
export function Caution({ item }: { item: Item }) {
  const { words } = useReader();
  switch (item.status) {
    case "disputed":
      return (
        <Say icon="warning" kind="stop" title={words.say("disputed")}>
          <p>{words.say("disputed_text")}</p>
        </Say>
      );
    case "retracted":
      return (
        <Say icon="back" title={words.say("retracted")}>
          <p>{words.say("retracted_text")}</p>
        </Say>
      );
    case "unconfirmed":
      return (
        <Say icon="clock" kind="warm" title={words.say("unconfirmed")}>
          <p>{words.say("unconfirmed_text")}</p>
        </Say>
      );
    case "refused":
      return <p>{words.say("refused_text")}</p>;
    default:
      return null;
  }
}
