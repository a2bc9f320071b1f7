// Makes one file of channels (docs/spec/archive.md): of what is held, and of nothing else. It is the same whoever holds the
// same, whenever it came.

import type { FilesWanted, Holding, Item, Rendition, Status } from "../shared/protocol";
import { archiveStart, encodeEntry, encodeFront, type Entry } from "./archive";
import { blobFile } from "./blob-file";
import type { Blobs } from "./blobs";
import type { Core } from "../shared/core";
import type { Disk } from "./disk";
import { LogItems, type Slot } from "./packs";
import { GROUP_BYTES, PART_BYTES, WHOLE_FILE_BYTES_MAX } from "./proofs";

/** Files up to this size travel with sound, videos up to this height before the others. */
const SMALL_FILE_BYTES_MAX = 300_000;
const SMALL_VIDEO_HEIGHT_MAX = 144;

/** What is to stand in the file: bytes, or a part of a file on the disk, which is read only when the file is. */
type Piece = Uint8Array<ArrayBuffer> | Blob;

export interface HandedOn {
  file: Blob;
  /** Photos, sounds and films that are not in it, or not wholly, although they were wanted. */
  left: number;
}

interface Wanted {
  item: Item;
  index: number;
  rendition: Rendition;
}

/** `journals`: each channel's with its ID; `items`: those that are shown, whose files go along. */
export async function handOn(
  core: Core,
  disk: Disk,
  blobs: Blobs,
  journals: [string, Entry[]][],
  items: Item[],
  files: FilesWanted,
): Promise<HandedOn> {
  const pieces: Piece[] = [archiveStart() as Uint8Array<ArrayBuffer>];
  const packs: { time: number; entry: Uint8Array }[] = [];
  for (const [channel, journal] of journals) {
    words(journal).forEach(({ path, bytes }) => pieces.push(encodeEntry(path, bytes) as Uint8Array<ArrayBuffer>));
    packs.push(...packsOf(core, channel, journal));
  }
  packs.sort((a, b) => b.time - a.time);
  packs.forEach(({ entry }) => pieces.push(entry as Uint8Array<ArrayBuffer>));
  let left = 0;
  for (const { item, index, rendition } of inOrder(items, files)) {
    const holding = await blobs.holding(item, index);
    const parts = rendition.groups === "blob" ? [] : partsOf(rendition, holding);
    left += parts.reduce((sum, { from, to }) => sum + to - from, 0) === rendition.size ? 0 : 1;
    const content = parts.length > 0 ? await disk.content(blobFile(rendition.blob)) : new Blob();
    parts.forEach(({ path, from, to }) => pieces.push(encodeFront(path, to - from), content.slice(from, to)));
  }
  // Of no kind, so that no browser opens it as a page of the app.
  return { file: new Blob(pieces, { type: "application/octet-stream" }), left };
}

/** Charters, the oldest first; the newest head; fork proofs. */
function words(journal: Entry[]): Entry[] {
  const newest = new Map(journal.map((entry) => [entry.path, entry]));
  const number = ({ path }: Entry) => Number(path.match(/\/charter\/(\d+)$/)?.[1] ?? 0);
  const all = [...newest.values()];
  const charters = all.filter((entry) => number(entry) > 0).sort((a, b) => number(a) - number(b));
  const heads = all.filter(({ path }) => path.endsWith("/head"));
  const forks = all.filter(({ path }) => path.includes("/fork/")).sort((a, b) => (a.path < b.path ? -1 : 1));
  return [...charters, ...heads, ...forks];
}

function packsOf(core: Core, channel: string, journal: Entry[]): { time: number; entry: Uint8Array }[] {
  const logs = new Map<string, LogItems>();
  for (const { path, bytes } of journal) {
    const log = path.match(/\/p\/([0-9a-f]{32})\//)?.[1];
    if (log) {
      const items = logs.get(log) ?? new LogItems((one, other) => rank(core, one) < rank(core, other));
      logs.set(log, items);
      items.add(bytes);
    }
  }
  const sorted = [...logs].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([log, items]) =>
    items.packs().map(({ level, index, time, bytes }) => ({
      time,
      entry: encodeEntry(`c/${channel}/p/${log}/${level}-${index}`, bytes),
    })),
  );
}

/** Of two branches of a log, the one that the channel's owners or others vouch for goes on; else the one with the smaller ID. */
function rank(core: Core, { header }: Slot): string {
  const order: Status[] = ["shown", "retracted", "disputed", "unconfirmed", "refused"];
  const id = labelled(core, "item", header);
  try {
    return order.indexOf(core.item(id).status) + id;
  } catch {
    return order.length + id;
  }
}

/** `H(label, bytes)` of docs/spec. */
export function labelled(core: Core, label: string, bytes: Uint8Array): string {
  const start = new TextEncoder().encode(`longear 1 ${label}\0`);
  const all = new Uint8Array(start.length + bytes.length);
  all.set(start);
  all.set(bytes, start.length);
  return core.hash(all);
}

/** By class, then the newest first, then the smaller first; each blob once. */
function inOrder(items: Item[], files: FilesWanted): Wanted[] {
  const all = items.flatMap((item) => item.renditions.map((rendition, index) => ({ item, index, rendition })));
  const wanted = all.filter(({ rendition: { inline, mime } }) => !inline && wants(files, mime));
  wanted.sort((a, b) => classOf(a.rendition) - classOf(b.rendition) || b.item.time - a.item.time || a.rendition.size - b.rendition.size);
  const seen = new Set<string>();
  return wanted.filter(({ rendition: { blob } }) => !seen.has(blob) && seen.add(blob));
}

function wants(files: FilesWanted, mime: string): boolean {
  return files === "all" || (files === "without_films" && !mime.startsWith("video/"));
}

function classOf({ mime, size, height }: Rendition): number {
  if (mime.startsWith("audio/") || size <= SMALL_FILE_BYTES_MAX) {
    return 0;
  }
  return mime.startsWith("video/") && height !== 0 && height <= SMALL_VIDEO_HEIGHT_MAX ? 1 : 2;
}

/** The whole blob, or the groups of it that are here, which prove themselves. */
function partsOf({ blob, size }: Rendition, { ranges }: Holding): { path: string; from: number; to: number }[] {
  const path = blobFile(blob);
  const isWhole = ranges.length === 1 && ranges[0]?.[0] === 0 && ranges[0][1] === size;
  if (isWhole && size <= WHOLE_FILE_BYTES_MAX) {
    return [{ path, from: 0, to: size }];
  }
  const parts: { path: string; from: number; to: number }[] = [];
  for (const [start, end] of size < GROUP_BYTES ? [] : ranges) {
    const stop = end === size ? size : Math.floor(end / GROUP_BYTES) * GROUP_BYTES;
    let from = Math.ceil(start / GROUP_BYTES) * GROUP_BYTES;
    while (from < stop) {
      const to = Math.min(stop, (Math.floor(from / PART_BYTES) + 1) * PART_BYTES);
      parts.push({ path: `${path}.${(from / GROUP_BYTES).toString(16).padStart(8, "0")}`, from, to });
      from = to;
    }
  }
  return parts;
}
