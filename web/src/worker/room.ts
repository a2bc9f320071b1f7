// Makes room by the rules that the reader chose. A script of its own, because at first there are none.

import type { Item } from "../shared/protocol";
import type { Blobs } from "./blobs";
import type { Core } from "../shared/core";
import type { Disk } from "./disk";
import { HOUR_MS, LIVE } from "./segments";
import { type KeptMedium, type Rules, toGo } from "./rules";

interface Parts {
  core: Core;
  blobs: Blobs;
  disk: Disk;
  /** Follows broadcasts, once one was looked at. */
  broadcasts: Pick<typeof import("./broadcasts"), "isFollowed" | "forget"> | undefined;
}

interface Removable extends KeptMedium {
  remove: () => Promise<void>;
}

/** Removes the media that the rules let go, but none that is in use; `items` are all that are shown, the newest first. */
export async function makeRoom(parts: Parts, items: Item[], rules: Rules): Promise<void> {
  const kept = [...(await files(parts, items)), ...(await hours(parts, items))];
  for (const { remove } of toGo(kept, rules)) {
    await remove();
  }
}

async function files({ core, blobs }: Parts, items: Item[]): Promise<Removable[]> {
  const held = await blobs.held();
  return items.flatMap((item) =>
    item.renditions.flatMap(({ blob }, index) => {
      const bytes = held.get(blob);
      // The newest post that shows it has it.
      held.delete(blob);
      const remove = async () => {
        (await blobs.isBusy(blob)) || (await blobs.remove(item, index));
      };
      return bytes ? [{ remove, bytes, time: item.time, lastWord: core.channel(item.channel).last_word }] : [];
    }),
  );
}

/** Of broadcasts each hour goes by itself, so that one which runs for days does not fill a phone. */
async function hours({ core, disk, broadcasts }: Parts, items: Item[]): Promise<Removable[]> {
  const openings = new Map(items.filter(({ kind }) => kind === "live").map((item) => [item.id, item]));
  return (await disk.list(LIVE)).flatMap(({ path, size }) => {
    const [, id = "", file = ""] = path.split("/");
    const opening = openings.get(id);
    const hour = Number.parseInt(file, 10);
    if (!opening || Number.isNaN(hour)) {
      return [];
    }
    const remove = async () => {
      if (!(await broadcasts?.isFollowed(id))) {
        // Its files may be open since somebody looked at it.
        await broadcasts?.forget(id);
        await disk.remove(path);
      }
    };
    return [{ remove, bytes: size, time: opening.time + hour * HOUR_MS, lastWord: core.channel(opening.channel).last_word }];
  });
}
