// Checks blocks of one blob with the core, with whatever proof a source has.

import type { Item } from "../shared/protocol";
import { blobFile, rendered } from "./blob-file";
import { type Core, CoreError, type OpenBlob } from "../shared/core";
import { BLOCK_BYTES } from "./marks";
import { Missing, type Sources } from "./sources";

/** The tree's smallest part that verifies. */
const SMALL_BLOCK_BYTES = 16 << 10;
/** Blobs from this size on carry hashes of groups this long. */
const GROUP_BYTES = 1 << 20;
/** Blobs above this size stand as parts of a GiB (docs/spec/tree.md). */
const WHOLE_FILE_BYTES_MAX = 3 * 2 ** 30;
const PART_BYTES = 2 ** 30;
/** The list of groups of a blob of 256 GiB. */
const GROUPS_BYTES_MAX = 8 << 20;
const OUTBOARD_SLICE_BYTES_MAX = 64 << 10;

/** What came does not fit what the newsroom signed. */
export class Damaged extends Error {}

/** Checked bytes and where they begin. */
export interface Checked {
  at: number;
  bytes: Uint8Array<ArrayBuffer>;
}

export class Proofs {
  readonly #sliced = new Set<number>();

  private constructor(
    private readonly core: Core,
    private readonly sources: Sources,
    private readonly handle: number,
    private readonly hash: string,
    private readonly size: number,
  ) {}

  /** Prepares the checks of an item's blob; the list of its groups may have to come from a source first. */
  static async open(core: Core, sources: Sources, item: Item, index: number, url: string): Promise<Proofs> {
    const { blob, size } = rendered(item, index);
    let opened = core.blobOpen(item.id, index, new Uint8Array());
    if (opened.groups_blob !== null) {
      const groups = await sources.fetch(url, blobFile(opened.groups_blob), GROUPS_BYTES_MAX);
      opened = openWith(core, item.id, index, groups);
    }
    if (opened.handle === null) {
      throw new Damaged(blob);
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
    const bytes = await this.sources.fetch(url, blobFile(this.hash), this.size);
    this.#insist(bytes.length === this.size && this.core.blobCheckWhole(this.handle, bytes));
    return { at: 0, bytes };
  }

  async #block(url: string, block: number): Promise<Checked> {
    const at = block * BLOCK_BYTES;
    const bytes = await this.#range(url, at, Math.min(at + BLOCK_BYTES, this.size));
    for (let from = 0; from < bytes.length; from += SMALL_BLOCK_BYTES) {
      const small = bytes.subarray(from, from + SMALL_BLOCK_BYTES);
      this.#insist(this.core.blobCheck(this.handle, (at + from) / SMALL_BLOCK_BYTES, small));
    }
    return { at, bytes };
  }

  async #group(url: string, group: number): Promise<Checked> {
    const at = group * GROUP_BYTES;
    const bytes = await this.#range(url, at, Math.min(at + GROUP_BYTES, this.size));
    this.#insist(this.core.blobCheckGroup(this.handle, group, bytes));
    return { at, bytes };
  }

  async #range(url: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    let [path, start] = [blobFile(this.hash), 0];
    if (this.size > WHOLE_FILE_BYTES_MAX) {
      start = Math.floor(from / PART_BYTES) * PART_BYTES;
      path += `.${(start / GROUP_BYTES).toString(16).padStart(8, "0")}`;
    }
    const bytes = await this.sources.fetch(url, path, to - start, { from: from - start, to: to - start });
    this.#insist(bytes.length === to - from);
    return bytes;
  }

  /** Whether the group's blocks can be checked one by one: its proof is here, or this source has it. */
  async #slice(url: string, group: number): Promise<boolean> {
    if (this.#sliced.has(group)) {
      return true;
    }
    try {
      const range = this.core.blobOutboardRange(this.handle, group);
      const slice = await this.sources.fetch(url, `${blobFile(this.hash)}.o`, OUTBOARD_SLICE_BYTES_MAX, range);
      this.#insist(this.core.blobSlice(this.handle, group, slice));
      this.#sliced.add(group);
      return true;
    } catch (error) {
      if (error instanceof Missing) {
        return false;
      }
      throw error;
    }
  }

  #insist(holds: boolean): void {
    if (!holds) {
      throw new Damaged(this.hash);
    }
  }
}

/** A list that does not belong to the blob is as bad as a block that does not. */
function openWith(core: Core, id: string, index: number, groups: Uint8Array): OpenBlob {
  try {
    return core.blobOpen(id, index, groups);
  } catch (error) {
    throw error instanceof CoreError && error.code === "hash-mismatch" ? new Damaged(id) : error;
  }
}
