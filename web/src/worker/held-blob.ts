// One blob: what of it is on the disk, and how the rest comes.

import type { Holding, Item } from "../shared/protocol";
import type { Core } from "../shared/core";
import { blobFile, rendered } from "./blob-file";
import type { Disk, OpenFile } from "./disk";
import { Marks } from "./marks";
import { Damaged, Proofs } from "./proofs";
import { type Giver, Missing, type Sources, Unfit } from "./sources";

/** How many blocks come at once. */
const FETCHES_AT_ONCE = 3;
/** How often a page hears of progress, at most. */
const TELL_INTERVAL_MS = 250;
/** How long after no source gave anything they are all asked again. */
const PATIENCE_MS = 5_000;

/** No source has the block now. */
export class Nowhere extends Error {}

export class HeldBlob {
  readonly #fetching = new Map<number, Promise<void>>();
  #proofs: Promise<Proofs> | null = null;
  #doing: Holding["doing"] = "nothing";
  #bringing = false;
  #readers = 0;
  #told = 0;
  #closed = false;

  private constructor(
    private readonly core: Core,
    private readonly sources: Sources,
    private readonly item: Item,
    private readonly index: number,
    private readonly file: OpenFile,
    private readonly marksFile: OpenFile,
    private readonly marks: Marks,
    private readonly tell: (holding: Holding) => void,
  ) {}

  static async open(
    core: Core,
    disk: Disk,
    sources: Sources,
    item: Item,
    index: number,
    tell: (holding: Holding) => void,
  ): Promise<HeldBlob> {
    const { blob, size } = rendered(item, index);
    const file = await disk.open(blobFile(blob));
    const marksFile = await disk.open(`${blobFile(blob)}.m`);
    const marks = new Marks(size, await marksFile.read(0, marksFile.size()));
    return new HeldBlob(core, sources, item, index, file, marksFile, marks, tell);
  }

  /** Bytes that a file of marks stands for; the blob's own file is as long as its last block that came. */
  static bytesMarked(bits: Uint8Array, length: number): number {
    const marks = new Marks(length, bits);
    return marks.ranges().reduce((sum, [from, to]) => sum + to - from, 0);
  }

  get mime(): string {
    return rendered(this.item, this.index).mime;
  }

  get size(): number {
    return this.marks.size;
  }

  get isBusy(): boolean {
    return this.#bringing || this.#readers > 0 || this.#fetching.size > 0;
  }

