// Where a rendition's blob stands: under the same path on the disk and in a tree.

import type { Item, Rendition } from "../shared/protocol";

export const BLOBS = "b";

export function rendered(item: Item, index: number): Rendition {
  const rendition = item.renditions[index];
  if (!rendition) {
    throw new Error("the item has no such file");
  }
  return rendition;
}

export function blobFile(hash: string): string {
  return `${BLOBS}/${hash.slice(0, 2)}/${hash}`;
}
