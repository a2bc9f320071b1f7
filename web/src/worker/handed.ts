// A file that somebody handed over, read where it is: one more source, and believed as little as the others.

import { type Core, CoreError } from "../shared/core";
import type { Refusal } from "../shared/protocol";
import { archiveKind, archiveStart, FRONT_BYTES_MAX, readFront } from "./archive";
import { GROUP_BYTES } from "./proofs";
import type { Giver, Range } from "./sources";

/** Entries that are looked at (docs/spec/archive.md). */
const ENTRIES_MAX = 65_536;
/** What is read at once while the entries are looked for; large ones are passed over unread. */
const SCAN_BYTES = 256 << 10;
/** Refusals that are named. */
const REFUSED_NAMED_MAX = 64;

/** It is no archive, or one that takes a newer Longear. */
export class Unreadable extends Error {
  constructor(readonly kind: "foreign" | "newer") {
    super(kind);
  }
}

/** Where an object stands in the file; of one that is cut off, what is there. */
export interface Place {
  path: string;
  from: number;
  to: number;
}

export class HandedFile implements Giver {
  readonly places: Place[] = [];
  readonly refused: Refusal[] = [];
  readonly #file: Blob;
  readonly #byPath = new Map<string, Place>();

  private constructor(
    private readonly core: Core,
    file: Blob,
    private readonly missing: (path: string) => Error,
  ) {
    this.#file = file;
  }

  /** `missing` makes the error for what is not in it. */
  static async open(core: Core, file: Blob, missing: (path: string) => Error): Promise<HandedFile> {
    const handed = new HandedFile(core, file, missing);
    const kind = archiveKind(await handed.#bytes(0, archiveStart().length));
    if (kind !== "archive") {
      throw new Unreadable(kind);
    }
    await handed.#lookThrough();
    return handed;
  }

  get size(): number {
    return this.#file.size;
  }

  /** The channels of which something is in it, in the order in which they come. */
  channels(): string[] {
    const found = this.places.map(({ path }) => path.match(/^c\/([0-9a-f]{64})\/(charter\/\d+|head)$/)?.[1] ?? "");
    return [...new Set(found)].filter((channel) => channel !== "");
  }

  /** The objects of a channel, in the order in which they come. */
  of(channel: string): Place[] {
    return this.places.filter(({ path }) => path.startsWith(`c/${channel}/`));
  }

  /** The blobs of which something is in it. */
  blobs(): Set<string> {
    const found = this.places.map(({ path }) => path.match(/^b\/..\/([0-9a-f]{64})(\.[0-9a-f]{8})?$/)?.[1] ?? "");
    return new Set(found.filter((hash) => hash !== ""));
  }

  read({ from, to }: Place): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes(from, to);
  }

  /** As a source gives it; `from` is not needed, because there is but one file. */
  async fetch(_from: string, path: string, bytesMax: number, range?: Range): Promise<Uint8Array<ArrayBuffer>> {
    const place = this.#byPath.get(path);
    if (range) {
      const found = place && holds(place, range) ? { place, start: 0 } : this.#part(path, range);
      if (!found) {
        throw this.missing(path);
      }
      const at = found.place.from - found.start;
      return this.#bytes(at + range.from, at + range.to);
    }
    if (!place || place.to - place.from > bytesMax) {
      throw this.missing(path);
    }
    return this.#bytes(place.from, place.to);
  }

  /** A part of the blob that holds a range of the blob, or of another part of it. */
  #part(path: string, range: Range): { place: Place; start: number } | null {
    const [, whole, named] = path.match(/^(b\/..\/[0-9a-f]{64})(?:\.([0-9a-f]{8}))?$/) ?? [];
    const base = named ? Number.parseInt(named, 16) * GROUP_BYTES : 0;
    const wanted = { from: range.from + base, to: range.to + base };
    for (const place of whole ? this.places : []) {
      const start = place.path.startsWith(`${whole}.`) ? Number.parseInt(place.path.slice(-8), 16) * GROUP_BYTES : Number.NaN;
      if (start <= wanted.from && wanted.to - start <= place.to - place.from) {
        return { place, start: start - base };
      }
    }
    return null;
  }

  async #lookThrough(): Promise<void> {
    let [at, block, blockAt] = [archiveStart().length, new Uint8Array(0), 0];
    while (at < this.size) {
      if (at + FRONT_BYTES_MAX > blockAt + block.length && blockAt + block.length < this.size) {
        block = await this.#bytes(at, at + SCAN_BYTES);
        blockAt = at;
      }
      const front = readFront(block, at - blockAt);
      if (!front || this.places.length === ENTRIES_MAX) {
        this.#refuse(this.places.at(-1)?.path ?? "", front ? "too-many" : at + 2 < this.size ? "bad-value" : "truncated");
        return;
      }
      const place = { path: front.path, from: front.from + blockAt, to: Math.min(front.to + blockAt, this.size) };
      this.#add(place, front.to - front.from);
      at = front.to + blockAt;
    }
    if (at > this.size) {
      this.#refuse(this.places.at(-1)?.path ?? "", "truncated");
    }
  }

  #add(place: Place, length: number): void {
    const bytesMax = this.#bytesMax(place.path);
    if (bytesMax === null || length > bytesMax) {
      this.#refuse(place.path, bytesMax === null ? "bad-value" : "too-long");
    } else {
      this.places.push(place);
      this.#byPath.set(place.path, place);
    }
  }

  /** Null where this is no path of the tree. */
  #bytesMax(path: string): number | null {
    try {
      return this.core.bytesMax(path);
    } catch (error) {
      if (error instanceof CoreError) {
        return null;
      }
      throw error;
    }
  }

  #refuse(what: string, code: string): void {
    if (this.refused.length < REFUSED_NAMED_MAX) {
      this.refused.push({ what, code });
    }
  }

  async #bytes(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#file.slice(from, to).arrayBuffer());
  }
}

function holds({ from, to }: Place, range: Range): boolean {
  return range.to <= to - from;
}
