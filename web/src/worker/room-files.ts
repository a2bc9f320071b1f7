// What is kept of a room: a file of notes for each day, and who writes here.
//
// A file of notes is a row of sheaves, each behind its length (u32, little-endian). What a killed browser cut off at the end is passed
// over; every note is checked once more when it is read. A day is written anew under another name first: whatever cuts that off
// leaves one whole file, or two, of which both are read.

import type { Room } from "../shared/rooms";
import type { Disk, OpenFile } from "./disk";

/** Where rooms stand: below it a folder for each channel, and in it one for each room. */
export const ROOMS = "rooms";
const ENDING = ".notes";
const OTHER_ENDING = ".2.notes";
const SEED_BYTES = 32;

/** Who writes here. It is given to nobody, and goes with everything else when the app is wiped. */
export interface Own {
  /** Of the writer's key in this room, as hex digits. */
  seed: string;
  /** The word of a ticket; empty: none. */
  ticket: string;
  /** Keys of writers who are not to be shown. */
  muted: string[];
  /** Words that are not to be seen, as they were typed; missing where none ever was. */
  avoided?: string;
}

export class RoomFiles {
  /** One after the other. */
  #writing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(
    private readonly disk: Disk,
    private readonly folder: string,
    public own: Own,
  ) {}

  static async open(disk: Disk, room: Room): Promise<RoomFiles> {
    const seed = [...crypto.getRandomValues(new Uint8Array(SEED_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const files = new RoomFiles(disk, `${ROOMS}/${room.channel}/${room.id}`, { seed, ticket: "", muted: [] });
    const kept = await files.#readOwn();
    kept ? (files.own = kept) : await files.keepOwn({});
    return files;
  }

  /** Days of which something is kept, the newest first. */
  async days(): Promise<number[]> {
    const files = await this.disk.list(this.folder);
    const days = files.map(({ path }) => Number(path.match(/\/(\d+)(\.2)?\.notes$/)?.[1] ?? Number.NaN));
    return [...new Set(days.filter((day) => !Number.isNaN(day)))].sort((a, b) => b - a);
  }

  async read(day: number): Promise<Uint8Array[]> {
    const sheaves: Uint8Array[] = [];
    for (const ending of [ENDING, OTHER_ENDING]) {
      const path = `${this.folder}/${day}${ending}`;
      if (await this.disk.exists(path)) {
        sheaves.push(...rows(await this.#whole(path)));
      }
    }
    return sheaves;
  }

  /** Adds sheaves to a day, or puts them in place of `all` of it. Durable when this returns. */
  write(day: number, sheaves: Uint8Array[], all: boolean): Promise<void> {
    const path = `${this.folder}/${day}`;
    return this.#inTurn(async () => {
      if (!all) {
        await this.#put(path + ENDING, sheaves, false);
        return;
      }
      sheaves.length > 0 && (await this.#put(path + OTHER_ENDING, sheaves, true));
      sheaves.length > 0 ? await this.#put(path + ENDING, sheaves, true) : await this.disk.remove(path + ENDING);
      await this.disk.remove(path + OTHER_ENDING);
    });
  }

  keepOwn(some: Partial<Own>): Promise<void> {
    this.own = { ...this.own, ...some };
    const bytes = new TextEncoder().encode(JSON.stringify(this.own));
    return this.#inTurn(() => this.#file(`${this.folder}/own`, async (file) => {
      file.write(0, bytes);
      file.truncate(bytes.length);
      await file.flush();
    }));
  }

  /** Writes nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing.catch(() => undefined);
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const writing = this.#writing.then(() => (this.#isClosed ? undefined : write()));
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  async #put(path: string, sheaves: Uint8Array[], isAnew: boolean): Promise<void> {
    await this.#file(path, async (file) => {
      let at = isAnew ? 0 : rowsEnd(await file.read(0, file.size()));
      file.truncate(at);
      for (const sheaf of sheaves) {
        const row = new Uint8Array(4 + sheaf.length);
        new DataView(row.buffer).setUint32(0, sheaf.length, true);
        row.set(sheaf, 4);
        file.write(at, row);
        at += row.length;
      }
      await file.flush();
    });
  }

  #whole(path: string): Promise<Uint8Array> {
    return this.#file(path, async (file) => file.read(0, file.size()));
  }

  async #file<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const file = await this.disk.open(path);
    try {
      return await use(file);
    } finally {
      file.close();
    }
  }

  async #readOwn(): Promise<Own | null> {
    const path = `${this.folder}/own`;
    if (!(await this.disk.exists(path))) {
      return null;
    }
    try {
      const own = JSON.parse(new TextDecoder().decode(await this.#whole(path)));
      return /^[0-9a-f]{64}$/.test(own.seed) ? own : null;
    } catch {
      // A browser that was killed at the first moment may have torn it.
      return null;
    }
  }
}

/** The sheaves of a file, and where the last whole one ends. */
function split(bytes: Uint8Array): { sheaves: Uint8Array[]; end: number } {
  const sheaves: Uint8Array[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    if (at + 4 + length > bytes.length) {
      break;
    }
    sheaves.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { sheaves, end: at };
}

function rows(bytes: Uint8Array): Uint8Array[] {
  return split(bytes).sheaves;
}

function rowsEnd(bytes: Uint8Array): number {
  return split(bytes).end;
}
