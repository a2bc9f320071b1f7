// The core: `crates/longear-reader` as WebAssembly. It checks everything; this file only carries text and bytes across.
//
// Every call is a pointer and a length for each text or byte array, then numbers; the answer is a pointer to a length and
// as many bytes, good until the next call. What the calls mean: docs/design/004-reader.md.

/** Why a call gave nothing; `code` as in docs/spec, or one of the core's own. The words for it are the page's. */
export class CoreError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = "CoreError";
    this.code = code;
  }
}

/** What the core refuses is an answer to who asks: there is no such thing. */
export function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof CoreError) {
      return null;
    }
    throw error;
  }
}

export interface Address {
  channel: string;
  digits: string;
  hints: string[];
  written: string;
}

/** Something that was refused of an object; `what` is empty for all of it. */
export interface Refused {
  what: string;
  code: string;
}

export interface Taken {
  /** How many things in it were new. */
  news: number;
  /** Whether something of it is to be written to the journal: ask `keep` with its path. */
  kept: boolean;
  refused: Refused[];
  /** Paths of objects that had waited for a charter, of which something is to be written now: ask `keep` for each. */
  released: string[];
  /** How many objects still wait for a charter. */
  waiting: number;
}

export interface Channel {
  id: string;
  digits: string;
  /** Without hints. */
  address: string;
  /** Its tamga: path data in a 24 × 24 box. It helps recognition and proves nothing. */
  mark: string;
  /** Empty before the first charter. */
  name: string;
  charter: number;
  delegates: number;
  /** Milliseconds since 1970, by the publisher's own statements. */
  last_word: number | null;
  items: number;
  holes: number;
  waiting: number;
  /** Two valid charters contradict each other. */
  stopped: boolean;
}

export type Status = "shown" | "unconfirmed" | "disputed" | "retracted" | "refused";

export interface Variant {
  /** BCP 47, or empty. */
  lang: string;
  origin: "original" | "human" | "machine";
  title: string;
  /** The first 280 characters as plain text. */
  text: string;
  /** The whole text as it came; only from `item`. */
  markdown?: string;
  /** The same as safe HTML, once it was made. */
  html?: string;
}

export interface Rendition {
  name: string;
  blob: string;
  size: number;
  mime: string;
  /** Length in milliseconds, 0 = none or unknown; `width` and `height` in the same way. */
  ms: number;
  width: number;
  height: number;
  /** The file came inside its item: ask `file`. */
  inline: boolean;
  groups: "none" | "inline" | "blob";
}

export interface Item {
  id: string;
  channel: string;
  log: string;
  seq: number;
  kind: "post" | "media" | "notice" | "live";
  time: number;
  /** When it ends; only notices disappear when they do. */
  ends: number | null;
  status: Status;
  /** The code of the reason for the status, empty where there is none. */
  why: string;
  corrects: string | null;
  variants: Variant[];
  renditions: Rendition[];
}

export interface Feed {
  items: Item[];
  cursor: string | null;
}

/** A file that can be checked; `handle` is null as long as its list of group hashes has to be fetched from `groups_blob`. */
export interface OpenBlob {
  handle: number | null;
  size: number;
  /** How many blocks of 16 KiB it has. */
  blocks: number | null;
  groups_blob: string | null;
}

type Input = string | Uint8Array;
type Call = (...words: number[]) => number;

interface Exports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  alloc: Call;
  release: (pointer: number, length: number) => void;
}

const NOTHING = new Uint8Array(0);

/** A module that imports nothing, and its memory. */
export class Module {
  #exports: Exports;
  #encoder = new TextEncoder();
  #decoder = new TextDecoder();

  protected constructor(instance: WebAssembly.Instance) {
    this.#exports = instance.exports as Exports;
  }

  protected ok(name: string, inputs: Input[], numbers: number[] = []): boolean {
    return this.json<{ ok: boolean }>(name, inputs, numbers).ok;
  }

