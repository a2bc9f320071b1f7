// The core as WebAssembly behind a C-like interface: every call gives a record of bytes, mostly JSON.
// Text and bytes come first, each as pointer and length; numbers follow.

import type { Address, Channel, FeedPage, Item, Refusal } from "../shared/protocol";

export interface Taken {
  news: number;
  kept: boolean;
  refused: Refusal[];
  /** Objects that waited for this one, and are to be kept now. */
  released: string[];
  waiting: number;
}

/** Without a handle the list of groups is missing: it stands in a blob of its own. */
export type OpenBlob = { handle: number; groups_blob: null } | { handle: null; groups_blob: string };

type Argument = string | Uint8Array | number;

interface Exports {
  memory: WebAssembly.Memory;
  alloc(length: number): number;
  release(pointer: number, length: number): void;
  [name: string]: unknown;
}

/** What the core says when it refuses a call: a code of the specification, and why. */
export class CoreError extends Error {
  constructor(readonly code: string, why: string) {
    super(why);
  }
}

/** A module that holds one instruction of the SIMD extension: whoever takes it has the extension. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() };

export class Core {
  readonly #exports: Exports;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Loads the faster build where the browser can run it. */
  static async load(base: string): Promise<Core> {
    const name = WebAssembly.validate(SIMD_PROBE) ? "reader-simd.wasm" : "reader.wasm";
    const answer = await fetch(new URL(name, base));
    if (!answer.ok) {
      throw new Error(`${name}: ${answer.status}`);
    }
    // Not streamed: a plain web server may not know what a .wasm file is.
    const { instance } = await WebAssembly.instantiate(await answer.arrayBuffer(), {});
    return new Core(instance.exports as unknown as Exports);
  }

  address(written: string): Address {
    return this.#json("address", written);
  }

  open(channel: string): void {
    this.#json("open", channel);
  }

  close(channel: string): void {
    this.#json("close", channel);
  }

  take(channel: string, path: string, bytes: Uint8Array): Taken {
    return this.#json("take", channel, path, bytes);
  }

  keep(channel: string, path: string): Uint8Array {
    return this.#bytes("keep", channel, path);
  }

  wants(channel: string, head: Uint8Array, asked: string[]): string[] {
    return this.#json<{ paths: string[] }>("wants", channel, head, asked.join("\n")).paths;
  }

  channel(channel: string): Omit<Channel, "address"> {
    return this.#json("channel", channel);
  }

  feed(channel: string, cursor: string, count: number): FeedPage {
    return this.#json("feed", channel, cursor, count);
  }

  item(id: string): Item {
    return this.#json("item", id);
  }

  file(id: string, index: number): Uint8Array {
    return this.#bytes("file", id, index);
  }

  search(query: string, count: number): string[] {
    return this.#json<{ items: string[] }>("search", query, count).items;
  }

  blobOpen(id: string, index: number, groups: Uint8Array): OpenBlob {
    return this.#json("blob_open", id, groups, index);
  }

  blobOutboardRange(handle: number, group: number): { from: number; to: number } {
    return this.#json("blob_outboard_range", handle, group);
  }

  blobSlice(handle: number, group: number, slice: Uint8Array): boolean {
    return this.#holds("blob_slice", slice, handle, group);
  }

  blobCheck(handle: number, block: number, bytes: Uint8Array): boolean {
    return this.#holds("blob_check", bytes, handle, block);
  }

  blobCheckGroup(handle: number, group: number, bytes: Uint8Array): boolean {
    return this.#holds("blob_check_group", bytes, handle, group);
  }

  blobCheckWhole(handle: number, bytes: Uint8Array): boolean {
    return this.#holds("blob_check_whole", bytes, handle);
  }

  blobClose(handle: number): void {
    this.#json("blob_close", handle);
  }

  /** A check that says no and one that cannot be made are the same here: the bytes are not used. */
  #holds(name: string, ...values: Argument[]): boolean {
    try {
      return this.#json<{ ok: boolean }>(name, ...values).ok;
    } catch (error) {
      if (error instanceof CoreError) {
        return false;
      }
      throw error;
    }
  }

  #json<T>(name: string, ...values: Argument[]): T {
    const parsed = JSON.parse(text.decoder.decode(this.#call(name, values))) as { error?: { code: string; why: string } };
    if (parsed.error) {
      throw new CoreError(parsed.error.code, parsed.error.why);
    }
    return parsed as T;
  }

  /** Bytes come behind a 1, an error behind a 0. */
  #bytes(name: string, ...values: Argument[]): Uint8Array {
    const answer = this.#call(name, values);
    if (answer[0] !== 1) {
      const { error } = JSON.parse(text.decoder.decode(answer.subarray(1))) as { error: { code: string; why: string } };
      throw new CoreError(error.code, error.why);
    }
    return answer.slice(1);
  }

  #call(name: string, values: Argument[]): Uint8Array {
    const lent: [number, number][] = [];
    const numbers = values.flatMap((value) => {
      if (typeof value === "number") {
        return [value];
      }
      const bytes = typeof value === "string" ? text.encoder.encode(value) : value;
      const pointer = this.#exports.alloc(bytes.length);
      if (pointer === 0 && bytes.length > 0) {
        throw new RangeError("no memory for the core");
      }
      new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
      lent.push([pointer, bytes.length]);
      return [pointer, bytes.length];
    });
    try {
      const record = (this.#exports[name] as (...numbers: number[]) => number)(...numbers);
      const memory = this.#exports.memory.buffer;
      const length = new DataView(memory).getUint32(record, true);
      // A copy: the record is gone with the next call.
      return new Uint8Array(memory, record + 4, length).slice();
    } finally {
      lent.forEach(([pointer, length]) => this.#exports.release(pointer, length));
    }
  }
}
