// Media: blobs on the disk in blocks that were checked, fetched from whichever source is free.

import type { Holding, Item, Usage } from "../shared/protocol";
import { BLOBS, blobFile, rendered } from "./blob-file";
import type { Core } from "../shared/core";
import type { Disk } from "./disk";
import { HeldBlob, isFull } from "./held-blob";
import { LIVE } from "./segments";
import type { Sources } from "./sources";
import type { Wish } from "./tabs";

/** How many blobs stay open; each holds two files. */
const OPEN_MAX = 6;
const MARKS_ENDING = ".m";

export class Blobs {
  readonly #core: Core;
  readonly #disk: Disk;
  readonly #sources: Sources;
  readonly #tell: (holding: Holding) => void;
  readonly #open = new Map<string, Promise<HeldBlob>>();
  readonly #brought = new Map<string, Wish>();
  /** Something is brought, or not any more. */
  onWishes: () => void = () => undefined;

  constructor(core: Core, disk: Disk, sources: Sources, tell: (holding: Holding) => void) {
    this.#core = core;
    this.#disk = disk;
    this.#sources = sources;
    this.#tell = tell;
  }

  /** The blob behind a rendition; the same one for whoever asks. */
  async of(item: Item, index: number): Promise<HeldBlob> {
    const rendition = rendered(item, index);
    const known = this.#open.get(rendition.blob);
    if (known) {
      return known;
    }
    await this.#closeIdle();
    const opening = HeldBlob.open(this.#core, this.#disk, this.#sources, item, index, this.#tell);
    this.#open.set(rendition.blob, opening);
    opening.catch((error: unknown) => {
      this.#open.delete(rendition.blob);
      if (isFull(error)) {
        // Not even its file could be made.
        this.#tell({ blob: rendition.blob, size: rendition.size, ranges: [], doing: "full" });
      }
    });
    return opening;
  }

  /** How much is here, without opening files for what is not. */
  async holding(item: Item, index: number): Promise<Holding> {
    const { blob, size } = rendered(item, index);
    if (!this.#open.has(blob) && !(await this.#disk.exists(blobFile(blob) + MARKS_ENDING))) {
      return { blob, size, ranges: [], doing: "nothing" };
    }
    return (await this.of(item, index)).holding();
  }

  /** What is being brought, so that another tab can go on with it. */
  wishes(): Wish[] {
    return [...this.#brought.values()];
  }

  async bring(item: Item, index: number): Promise<void> {
    const held = await this.of(item, index);
    const { blob } = rendered(item, index);
    this.#wish(blob, { item: item.id, index });
    await held.bring();
    this.#wish(blob, null);
  }

  async pause(item: Item, index: number): Promise<void> {
    this.#wish(rendered(item, index).blob, null);
    (await this.of(item, index)).pause();
  }

  async remove(item: Item, index: number): Promise<void> {
    const { blob, size } = rendered(item, index);
    this.#wish(blob, null);
    const held = await this.#open.get(blob)?.catch(() => null);
    held?.close();
    this.#open.delete(blob);
    // The marks go first: bytes without marks are nothing, marks without bytes would be a lie.
    await this.#disk.remove(blobFile(blob) + MARKS_ENDING);
    await this.#disk.remove(blobFile(blob));
    this.#tell({ blob, size, ranges: [], doing: "nothing" });
  }

  async close(): Promise<void> {
    for (const opening of this.#open.values()) {
      (await opening.catch(() => null))?.close();
    }
    this.#open.clear();
  }

  /** Bytes on the disk by what they are; `kinds` knows the blobs of the items here. */
  async usage(kinds: Map<string, keyof Usage>): Promise<Usage> {
    const usage: Usage = { text: 0, sound: 0, video: 0, photo: 0, other: 0 };
    for (const { path, size } of await this.#disk.list("journals")) {
      usage.text += path.endsWith(".lea") ? size : 0;
    }
    for (const { size } of await this.#disk.list(LIVE)) {
      usage.video += size;
    }
    for (const [hash, bytes] of await this.held()) {
      usage[kinds.get(hash) ?? "other"] += bytes;
    }
    return usage;
  }

  /** How many bytes of each blob are here. */
  async held(): Promise<Map<string, number>> {
    const held = new Map<string, number>();
    for (const { path } of await this.#disk.list(BLOBS)) {
      const hash = path.split("/").at(-1) ?? "";
      if (!hash.endsWith(MARKS_ENDING)) {
        held.set(hash, await this.#held(path));
      }
    }
    return held;
  }

  /** Whether somebody plays a blob, or it is being brought. */
  async isBusy(blob: string): Promise<boolean> {
    return (await this.#open.get(blob)?.catch(() => null))?.isBusy ?? false;
  }

  /** Bytes of a blob that are here: the file itself may have holes, or its length already. */
  async #held(path: string): Promise<number> {
    const open = await this.#open.get(path.split("/").at(-1) ?? "")?.catch(() => null);
    if (open) {
      return open.holding().ranges.reduce((sum, [from, to]) => sum + to - from, 0);
    }
    const marks = await this.#disk.open(path + MARKS_ENDING);
    const bits = await marks.read(0, marks.size());
    marks.close();
    const blob = await this.#disk.open(path);
    const size = blob.size();
    blob.close();
    return HeldBlob.bytesMarked(bits, size);
  }

  #wish(blob: string, wish: Wish | null): void {
    wish ? this.#brought.set(blob, wish) : this.#brought.delete(blob);
    this.onWishes();
  }

  async #closeIdle(): Promise<void> {
    for (const [hash, opening] of this.#open) {
      if (this.#open.size < OPEN_MAX) {
        return;
      }
      const held = await opening.catch(() => null);
      if (held && !held.isBusy) {
        held.close();
        this.#open.delete(hash);
      }
    }
  }
}
