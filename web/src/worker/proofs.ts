// Checks blocks of one blob with the core, with whatever proof a source has.

import type { Item } from "../shared/protocol";
import { blobFile, rendered } from "./blob-file";
import { type Core, CoreError, type OpenBlob } from "../shared/core";
import { BLOCK_BYTES } from "./marks";
import { type Giver, Missing, Short } from "./sources";

/** The tree's smallest part that verifies. */
const SMALL_BLOCK_BYTES = 16 << 10;
/** Blobs from this size on carry hashes of groups this long. */
export const GROUP_BYTES = 1 << 20;
/** Blobs above this size stand as parts of a GiB (docs/spec/tree.md). */
export const WHOLE_FILE_BYTES_MAX = 3 * 2 ** 30;
export const PART_BYTES = 2 ** 30;
/** The list of groups of a blob of 256 GiB. */
const GROUPS_BYTES_MAX = 8 << 20;
const OUTBOARD_SLICE_BYTES_MAX = 64 << 10;

/** What came under a path does not fit what the newsroom signed. */
export class Damaged extends Error {
  constructor(
    readonly path: string,
    readonly code: "hash-mismatch" | "truncated",
  ) {
    super(`${path}: ${code}`);
  }
}

/** Checked bytes and where they begin. */
export interface Checked {
  at: number;
  bytes: Uint8Array<ArrayBuffer>;
}

export class Proofs {
  readonly #sliced = new Set<number>();
  readonly #slicing = new Map<string, Promise<boolean>>();

  private constructor(
    private readonly core: Core,
    private readonly sources: Giver,
    private readonly handle: number,
    private readonly hash: string,
    private readonly size: number,
  ) {}

  /** Prepares the checks of an item's blob; the list of its groups may have to come from a source first. */
  static async open(core: Core, sources: Giver, item: Item, index: number, url: string): Promise<Proofs> {
    const { blob, size } = rendered(item, index);
    let opened = core.blobOpen(item.id, index, new Uint8Array());
    if (opened.groups_blob !== null) {
      const groups = await sources.fetch(url, blobFile(opened.groups_blob), GROUPS_BYTES_MAX);
      opened = openWith(core, item.id, index, groups, blobFile(opened.groups_blob));
    }
    if (opened.handle === null) {
      throw new Damaged(blobFile(blob), "hash-mismatch");
    }
    return new Proofs(core, sources, opened.handle, blob, size);
  }

  close(): void {
    this.core.blobClose(this.handle);
  }

  /** Fetches a block from a source and checks it; gives more than the block where only more verifies together. */
  async fetch(url: string, block: number): Promise<Checked> {
    if (this.size < GROUP_BYTES) {
      return this.#whole(url);
    }
    const group = Math.floor((block * BLOCK_BYTES) / GROUP_BYTES);
    return (await this.#slice(url, group)) ? this.#block(url, block) : this.#group(url, group);
  }

  async #whole(url: string): Promise<Checked> {
    const path = blobFile(this.hash);
    const bytes = await this.sources.fetch(url, path, this.size);
    insistLength(bytes, this.size, path);
    insist(this.core.blobCheckWhole(this.handle, bytes), path);
    return { at: 0, bytes };
  }

  async #block(url: string, block: number): Promise<Checked> {
    const at = block * BLOCK_BYTES;
    const bytes = await this.#range(url, at, Math.min(at + BLOCK_BYTES, this.size));
    for (let from = 0; from < bytes.length; from += SMALL_BLOCK_BYTES) {
      const small = bytes.subarray(from, from + SMALL_BLOCK_BYTES);
      insist(this.core.blobCheck(this.handle, (at + from) / SMALL_BLOCK_BYTES, small), blobFile(this.hash));
    }
    return { at, bytes };
  }

  async #group(url: string, group: number): Promise<Checked> {
    const at = group * GROUP_BYTES;
    const bytes = await this.#range(url, at, Math.min(at + GROUP_BYTES, this.size));
    insist(this.core.blobCheckGroup(this.handle, group, bytes), blobFile(this.hash));
    return { at, bytes };
  }

  async #range(url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const path = blobFile(this.hash);
    if (this.size > WHOLE_FILE_BYTES_MAX) {
      return this.#part(url, from, to);
    }
    try {
      const bytes = await this.sources.fetch(url, path, to, { from, to });
      insistLength(bytes, to - from, path);
      return bytes;
    } catch (error) {
      throw error instanceof Short ? new Damaged(path, "truncated") : error;
    }
  }

  /** A part may end early and be honest: it holds what its maker had. */
  async #part(url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = Math.floor(from / PART_BYTES) * PART_BYTES;
    const path = `${blobFile(this.hash)}.${(start / GROUP_BYTES).toString(16).padStart(8, "0")}`;
    const bytes = await this.sources.fetch(url, path, to - start, { from: from - start, to: to - start });
    if (bytes.length !== to - from) {
      throw new Short(path);
    }
    return bytes;
  }

  /** Whether the group's blocks can be checked one by one: its proof is here, or this source has it. */
  #slice(url: string, group: number): Promise<boolean> {
    // The blocks of a group come at the same time; one proof does for all of them.
    const key = `${group} ${url}`;
    const under = this.#slicing.get(key) ?? this.#fetchSlice(url, group).finally(() => this.#slicing.delete(key));
    this.#slicing.set(key, under);
    return under;
  }

  async #fetchSlice(url: string, group: number): Promise<boolean> {
    if (this.#sliced.has(group)) {
      return true;
    }
    const path = `${blobFile(this.hash)}.o`;
    try {
      const range = this.core.blobOutboardRange(this.handle, group);
      const slice = await this.sources.fetch(url, path, OUTBOARD_SLICE_BYTES_MAX, range);
      insist(this.core.blobSlice(this.handle, group, slice), path);
      this.#sliced.add(group);
      return true;
    } catch (error) {
      if (error instanceof Missing) {
        return false;
      }
      throw error;
    }
  }
}

function insist(holds: boolean, path: string): void {
  if (!holds) {
    throw new Damaged(path, "hash-mismatch");
  }
}

/** A server that says itself where its file ends has another file; a connection that breaks is an error before this. */
function insistLength(bytes: Uint8Array, length: number, path: string): void {
  if (bytes.length !== length) {
    throw new Damaged(path, "truncated");
  }
}

/** A list that does not belong to the blob is as bad as a block that does not. */
function openWith(core: Core, id: string, index: number, groups: Uint8Array, path: string): OpenBlob {
  try {
    return core.blobOpen(id, index, groups);
  } catch (error) {
    throw error instanceof CoreError && error.code === "hash-mismatch" ? new Damaged(path, error.code) : error;
  }
}
