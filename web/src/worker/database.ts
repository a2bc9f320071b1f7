// What is kept where a browser gives no private files: IndexedDB, as files of blocks. A script of its own, which few need.

import type { Disk, OpenFile } from "./disk";
import { Memory } from "./memory";

const NAME = "longear";
/** The size of each file, by its path. */
const SIZES = "sizes";
/** Bytes by path and number; the last one of a file may be shorter. */
const BLOCKS = "blocks";
const BLOCK_BYTES = 64 << 10;

/** How much of a file is put together at once. */
const PART_BYTES = 8 << 20;

type Bytes = Uint8Array<ArrayBuffer>;

interface Change {
  at: number;
  bytes: Bytes;
}

/** Memory where the browser refuses, as some do in private windows; where there are no locks, several tabs would write over each other. */
export async function findOther(): Promise<Disk> {
  try {
    // Where there are none, or they are refused, this throws.
    await navigator.locks.query();
    return new Database(await connect());
  } catch {
    return new Memory();
  }
}

class Database implements Disk {
  readonly storage = "database";
  readonly #connection: IDBDatabase;

  constructor(connection: IDBDatabase) {
    this.#connection = connection;
  }

  async open(path: string): Promise<OpenFile> {
    const size = await this.#read(SIZES, (sizes) => sizes.get(path));
    const file = new BlockFile(this.#connection, path, size ?? 0);
    if (size === undefined) {
      // As private files do, it exists from now on.
      file.truncate(0);
      await file.flush();
    }
    return file;
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#read(SIZES, (sizes) => sizes.getKey(path))) !== undefined;
  }

  async content(path: string): Promise<Blob> {
    const size: number = (await this.#read(SIZES, (sizes) => sizes.get(path))) ?? 0;
    const file = new BlockFile(this.#connection, path, size);
    const parts: Blob[] = [];
    for (let at = 0; at < size; at += PART_BYTES) {
      // A part at a time, so that a long film does not have to fit into memory.
      parts.push(new Blob([await file.read(at, Math.min(size, at + PART_BYTES))]));
    }
    return new Blob(parts);
  }

  async remove(path: string): Promise<void> {
    await change(this.#connection, (sizes, blocks) => {
      sizes.delete(path);
      blocks.delete(blocksOf(path, 0));
    });
  }

  async list(folder: string): Promise<{ path: string; size: number }[]> {
    const below = IDBKeyRange.bound(`${folder}/`, `${folder}0`, false, true);
    const [paths, sizes] = await Promise.all([
      this.#read(SIZES, (sizes) => sizes.getAllKeys(below)),
      this.#read(SIZES, (sizes) => sizes.getAll(below)),
    ]);
    return paths.map((path, index) => ({ path: String(path), size: Number(sizes[index]) }));
  }

  async wipe(): Promise<void> {
    this.#connection.close();
    await answered(indexedDB.deleteDatabase(NAME));
  }

  #read<T>(store: string, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return answered(ask(this.#connection.transaction(store).objectStore(store)));
  }
}

/** A change waits in memory until it is flushed; then it is there as a whole, or not at all. */
class BlockFile implements OpenFile {
  readonly #connection: IDBDatabase;
  readonly #path: string;
  #size: number;
  /** The size that is in the database, up to which its blocks count. */
  #flushedSize: number;
  #waiting: Change[] = [];
  #flushing: Promise<void> = Promise.resolve();

  constructor(connection: IDBDatabase, path: string, size: number) {
    this.#connection = connection;
    this.#path = path;
    this.#size = size;
    this.#flushedSize = size;
  }

  size(): number {
    return this.#size;
  }

