// Answers the service worker: first what the file is, then the ranges it asks for, of checked bytes only.

import type { MediaAnswer, MediaRange, MediaRequest } from "../shared/protocol";
import { rendered } from "./blob-file";
import type { Blobs } from "./blobs";
import type { Core } from "../shared/core";

/** The longest piece that is given at once. */
const PIECE_BYTES_MAX = 1 << 20;

export async function answerMedia(port: MessagePort, request: MediaRequest, core: Core, blobs: Blobs): Promise<void> {
  const say = (answer: MediaAnswer) => port.postMessage(answer, "bytes" in answer ? [answer.bytes] : []);
  // A player that seeks away closes its request; nothing more is fetched for it then.
  let isOpen = true;
  try {
    const { item, index } = request.media;
    const { mime, inline, size } = rendered(core.item(item), index);
    const held = inline ? null : await blobs.of(core.item(item), index);
    port.onmessage = async ({ data }: MessageEvent<MediaRange | "over">) => {
      if (data === "over") {
        isOpen = false;
        port.close();
        return;
      }
      try {
        const to = Math.min(data.to, data.from + PIECE_BYTES_MAX);
        const bytes = held ? await held.read(data.from, to, () => isOpen) : core.file(item, index).slice(data.from, to);
        say({ bytes: bytes.buffer as ArrayBuffer });
      } catch (error) {
        say({ failed: String(error) });
      }
    };
    say({ size, mime });
  } catch (error) {
    say({ failed: String(error) });
  }
}
