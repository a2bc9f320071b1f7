// The journal of a channel is an archive (docs/design/004-reader.md): entries of path and bytes, one after the other.

const MAGIC = new Uint8Array([0x4c, 0x45, 0x41, 1]);
/** The longest path of the tree has 107 letters. */
const PATH_BYTES_MAX = 256;

export interface Entry {
  path: string;
  bytes: Uint8Array;
}

/** The four bytes with which every archive begins. */
export function archiveStart(): Uint8Array {
  return MAGIC.slice();
}

/** One entry as it is appended. */
export function encodeEntry(path: string, bytes: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(path);
  const entry = new Uint8Array(2 + name.length + 8 + bytes.length);
  const view = new DataView(entry.buffer);
  view.setUint16(0, name.length, true);
  entry.set(name, 2);
  view.setBigUint64(2 + name.length, BigInt(bytes.length), true);
  entry.set(bytes, 10 + name.length);
  return entry;
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
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let at = MAGIC.length;
  for (;;) {
    const start = entryStart(archive, view, at);
    if (!start || start.to > archive.length) {
      return { entries, end: at };
    }
    entries.push({ path: start.path, bytes: archive.subarray(start.from, start.to) });
    at = start.to;
  }
}

/** Path and place of the bytes of the entry at `at`; none where its beginning is not whole or is no entry. */
function entryStart(archive: Uint8Array, view: DataView, at: number) {
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
