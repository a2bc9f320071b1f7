// Notes between this device and its sources, as docs/spec/rooms.md says: a node tells what differs, of a carrier the list is read.

import { CoreError, type Core } from "../shared/core";
import { PRIVATELY } from "../shared/protocol";
import { readUpTo } from "../shared/read";
import type { Room, Rooms } from "../shared/rooms";
import { isNear } from "./near";
import type { Sources } from "./sources";

/** As in docs/spec/README.md and docs/spec/rooms.md. */
const SHEAF_BYTES_MAX = 1 << 20;
const DAYS_BYTES_MAX = 2 + 368 * 24;
const SYMBOL_BYTES = 17;
const SYMBOLS_MAX = 65_536;
const SYMBOLS_ASKED_MAX = 4_096;
/** Symbols that are asked for at first: enough for some forty differences. */
const SYMBOLS_FIRST = 64;
/** Notes that are asked for at once: however long they are, they fit into one sheaf. */
const ASKED_AT_ONCE = 256;
const SHORT_BYTES = 8;
/** Sheaves of a whole day that one source is asked for in a round. */
const SHEAVES_OF_DAY_MAX = 64;
const SALT_BYTES = 16;
const POST_MS_MAX = 20_000;

interface Parts {
  core: Core;
  sources: Sources;
}

export class Exchange {
  /** When a source answered last. */
  exchanged: number | null = null;
  /** Sources that gave what does not fit, in this session. */
  readonly #bad = new Set<string>();
  /** Nodes that take no notes. */
  readonly #deaf = new Set<string>();
  /** Sheaves that were read already. */
  readonly #read = new Set<string>();

  constructor(
    private readonly rooms: Rooms,
    private readonly parts: Parts,
    private readonly room: Room,
    /** Takes in the notes of a sheaf; gives the ID of its last one. */
    private readonly take: (sheaf: Uint8Array) => Promise<string>,
  ) {}

  /** One source after the other; one that fails is no reason to leave the others. */
  async all(): Promise<void> {
    for (const url of this.parts.sources.of(this.room.channel).filter((url) => !this.#bad.has(url))) {
      try {
        await this.#with(url);
        this.exchanged = Date.now();
      } catch (error) {
        // What it says of rooms does not fit together; what it says of the channel is checked by itself.
        error instanceof CoreError && this.#bad.add(url);
      }
    }
  }

  async #with(url: string): Promise<void> {
    const days = await this.#get(url, "days", DAYS_BYTES_MAX);
    if (!days) {
      return this.#carrier(url);
    }
    for (const { day, what } of this.rooms.days(this.room.id, days)) {
      switch (what) {
        case "ask":
          await this.#ask(url, day);
          break;
        case "give":
          await this.#give(url, this.rooms.sheaves(this.room.id, day));
          break;
        case "reconcile":
          await this.#reconcile(url, day);
      }
    }
  }

  /** A place that is only files: what its list names and is not here. */
  async #carrier(url: string): Promise<void> {
    const { core, room, rooms } = this.inner;
    const list = await this.#get(url, "notes", core.bytesMax(`${this.#base}/notes`));
    for (const { path, name, bytes } of list ? rooms.list(room.id, list) : []) {
      const sheaf = this.#read.has(name) ? null : await this.#fetch(url, path, bytes);
      // What is not what its name says may be half written; it is asked for again in the next round.
      if (sheaf && core.hash(sheaf).startsWith(name)) {
        await this.take(sheaf);
        this.#read.add(name);
      }
    }
  }

  /** All of a day. */
  async #ask(url: string, day: number): Promise<void> {
    let after = "";
    for (let count = 0; count < SHEAVES_OF_DAY_MAX; count += 1) {
      const sheaf = await this.#get(url, `${day}/notes${after && `?after=${after}`}`, SHEAF_BYTES_MAX);
      if (!sheaf || sheaf.length === 0) {
        return;
      }
      after = await this.take(sheaf);
    }
  }

  async #reconcile(url: string, day: number): Promise<void> {
    const { room, rooms } = this.inner;
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    const named = [...salt].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    rooms.reconcile(room.id, salt, day);
    let isDone = false;
    for (let from = 0, count = SYMBOLS_FIRST; !isDone && from < SYMBOLS_MAX; ) {
      const to = Math.min(from + count, SYMBOLS_MAX);
      const symbols = await this.#get(url, `${day}/symbols?salt=${named}&from=${from}&to=${to}`, (to - from) * SYMBOL_BYTES);
      if (!symbols || symbols.length === 0) {
        return;
      }
      isDone = rooms.symbols(room.id, symbols).done;
      [from, count] = [to, Math.min(count * 2, SYMBOLS_ASKED_MAX)];
    }
    const lacking = isDone ? rooms.lacking(room.id) : [];
    for (let from = 0; ; from += ASKED_AT_ONCE) {
      const wanted = rooms.wanted(room.id, from).subarray(0, ASKED_AT_ONCE * SHORT_BYTES);
      if (wanted.length === 0) {
        break;
      }
      const sheaf = await this.#post(url, `${day}/wanted?salt=${named}`, wanted);
      sheaf && sheaf.length > 0 && (await this.take(sheaf));
    }
    await this.#give(url, lacking);
  }

  async #give(url: string, sheaves: Uint8Array[]): Promise<void> {
    for (const sheaf of sheaves) {
      if (!this.#deaf.has(url) && !(await this.#post(url, "notes", sheaf))) {
        this.#deaf.add(url);
      }
    }
  }

  private get inner() {
    return { core: this.parts.core, room: this.room, rooms: this.rooms };
  }

  get #base(): string {
    return `c/${this.room.channel}/r/${this.room.id.slice(0, 32)}`;
  }

  #get(url: string, path: string, bytesMax: number): Promise<Uint8Array | null> {
    return this.#fetch(url, `${this.#base}/${path}`, bytesMax);
  }

  /** Null where the source has no such thing. */
  async #fetch(url: string, path: string, bytesMax: number): Promise<Uint8Array | null> {
    try {
      return await this.parts.sources.fetch(url, path, bytesMax);
    } catch (error) {
      if (isMissing(error)) {
        return null;
      }
      throw error;
    }
  }

  /** Null where the node does not take it. Boxes near by that a page has to ask for are asked only. */
  async #post(url: string, path: string, body: Uint8Array): Promise<Uint8Array | null> {
    if (isNear(url)) {
      return null;
    }
    const headers = { "content-type": "application/octet-stream" };
    const signal = AbortSignal.timeout(POST_MS_MAX);
    const answer = await fetch(`${url}${this.#base}/${path}`, { method: "POST", headers, body: body.slice().buffer, signal, ...PRIVATELY });
    if (answer.status !== 200) {
      return null;
    }
    const { bytes, isTooLong } = await readUpTo(answer, SHEAF_BYTES_MAX);
    return isTooLong ? null : bytes;
  }
}

/** Scripts know each other's errors by what these say only. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && /^(403|404|405|410)$/.test(error.message);
}
