// Archives (docs/spec/archive.md): entries of path and bytes, one after the other. The journal of a channel is one too.

const MAGIC = new Uint8Array([0x4c, 0x45, 0x41, 1]);
const VERSION_AT = 3;
const PATH_BYTES_MAX = 128;
/** What stands before the bytes of an entry, at most. */
export const FRONT_BYTES_MAX = 2 + PATH_BYTES_MAX + 8;

export interface Entry {
  path: string;
  bytes: Uint8Array;
}

/** The four bytes with which every archive begins. */
export function archiveStart(): Uint8Array<ArrayBuffer> {
  return MAGIC.slice();
}

/** Whether a file begins as one; `newer` where it takes a newer Longear to read it. */
export function archiveKind(start: Uint8Array): "archive" | "newer" | "foreign" {
  if (start.length < MAGIC.length || !MAGIC.subarray(0, VERSION_AT).every((byte, index) => start[index] === byte)) {
    return "foreign";
  }
  return start[VERSION_AT] === MAGIC[VERSION_AT] ? "archive" : "newer";
}

/** One entry as it is appended. */
export function encodeEntry(path: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const front = encodeFront(path, bytes.length);
  const entry = new Uint8Array(front.length + bytes.length);
  entry.set(front);
  entry.set(bytes, front.length);
  return entry;
}

/** What stands before the bytes of an entry. */
export function encodeFront(path: string, length: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  const front = new Uint8Array(2 + name.length + 8);
  const view = new DataView(front.buffer);
  view.setUint16(0, name.length, true);
  front.set(name, 2);
  view.setBigUint64(2 + name.length, BigInt(length), true);
  return front;
}

/**
 * Reads what is whole. `end` is where the last whole entry ends: what follows is what a killed browser left, and is cut
 * off. An archive whose start is torn or foreign has no entries and ends at 0.
 */
export function decodeArchive(archive: Uint8Array): { entries: Entry[]; end: number } {
  const entries: Entry[] = [];
  if (!MAGIC.every((byte, index) => archive[index] === byte)) {
    return { entries, end: 0 };
  }
  let at = MAGIC.length;
  for (;;) {
    const start = readFront(archive, at);
    if (!start || start.to > archive.length) {
      return { entries, end: at };
    }
    entries.push({ path: start.path, bytes: archive.subarray(start.from, start.to) });
    at = start.to;
  }
}

/** Path and place of the bytes of the entry at `at`; none where its beginning is not whole or is no entry. */
export function readFront(archive: Uint8Array, at: number): { path: string; from: number; to: number } | null {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  if (at + 2 > archive.length) {
    return null;
  }
  const length = view.getUint16(at, true);
  const from = at + 2 + length + 8;
  if (length === 0 || length > PATH_BYTES_MAX || from > archive.length) {
    return null;
  }
  const path = new TextDecoder().decode(archive.subarray(at + 2, at + 2 + length));
  return { path, from, to: from + Number(view.getBigUint64(at + 2 + length, true)) };
}
