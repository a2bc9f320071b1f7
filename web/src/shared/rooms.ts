// Rooms: the module that knows how to read them, and what page and worker say of them.

import { Module } from "./core";

export interface Room {
  id: string;
  channel: string;
  /** Milliseconds since 1970, by the publisher's clock. */
  opened: number;
  lang: string;
  title: string;
  rules: string[];
  /** Only who has a ticket can write. */
  tickets: boolean;
  /** Notes of one writer and day; days that notes are kept. */
  per_day: number;
  days: number;
  /** The item that is talked about. */
  under: string | null;
  closed: boolean;
  /** Notes that are here. */
  notes: number;
}

export interface Writer {
  name: string;
  /** Colours of the bead: rim and middle. */
  bead: [string, string];
}

/** Some fields are there only where what is answered is here and may be shown. */
export interface Answered extends Partial<Writer> {
  id: string;
  here: boolean;
  text: string | null;
}

export interface Line extends Writer {
  id: string;
  state: "purged" | "waiting" | "banned" | "early" | "beyond" | "hidden" | "shown";
  time: number;
  /** The writer's key in this room. */
  key: string;
  own: boolean;
  muted: boolean;
  /** Has a word that the reader does not want to see here. */
  avoided: boolean;
  pinned: boolean;
  /** Its words were taken back. */
  back: boolean;
  lane: boolean;
  replies: number;
  flags: number;
  /** Null where it is not shown without asking. */
  text: string | null;
  /** Why it is hidden: the numbers of docs/spec/rooms.md. */
  grounds: number[];
  parent: Answered | null;
}

/** Why nothing can be said now; empty where something can. */
export type Barred = "" | "closed" | "clock" | "needs-ticket" | "banned" | "used-up";

export interface Me extends Writer {
  left: number;
  allowed: number;
  barred: Barred;
  ticket: boolean;
  member: boolean;
}

export interface RoomPage {
  room: Room;
  total: number;
  from: number;
  bytes: number;
  lines: Line[];
  pinned: Line[];
  /** The day of the newest digest, counted from 1970. */
  digest_day: number;
  digest: Line[];
  me: Me | null;
}

/** What the page asks of rooms. */
export type RoomWish =
  | { wish: "list"; channel: string }
  /** Lines from one on, beyond the last the newest; or around a note. */
  | { wish: "page"; room: string; language: string; from: number; count: number; note: string }
  | { wish: "note"; room: string; language: string; note: string }
  | { wish: "search"; room: string; language: string; query: string; count: number }
  | { wish: "say"; room: string; parent: string; words: string }
  | { wish: "back" | "flag"; room: string; note: string }
  | { wish: "mute"; room: string; key: string; muted: boolean }
  /** Words that the reader does not want to see, whatever stands between them. */
  | { wish: "avoid"; room: string; words: string }
  | { wish: "ticket"; room: string; word: string };

/** What became of something that was said. */
export interface Said {
  /** Why nothing came of it; null where it is signed and kept. */
  refused: string | null;
}

export interface RoomAnswers {
  list: Room[];
  /** Null where no such room is to be seen. `exchanged`: when a source last answered, in this session. */
  page: (RoomPage & { checking: boolean; exchanged: number | null; full: boolean; avoided: string }) | null;
  note: Line | null;
  search: { total: number; lines: Line[] };
  say: Said;
  back: Said;
  flag: Said;
  mute: null;
  avoid: null;
  ticket: Said;
}

/** What came of a sheaf. */
export interface TakenNotes {
  /** How many notes are in it, and the ID of the last one. */
  notes: number;
  last: string;
  taken: number;
  known: number;
  refused: { code: string; count: number }[];
}

export class Rooms extends Module {
  /** Starts from the bytes of `rooms`. */
  static async load(bytes: BufferSource): Promise<Rooms> {
    return new Rooms((await WebAssembly.instantiate(bytes, {})).instance);
  }

