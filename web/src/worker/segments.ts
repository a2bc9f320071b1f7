// Segments on the disk: one file for each hour of a broadcast, so that an old hour can go without the others.
//
// A file is a row of entries, each `[BLAKE3, 32 bytes][length, u32 little-endian][bytes]`. What a killed browser cut off at the end
// is cut away at the next start; what is read is checked once more.

import type { Core } from "../shared/core";
import type { Disk, OpenFile } from "./disk";

/** Where broadcasts stand: below it a folder for each. */
export const LIVE = "live";
export const HOUR_MS = 3_600_000;
const HASH_BYTES = 32;
const HEAD_BYTES = HASH_BYTES + 4;
/** How many hours stay open. */
const OPEN_MAX = 3;

interface Place {
  path: string;
  at: number;
  length: number;
}

export class Segments {
  readonly #places = new Map<string, Place>();
  readonly #open = new Map<string, OpenFile>();
  /** Entries are written one after the other. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly core: Core,
    private readonly disk: Disk,
    private readonly folder: string,
  ) {}

  static async open(core: Core, disk: Disk, item: string): Promise<Segments> {
    const segments = new Segments(core, disk, `${LIVE}/${item}`);
    for (const { path } of await disk.list(segments.folder)) {
      if (path.endsWith(".seg")) {
        await segments.#read(path);
      }
    }
    return segments;
  }

  /** The hashes of all that is here, one behind the other. */
  hashes(): Uint8Array {
    const hashes = new Uint8Array(this.#places.size * HASH_BYTES);
    [...this.#places.keys()].forEach((hash, index) => hashes.set(fromHex(hash), index * HASH_BYTES));
    return hashes;
  }

  has(hash: string): boolean {
    return this.#places.has(hash);
  }

  /** A file whose bytes are what its hash says; null where it is not here, or was damaged on the disk. */
  async read(hash: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const place = this.#places.get(hash);
    if (!place) {
      return null;
    }
    const bytes = await (await this.#file(place.path)).read(place.at, place.at + place.length);
    return this.core.hash(bytes) === hash ? bytes : null;
  }

  /** Keeps a checked file of the segment that begins at this time. */
  write(start: number, hash: string, bytes: Uint8Array): Promise<void> {
    const writing = this.#writing.then(() => this.#append(start, hash, bytes));
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  async remove(): Promise<void> {
    this.close();
    for (const { path } of await this.disk.list(this.folder)) {
      await this.disk.remove(path);
    }
  }

  close(): void {
    this.#open.forEach((file) => file.close());
    this.#open.clear();
    this.#places.clear();
  }

  async #append(start: number, hash: string, bytes: Uint8Array): Promise<void> {
    if (this.has(hash)) {
      return;
    }
    const path = `${this.folder}/${Math.floor(start / HOUR_MS)}.seg`;
    const file = await this.#file(path);
    const at = file.size();
    const head = new Uint8Array(HEAD_BYTES);
    head.set(fromHex(hash));
    new DataView(head.buffer).setUint32(HASH_BYTES, bytes.length, true);
    try {
      file.write(at, head);
      file.write(at + HEAD_BYTES, bytes);
      await file.flush();
    } catch (error) {
      // A full disk may have taken half of it.
      file.truncate(at);
      throw error;
    }
    this.#places.set(hash, { path, at: at + HEAD_BYTES, length: bytes.length });
  }

  async #read(path: string): Promise<void> {
    const file = await this.#file(path);
    let at = 0;
    while (at + HEAD_BYTES <= file.size()) {
      const head = await file.read(at, at + HEAD_BYTES);
      const length = new DataView(head.buffer).getUint32(HASH_BYTES, true);
      if (at + HEAD_BYTES + length > file.size()) {
        break;
      }
      this.#places.set(toHex(head.subarray(0, HASH_BYTES)), { path, at: at + HEAD_BYTES, length });
      at += HEAD_BYTES + length;
    }
    if (at < file.size()) {
      file.truncate(at);
      await file.flush();
    }
  }

  async #file(path: string): Promise<OpenFile> {
    const known = this.#open.get(path);
    if (known) {
      return known;
    }
    const file = await this.disk.open(path);
    const again = this.#open.get(path);
    if (again) {
      file.close();
      return again;
    }
    const [oldest] = this.#open;
    if (oldest && this.#open.size >= OPEN_MAX) {
      oldest[1].close();
      this.#open.delete(oldest[0]);
    }
    this.#open.set(path, file);
    return file;
  }
}

export function fromHex(hash: string): Uint8Array {
  return Uint8Array.from({ length: hash.length / 2 }, (_, index) => Number.parseInt(hash.slice(index * 2, index * 2 + 2), 16));
}

function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
