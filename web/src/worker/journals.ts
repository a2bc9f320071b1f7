// Writes journals anew, so that they do not grow for ever. A script of its own, because it is needed rarely.
//
// A journal has two names that it may stand under. It is written under the other one, flushed, and only then the old one goes.
// Whatever cuts that off leaves one whole journal, or two of which one is: then what both hold is put together in the first.

import { type Entry, archiveStart, decodeArchive, encodeEntry } from "./archive";
import type { Disk, OpenFile } from "./disk";

/** Writes what is left of a journal under another name; on a full disk it stays as it is. */
export async function rewrite(disk: Disk, journal: OpenFile, path: string, other: string, left: Entry[]): Promise<OpenFile> {
  let next: OpenFile | null = null;
  try {
    next = await disk.open(other);
    next.truncate(0);
    write(next, 0, [archiveStart(), ...left.map((entry) => encodeEntry(entry.path, entry.bytes))]);
    await next.flush();
  } catch {
    next?.close();
    await disk.remove(other);
    return journal;
  }
  journal.close();
  await disk.remove(path);
  return next;
}

/** Adds to the first journal what only the second holds, and removes that one. Gives what it could not add. */
export async function join(disk: Disk, first: string, second: string): Promise<Entry[]> {
  const [into, from] = [await disk.open(first), await disk.open(second)];
  const here = decodeArchive(await into.read(0, into.size()));
  const there = decodeArchive(await from.read(0, from.size()));
  from.close();
  const missing = there.entries.filter((entry) => !here.entries.some((known) => isSame(known, entry)));
  try {
    into.truncate(here.end);
    const start = here.end === 0 ? [archiveStart()] : [];
    write(into, here.end, [...start, ...missing.map(({ path, bytes }) => encodeEntry(path, bytes))]);
    await into.flush();
    await disk.remove(second);
    return [];
  } catch {
    // The disk is full: both stay, and the next start tries again.
    return missing;
  } finally {
    into.close();
  }
}

function write(file: OpenFile, at: number, pieces: Uint8Array[]): void {
  for (const piece of pieces) {
    file.write(at, piece);
    at += piece.length;
  }
}

function isSame(a: Entry, b: Entry): boolean {
  return a.path === b.path && a.bytes.length === b.bytes.length && a.bytes.every((byte, index) => byte === b.bytes[index]);
}
