// Makes room by the rules that the reader chose. A script of its own, because at first there are none.

import type { Item } from "../shared/protocol";
import type { Blobs } from "./blobs";
import type { Core } from "../shared/core";
import { type Rules, toGo } from "./rules";

/** Removes the media that the rules let go, but none that is in use; `items` are all that are shown, the newest first. */
export async function makeRoom(core: Core, blobs: Blobs, items: Item[], rules: Rules): Promise<void> {
  const held = await blobs.held();
  const kept = items.flatMap((item) =>
    item.renditions.flatMap(({ blob }, index) => {
      const bytes = held.get(blob);
      // The newest post that shows it has it.
      held.delete(blob);
      return bytes ? [{ item, index, blob, bytes, time: item.time, lastWord: core.channel(item.channel).last_word }] : [];
    }),
  );
  for (const { item, index, blob } of toGo(kept, rules)) {
    if (!(await blobs.isBusy(blob))) {
      await blobs.remove(item, index);
    }
  }
}