  protected json<T>(name: string, inputs: Input[], numbers: number[] = []): T {
    const answer = JSON.parse(this.#decoder.decode(this.#call(name, inputs, numbers)));
    if (answer.error !== undefined) {
      throw new CoreError(answer.error);
    }
    return answer;
  }

  /** Bytes stand behind a 1, an error in JSON behind a 0. */
  protected bytes(name: string, inputs: Input[], numbers: number[] = []): Uint8Array {
    const answer = this.#call(name, inputs, numbers);
    if (answer[0] === 1) {
      return answer.slice(1);
    }
    throw new CoreError(JSON.parse(this.#decoder.decode(answer.subarray(1))).error);
  }

  /** The answer as a view into the core's memory: it is gone with the next call. */
  #call(name: string, inputs: Input[], numbers: number[]): Uint8Array {
    const { memory, alloc, release } = this.#exports;
    const given: [number, number][] = [];
    try {
      for (const input of inputs) {
        const bytes = typeof input === "string" ? this.#encoder.encode(input) : input;
        const pointer = alloc(bytes.length) >>> 0;
        if (pointer === 0) {
          throw new CoreError("too-long");
        }
        given.push([pointer, bytes.length]);
        // Not before: the memory may have grown, and then older views of it are empty.
        new Uint8Array(memory.buffer).set(bytes, pointer);
      }
      const answer = (this.#exports[name] as Call)(...given.flat(), ...numbers) >>> 0;
      const length = new DataView(memory.buffer).getUint32(answer, true);
      return new Uint8Array(memory.buffer, answer + 4, length);
    } finally {
      given.forEach(([pointer, length]) => release(pointer, length));
    }
  }
}

export class Core extends Module {
  /** Starts a core from the bytes of `reader` or `reader-simd`. */
  static async load(bytes: BufferSource): Promise<Core> {
    return new Core((await WebAssembly.instantiate(bytes, {})).instance);
  }

  address(text: string): Address {
    return this.json("address", [text]);
  }

  open(channel: string): void {
    this.json("open", [channel]);
  }

  close(channel: string): void {
    this.json("close", [channel]);
  }

  /** Hands over what stood under a path of the tree, counted from the tree's root. */
  take(channel: string, path: string, bytes: Uint8Array): Taken {
    return this.json("take", [channel, path, bytes]);
  }

  /** What to write to the journal for an object that the last `take` kept or released. */
  keep(channel: string, path: string): Uint8Array {
    return this.bytes("keep", [channel, path]);
  }

  /**
   * Everything of use of a channel as objects of a tree, in the order of an archive; no pack of several items is longer than
   * `bytesMax`. `time`: of a pack, when its last item was made, by the publisher.
   */
  handed(channel: string, bytesMax: number): { path: string; time: number | null }[] {
    return this.json<{ objects: { path: string; time: number | null }[] }>("handed", [channel], [bytesMax]).objects;
  }

  /** The bytes of one of them. */
  handedObject(channel: string, path: string): Uint8Array {
    return this.bytes("handed_object", [channel, path]);
  }

  /** How long an object may be that stands under a path of the tree. Throws where it is no such path. */
  bytesMax(path: string): number {
    return this.json<{ bytes: number }>("bytes_max", [path]).bytes;
  }

  /**
   * What to ask the source of this head for next, best first; empty when it has nothing more. `asked`: every path that it
   * was asked for since it gave another head, whatever came of it.
   */
  wants(channel: string, head: Uint8Array, asked: Iterable<string> = []): string[] {
    return this.json<{ paths: string[] }>("wants", [channel, head, [...asked].join("\n")]).paths;
  }

  channel(channel: string): Channel {
    return this.json("channel", [channel]);
  }

  /** Visible articles, newest first, of one channel or with "" of all. */
  feed(channel: string, cursor: string | null, count: number): Feed {
    return this.json("feed", [channel, cursor ?? ""], [count]);
  }

  item(id: string): Item {
    return this.json("item", [id]);
  }

  /** What is held of a broadcast, for the module that reads it. */
  broadcast(item: string): Uint8Array {
    return this.bytes("broadcast", [item]);
  }

  /** What is held of the rooms of a channel, for the module that reads it. */
  rooms(channel: string): Uint8Array {
    return this.bytes("rooms", [channel]);
  }

  /** A file that came inside its item. */
  file(item: string, index: number): Uint8Array {
    return this.bytes("file", [item], [index]);
  }

  blobOpen(item: string, index: number, groups: Uint8Array = NOTHING): OpenBlob {
    return this.json("blob_open", [item, groups], [index]);
  }

  /** Where a group's slice stands in the `.o` file. */
  blobOutboardRange(handle: number, group: number): { from: number; to: number } {
    return this.json("blob_outboard_range", [], [handle, group]);
  }

  blobSlice(handle: number, group: number, slice: Uint8Array): boolean {
    return this.ok("blob_slice", [slice], [handle, group]);
  }

  /** Checks a block of 16 KiB, counted through the file, after its group's slice was given. */
  blobCheck(handle: number, block: number, bytes: Uint8Array): boolean {
    return this.ok("blob_check", [bytes], [handle, block]);
  }

  /** Checks a group of 1 MiB; needs no outboard. */
  blobCheckGroup(handle: number, group: number, bytes: Uint8Array): boolean {
    return this.ok("blob_check_group", [bytes], [handle, group]);
  }

  blobCheckWhole(handle: number, bytes: Uint8Array): boolean {
    return this.ok("blob_check_whole", [bytes], [handle]);
  }

  blobClose(handle: number): void {
    this.json("blob_close", [], [handle]);
  }

  /** Articles whose words were not asked for yet; empty after the last. */
  unsearched(count: number): { id: string; words: string }[] {
    return this.json<{ items: { id: string; words: string }[] }>("unsearched", [], [count]).items;
  }

  /** Of the items that a search found the visible ones, newest first. */
  found(ids: Uint8Array, count: number): Item[] {
    return this.json<{ items: Item[] }>("found", [ids], [count]).items;
  }

  hash(bytes: Uint8Array): string {
    return this.json<{ hash: string }>("hash", [bytes]).hash;
  }

  verify(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
    return this.ok("verify", [key, signature, message]);
  }

  /** Runs one vector of tests/vectors; only in a module that was built for the tests. */
  vector(name: string, file: string, index: number): { accepted?: unknown; refused?: string } {
    return this.json("vector", [name, file], [index]);
  }
}

/** What reading a post and searching need besides: Markdown, and words in many spellings. */
export class Texts extends Module {
  /** Starts from the bytes of `texts`. */
  static async load(bytes: BufferSource): Promise<Texts> {
    return new Texts((await WebAssembly.instantiate(bytes, {})).instance);
  }

  /** Safe HTML; `label` names tables for screen readers. */
  html(markdown: string, label: string): string {
    return this.json<{ html: string }>("html", [markdown, label]).html;
  }

  learn(item: string, words: string): void {
    this.json("learn", [item, words]);
  }

  /** IDs of items with all words of the query, one behind the other, whether they are visible or not. */
  search(query: string): Uint8Array {
    return this.bytes("search", [query]);
  }
}