  /** Takes in what the core holds of a channel's rooms; `clock`: what time it is by the channel. */
  record(channel: string, record: Uint8Array, clock: number | null): Room[] {
    return this.json<{ rooms: Room[] }>("record", [channel, record, `${clock ?? ""}`, now()]).rooms;
  }

  forget(channel: string): void {
    this.json("forget", [channel]);
  }

  /** Takes in some notes of a sheaf; `isKept`: from where they were written down. */
  take(room: string, sheaf: Uint8Array, from: number, count: number, isKept: boolean): TakenNotes {
    return this.json("take", [room, sheaf, now()], [from, count, isKept ? 1 : 0]);
  }

  settle(room: string): void {
    this.json("settle", [room, now()]);
  }

  changes(room: string): { day: number; all: boolean }[] {
    return this.json<{ days: { day: number; all: boolean }[] }>("changes", [room]).days;
  }

  /** Sheaves of what is to be written down of a day. */
  changed(room: string, day: number): Uint8Array[] {
    return sheaves((from) => this.bytes("changed", [room], [day, from]));
  }

  written(room: string, day: number): void {
    this.json("written", [room], [day]);
  }

  /** What to do about each day on which a node holds other notes, and about one of the others, which nobody can foresee. */
  days(room: string, days: Uint8Array): { day: number; what: "ask" | "give" | "reconcile" }[] {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
    return this.json<{ days: { day: number; what: "ask" | "give" | "reconcile" }[] }>("days", [room, days], [random]).days;
  }

  list(room: string, list: Uint8Array): { path: string; name: string; bytes: number }[] {
    return this.json<{ sheaves: { path: string; name: string; bytes: number }[] }>("list", [room, list]).sheaves;
  }

  /** Our notes of a day. */
  sheaves(room: string, day: number): Uint8Array[] {
    return sheaves((from) => this.bytes("sheaf", [room], [day, from]));
  }

  reconcile(room: string, salt: Uint8Array, day: number): void {
    this.json("reconcile", [room, salt], [day]);
  }

  symbols(room: string, symbols: Uint8Array): { done: boolean; symbols: number; theirs: number; ours: number } {
    return this.json("symbols", [room, symbols]);
  }

  wanted(room: string, from: number): Uint8Array {
    return this.bytes("wanted", [room], [from]);
  }

  /** What the node lacks. */
  lacking(room: string): Uint8Array[] {
    return sheaves((from) => this.bytes("lacking", [room], [from]));
  }

  writer(room: string, seed: Uint8Array, ticket: string): void {
    this.json("writer", [room, seed, ticket]);
  }

  mute(room: string, keys: Uint8Array): void {
    this.json("mute", [room, keys]);
  }

  avoid(room: string, words: string): void {
    this.json("avoid", [room, words]);
  }

  say(room: string, parent: string, words: string): void {
    this.json("say", [room, parent, words, now()]);
  }

  takeBack(room: string, note: string): void {
    this.json("take_back", [room, note, now()]);
  }

  flag(room: string, note: string): void {
    this.json("flag", [room, note, now()]);
  }

  page(room: string, note: string, language: string, from: number, count: number): RoomPage {
    return this.json("page", [room, note, language, now()], [from, count]);
  }

  note(room: string, note: string, language: string): Line {
    return this.json<{ line: Line }>("note", [room, note, language, now()]).line;
  }

  search(room: string, query: string, language: string, count: number): { total: number; lines: Line[] } {
    return this.json("search", [room, query, language, now()], [count]);
  }
}

/** Where a sheaf says how many notes it holds. */
const COUNT_AT = 40;

/** One sheaf after the other, until one is empty. */
function sheaves(from: (place: number) => Uint8Array): Uint8Array[] {
  const made: Uint8Array[] = [];
  for (let place = 0; ; ) {
    const sheaf = from(place);
    if (sheaf.length === 0) {
      return made;
    }
    made.push(sheaf);
    place += new DataView(sheaf.buffer, sheaf.byteOffset).getUint32(COUNT_AT, true);
  }
}

function now(): string {
  return `${Date.now()}`;
}
