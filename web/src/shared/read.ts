// Reading an answer no further than it may be long, whatever it says of its length and however it is packed.

/** All of an answer, or what came until it was longer than it may be; `heard` is told of each piece. */
export async function readUpTo(answer: Response, bytesMax: number, heard?: (bytes: number) => void) {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = answer.body?.getReader();
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    heard?.(piece.value.length);
    pieces.push(piece.value);
    length += piece.value.length;
    if (length > bytesMax) {
      void reader?.cancel();
      break;
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, isTooLong: length > bytesMax };
}