  async read(from: number, to: number): Promise<Bytes> {
    await this.#flushing;
    const bytes = new Uint8Array(Math.max(0, Math.min(to, this.#size) - from));
    if (bytes.length === 0) {
      return bytes;
    }
    const first = Math.floor(from / BLOCK_BYTES);
    const range = IDBKeyRange.bound([this.#path, first], [this.#path, Math.floor((to - 1) / BLOCK_BYTES)]);
    const store = this.#connection.transaction(BLOCKS).objectStore(BLOCKS);
    const [keys, blocks] = await Promise.all([answered(store.getAllKeys(range)), answered(store.getAll(range) as IDBRequest<Bytes[]>)]);
    blocks.forEach((block, index) => {
      const [, number] = keys[index] as [string, number];
      put(bytes, block, number * BLOCK_BYTES - from);
    });
    return bytes;
  }

  write(at: number, bytes: Uint8Array): void {
    this.#waiting.push({ at, bytes: bytes.slice() });
    this.#size = Math.max(this.#size, at + bytes.length);
  }

  truncate(size: number): void {
    this.#waiting = this.#waiting.flatMap(({ at, bytes }) => (at < size ? [{ at, bytes: bytes.slice(0, size - at) }] : []));
    this.#size = Math.min(this.#size, size);
    this.#flushedSize = Math.min(this.#flushedSize, size);
  }

  /** One after the other; each takes along what was written before it was called. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#flush());
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  close(): void {}

  async #flush(): Promise<void> {
    const [waiting, size, known] = [this.#waiting, this.#size, this.#flushedSize];
    this.#waiting = [];
    try {
      await change(this.#connection, (sizes, blocks) => {
        blocks.delete(blocksOf(this.#path, Math.ceil(known / BLOCK_BYTES)));
        sizes.put(size, this.#path);
        // The last block may end in bytes that were cut off.
        for (const number of touched(waiting).add(Math.floor(known / BLOCK_BYTES))) {
          patch(blocks, [this.#path, number], known, waiting);
        }
      });
      this.#flushedSize = Math.max(known, size);
    } catch (error) {
      // Nothing of it was taken.
      this.#size = Math.max(this.#flushedSize, ...this.#waiting.map(({ at, bytes }) => at + bytes.length));
      throw error;
    }
  }
}

/** The blocks that changes lie in. */
function touched(changes: Change[]): Set<number> {
  const numbers = new Set<number>();
  for (const { at, bytes } of changes) {
    for (let number = Math.floor(at / BLOCK_BYTES); number * BLOCK_BYTES < at + bytes.length; number += 1) {
      numbers.add(number);
    }
  }
  return numbers;
}

/** Lays the changes over what stands in a block; of that only what lies below `known` counts. */
function patch(blocks: IDBObjectStore, key: [string, number], known: number, changes: Change[]): void {
  const start = key[1] * BLOCK_BYTES;
  const lay = (before: Bytes | undefined) => {
    const kept = before?.subarray(0, Math.max(0, known - start)) ?? new Uint8Array(0);
    const end = Math.max(kept.length, ...changes.map(({ at, bytes }) => Math.min(BLOCK_BYTES, at + bytes.length - start)));
    const block = new Uint8Array(end);
    block.set(kept);
    changes.forEach(({ at, bytes }) => put(block, bytes, at - start));
    blocks.put(block, key);
  };
  const asked = blocks.get(key);
  asked.onsuccess = () => lay(asked.result as Bytes | undefined);
}

/** Copies what of `bytes`, which begin at `at`, lies in `into`. */
function put(into: Uint8Array, bytes: Uint8Array, at: number): void {
  const from = Math.max(0, -at);
  const to = Math.min(bytes.length, into.length - at);
  if (from < to) {
    into.set(bytes.subarray(from, to), at + from);
  }
}

function blocksOf(path: string, from: number): IDBKeyRange {
  return IDBKeyRange.bound([path, from], [path, Number.POSITIVE_INFINITY]);
}

/** All of a change, on the disk when this returns. */
function change(connection: IDBDatabase, make: (sizes: IDBObjectStore, blocks: IDBObjectStore) => void): Promise<void> {
  return new Promise((done, failed) => {
    const transaction = connection.transaction([SIZES, BLOCKS], "readwrite", { durability: "strict" });
    transaction.oncomplete = () => done();
    transaction.onabort = () => failed(transaction.error);
    make(transaction.objectStore(SIZES), transaction.objectStore(BLOCKS));
  });
}

function connect(): Promise<IDBDatabase> {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore(SIZES);
    asked.result.createObjectStore(BLOCKS);
  };
  return answered(asked);
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
