// Makes one file of channels (docs/spec/archive.md): of what is held, and of nothing else. It is the same whoever holds the
// same, whenever it came.

import type { FilesWanted, Holding, Item, Rendition } from "../shared/protocol";
import { archiveStart, encodeEntry, encodeFront } from "./archive";
import { blobFile } from "./blob-file";
import type { Blobs } from "./blobs";
import type { Core } from "../shared/core";
import type { Disk } from "./disk";
import { GROUP_BYTES, PART_BYTES, WHOLE_FILE_BYTES_MAX } from "./proofs";

/** A longer pack is split into smaller ones (docs/spec/archive.md): a phone takes a whole pack into its memory. */
const PACK_BYTES_MAX = 8 << 20;
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

/** `items`: those that are shown, whose files go along. */
export async function handOn(
  core: Core,
  disk: Disk,
  blobs: Blobs,
  channels: string[],
  items: Item[],
  files: FilesWanted,
): Promise<HandedOn> {
  const objects = channels.flatMap((channel) => core.handed(channel, PACK_BYTES_MAX).map((object) => ({ channel, ...object })));
  const packs = objects.filter(({ time }) => time !== null).sort((a, b) => Number(b.time) - Number(a.time));
  const inOrder = [...objects.filter(({ time }) => time === null), ...packs];
  const entries = inOrder.map(({ channel, path }) => encodeEntry(path, core.handedObject(channel, path)));
  const pieces: Piece[] = [archiveStart(), ...entries];
  let left = 0;
  for (const { item, index, rendition } of wantedOf(items, files)) {
    const holding = await blobs.holding(item, index);
    const parts = rendition.groups === "blob" ? [] : partsOf(rendition, holding);
    left += parts.reduce((sum, { from, to }) => sum + to - from, 0) === rendition.size ? 0 : 1;
    const content = parts.length > 0 ? await disk.content(blobFile(rendition.blob)) : new Blob();
    parts.forEach(({ path, from, to }) => pieces.push(encodeFront(path, to - from), content.slice(from, to)));
  }
  // Of no kind, so that no browser opens it as a page of the app.
  return { file: new Blob(pieces, { type: "application/octet-stream" }), left };
}

/** By class, then the newest first, then the smaller first; each blob once. */
function wantedOf(items: Item[], files: FilesWanted): Wanted[] {
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
