// Broadcasts: the module that knows how to read them, and what page and worker say of them.

import { Module } from "./core";

/** A segment; times in milliseconds since the broadcast began. */
export interface Part {
  start: number;
  ms: number;
  /** Hash of the file that it plays behind, and its bytes. */
  init: string;
  init_size: number;
  /** Hash of its own file, and its bytes. */
  blob: string;
  size: number;
  /** Both are here. */
  held: boolean;
}

export type Span = [from: number, to: number];

export interface Track {
  name: string;
  /** Lines of the picture; 0: sound alone. */
  height: number;
  bytes: number;
  /** What there is, as far as is known here, and what of it is here. */
  known: Span[];
  held: Span[];
}

export interface LiveView {
  /** `waiting`: it was on, and there has been no word for half a minute. */
  phase: "soon" | "live" | "waiting" | "over";
  /** The newest word and the beginning by the publisher's clock, in milliseconds since 1970. */
  newest: number | null;
  zero: number | null;
  end: number;
  /** Number behind the newest tick that is known. */
  next: number;
  /** Moments that the newsroom gave a name. */
  chapters: { start: number; title: string }[];
  /** Sound first, then by height. */
  tracks: Track[];
}

/** How a segment is decoded, and how large its picture is. */
export interface Description {
  codecs: string;
  width: number;
  height: number;
}

/** What the page asks of a broadcast. */
export type LiveWish =
  /** How it stands, in a list: sources are asked once. */
  | { wish: "glance" }
  /** How it stands. It is followed for a while, and what is missing of the renditions in `fill` is brought. */
  | { wish: "view"; fill: string[] }
  | { wish: "parts"; track: string; from: number; count: number }
  /** A checked segment, if it is here or comes within so many milliseconds. */
  | { wish: "segment"; part: Part; within: number }
  | { wish: "init"; part: Part }
  /** All of a rendition that is here, as one file. */
  | { wish: "save"; track: string }
  | { wish: "remove" };

export interface LiveAnswers {
  glance: LiveAnswers["view"];
  /** Null where no such broadcast is to be seen. */
  view: (LiveView & { full: boolean }) | null;
  parts: Part[];
  /** `us`: when it begins by the clock of its encoder. */
  segment: { us: number | null; bytes: ArrayBuffer } | null;
  init: (Description & { bytes: ArrayBuffer }) | null;
  save: Blob | null;
  remove: null;
}

export class Live extends Module {
  /** Starts from the bytes of `live`. */
  static async load(bytes: BufferSource): Promise<Live> {
    return new Live((await WebAssembly.instantiate(bytes, {})).instance);
  }

  /** Takes in what the core holds of a broadcast. */
  record(channel: string, item: string, record: Uint8Array): { stream: string } {
    return this.json("record", [channel, item, record]);
  }

  /** Takes in the newest ticks as a source gave them; false where they say nothing new. Throws where one does not verify. */
  edge(item: string, bytes: Uint8Array): boolean {
    return this.json<{ news: boolean }>("edge", [item, bytes]).news;
  }

  keptEdge(item: string): Uint8Array {
    return this.bytes("kept_edge", [item]);
  }

  hold(item: string, hashes: Uint8Array): void {
    this.json("hold", [item, hashes]);
  }

  view(item: string, now: number): LiveView {
    return this.json("view", [item, `${now}`]);
  }

  parts(item: string, track: string, from: number, count: number): Part[] {
    return this.json<{ parts: Part[] }>("parts", [item, track, `${Math.max(0, Math.floor(from))}`], [count]).parts;
  }

  /** Segments that are not here of these renditions, in the order in which they are of use. */
  wants(item: string, tracks: string[], count: number): Part[] {
    return this.json<{ parts: Part[] }>("wants", [item, tracks.join("\n")], [count]).parts;
  }

  describe(init: Uint8Array): Description {
    return this.json("describe", [init]);
  }

  begins(init: Uint8Array, segment: Uint8Array): number | null {
    return this.json<{ us: number | null }>("begins", [init, segment]).us;
  }
}