  holding(): Holding {
    const doing = this.marks.missing().length === 0 ? "nothing" : this.#doing;
    return { blob: this.#hash, size: this.size, ranges: this.marks.ranges(), doing };
  }

  /** Brings what is missing, from the beginning on, until it is whole or paused. Goes on when sources come back. */
  async bring(): Promise<void> {
    if (this.#bringing) {
      return;
    }
    this.#bringing = true;
    try {
      await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, () => this.#bringSome()));
      this.#say("nothing");
    } catch (error) {
      this.#say(isFull(error) ? "full" : "nothing");
    } finally {
      this.#bringing = false;
    }
  }

  pause(): void {
    this.#bringing = false;
  }

  /** Gives checked bytes only; waits for those that are not here. */
  async read(from: number, to: number, isWanted: () => boolean): Promise<Uint8Array<ArrayBuffer>> {
    this.#readers += 1;
    try {
      for (const block of this.marks.of(from, to)) {
        while (!this.marks.has(block)) {
          await this.#fetch(block).catch((error: unknown) => this.#wait(error));
          if (!isWanted() || this.#closed) {
            throw new Nowhere(this.#hash);
          }
        }
      }
      return await this.file.read(from, Math.min(to, this.size));
    } finally {
      this.#readers -= 1;
    }
  }

  /** Takes what is missing from a file that somebody handed over; gives what in it did not fit. */
  async take(file: Giver): Promise<Damaged | null> {
    this.#readers += 1;
    let damaged: Damaged | null = null;
    let proofs: Proofs | null = null;
    try {
      proofs = await Proofs.open(this.core, file, this.item, this.index, "");
      for (const block of this.marks.missing()) {
        damaged = (this.marks.has(block) ? null : await this.#takeBlock(proofs, block)) ?? damaged;
      }
    } catch (error) {
      damaged = damagedOr(error);
    } finally {
      this.#readers -= 1;
      proofs?.close();
      this.#say("nothing");
    }
    return damaged;
  }

  async #takeBlock(proofs: Proofs, block: number): Promise<Damaged | null> {
    try {
      const { at, bytes } = await proofs.fetch("", block);
      await this.#keep(at, bytes);
      return null;
    } catch (error) {
      return damagedOr(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#bringing = false;
    this.file.close();
    this.marksFile.close();
    void this.#proofs?.then((proofs) => proofs.close()).catch(() => undefined);
  }

  get #hash(): string {
    return rendered(this.item, this.index).blob;
  }

  async #bringSome(): Promise<void> {
    while (this.#bringing && !this.#closed) {
      const block = this.marks.missing().find((block) => !this.#fetching.has(block));
      if (block === undefined) {
        return;
      }
      await this.#fetch(block).catch((error: unknown) => this.#wait(error));
    }
  }

  /** Fetches a block once, whoever asks for it. */
  #fetch(block: number): Promise<void> {
    const under = this.#fetching.get(block) ?? this.#fetchFrom(block).finally(() => this.#fetched(block));
    this.#fetching.set(block, under);
    return under;
  }

  /** A player that has enough asks for nothing more; then nothing is being brought. */
  #fetched(block: number): void {
    this.#fetching.delete(block);
    if (this.#fetching.size === 0 && !this.#bringing && this.#doing === "bringing") {
      this.#say("nothing");
    }
  }

  async #fetchFrom(block: number): Promise<void> {
    const urls = this.sources.ofBlob(this.item.channel, this.#hash);
    // Those that wait for different blocks begin with different sources.
    const turned = urls.map((_, index) => urls[(index + block) % urls.length] ?? "");
    for (const url of turned) {
      try {
        this.#begins();
        const proofs = await this.#opened(url);
        const { at, bytes } = await proofs.fetch(url, block);
        await this.#keep(at, bytes);
        return;
      } catch (error) {
        this.#blame(url, error);
      }
    }
    throw new Nowhere(this.#hash);
  }

  /** What another source gave for the proofs is waited for; where it was bad, that is not held against this one. */
  async #opened(url: string): Promise<Proofs> {
    while (this.#proofs) {
      const others = this.#proofs;
      const proofs = await others.catch(() => null);
      if (proofs) {
        return proofs;
      }
      this.#proofs = this.#proofs === others ? null : this.#proofs;
    }
    this.#proofs = Proofs.open(this.core, this.sources, this.item, this.index, url);
    return this.#proofs;
  }

  /** Writes, flushes, and only then marks. */
  async #keep(at: number, bytes: Uint8Array): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.file.write(at, bytes);
    await this.file.flush();
    if (this.#closed) {
      return;
    }
    this.marks.of(at, at + bytes.length).forEach((block) => this.marks.add(block));
    this.marksFile.write(0, this.marks.bits);
    await this.marksFile.flush();
    this.#say("bringing");
  }

  #blame(url: string, error: unknown): void {
    if (error instanceof Damaged || error instanceof Unfit) {
      const what = error instanceof Damaged ? error.path : blobFile(this.#hash);
      this.sources.setAside(url, { what, code: error.code });
      this.#say("damaged");
    } else if (error instanceof Missing) {
      this.sources.lacks(url, this.#hash);
    } else if (isFull(error)) {
      // Whoever asked for it: a player cannot say why nothing comes.
      this.#say("full");
      throw error;
    }
  }

  async #wait(error: unknown): Promise<void> {
    if (!(error instanceof Nowhere)) {
      throw error;
    }
    this.#say(this.#doing === "damaged" || this.#doing === "spoiled" ? "spoiled" : "waiting");
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    this.sources.hopeAgain();
  }

  /** What is said of trouble stays until bytes come: asking again every few seconds is no news. */
  #begins(): void {
    this.#say(this.#doing === "nothing" || this.#doing === "full" ? "bringing" : this.#doing);
  }

  #say(doing: Holding["doing"]): void {
    const changed = doing !== this.#doing;
    this.#doing = doing;
    const now = Date.now();
    if (!this.#closed && (changed || now - this.#told > TELL_INTERVAL_MS)) {
      this.#told = now;
      this.tell(this.holding());
    }
  }
}

/** What is not in the file is no damage. */
function damagedOr(error: unknown): Damaged | null {
  if (error instanceof Damaged) {
    return error;
  }
  if (error instanceof Missing) {
    return null;
  }
  throw error;
}

export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
