// Rooms: answers the page, and brings and gives notes at each round. A script of its own, which is loaded with the first room.

import { CoreError, orNull, type Core } from "../shared/core";
import { type Room, type RoomAnswers, type RoomWish, Rooms, type Said } from "../shared/rooms";
import type { Disk } from "./disk";
import { loadModule } from "./reading";
import { Exchange } from "./room-exchange";
import { RoomFiles, ROOMS } from "./room-files";
import { fromHex } from "./segments";
import type { Sources } from "./sources";

const MODULE = "rooms.lzma";
/** Notes that are checked at once: whatever else the worker is asked waits meanwhile. */
const CHECKED_AT_ONCE = 64;
/** How often the page hears of what was checked, while much is. */
const NEWS_MS = 1_000;
/** How long sources are left alone while somebody looks at a room, unless he says something. */
const AGAIN_MS = 15_000;

export interface RoomParts {
  core: Core;
  disk: Disk;
  sources: Sources;
  folder: string;
  /** The channels that are followed. */
  channels: () => string[];
  /** Asks the sources of all channels for newer words. */
  round: () => Promise<void>;
  /** Something is to be shown anew. */
  news: () => void;
}

let module: Promise<Rooms> | null = null;
const talks = new Map<string, Promise<Talk>>();
/** What of each channel the module has heard. */
const heard = new Map<string, { mark: string; rooms: Room[] }>();
let isClosed = false;

/** Answers the page. */
export async function answer(parts: RoomParts, wish: RoomWish): Promise<RoomAnswers[RoomWish["wish"]]> {
  const rooms = await loaded(parts);
  if (wish.wish === "list") {
    heard.delete(wish.channel);
    return hear(rooms, parts, wish.channel);
  }
  const found = find(rooms, parts, wish.room);
  return found ? (await open(rooms, parts, found)).answer(wish) : null;
}

/** Exchanges notes of all rooms that were opened once on this device. */
export async function round(parts: RoomParts): Promise<void> {
  const rooms = await loaded(parts);
  for (const { path } of await parts.disk.list(ROOMS)) {
    const found = path.endsWith("/own") && find(rooms, parts, path.split("/")[2] ?? "");
    found && (await (await open(rooms, parts, found)).exchange());
  }
}

/** Removes the rooms of a channel that is not followed any more, with the keys. */
export async function forget({ disk }: RoomParts, channel: string): Promise<void> {
  const known = heard.get(channel)?.rooms ?? [];
  heard.delete(channel);
  for (const { id } of known) {
    const opening = talks.get(id);
    talks.delete(id);
    await (await opening?.catch(() => null))?.close();
  }
  (await module)?.forget(channel);
  for (const { path } of await disk.list(`${ROOMS}/${channel}`)) {
    await disk.remove(path);
  }
}

/** Writes nothing more, before everything is deleted. */
export async function close(): Promise<void> {
  isClosed = true;
  await Promise.all([...talks.values()].map((opening) => opening.then((talk) => talk.close(), () => undefined)));
}

function loaded(parts: RoomParts): Promise<Rooms> {
  module ??= loadModule(parts.folder, MODULE).then((bytes) => Rooms.load(bytes));
  module.catch(() => (module = null));
  return module;
}

/** The rooms of a channel; what the core holds of them is handed over whenever it may have changed. */
function hear(rooms: Rooms, { core }: RoomParts, channel: string): Room[] {
  const { items, charter, last_word, stopped } = core.channel(channel);
  const mark = JSON.stringify([items, charter, last_word, stopped]);
  const known = heard.get(channel);
  if (known?.mark !== mark) {
    heard.set(channel, { mark, rooms: rooms.record(channel, core.rooms(channel), last_word) });
  }
  return heard.get(channel)?.rooms ?? [];
}

function find(rooms: Rooms, parts: RoomParts, id: string): Room | undefined {
  return parts.channels().flatMap((channel) => hear(rooms, parts, channel)).find((room) => room.id === id);
}

function open(rooms: Rooms, parts: RoomParts, room: Room): Promise<Talk> {
  let opening = talks.get(room.id);
  if (!opening) {
    opening = Talk.open(rooms, parts, room);
    talks.set(room.id, opening);
    opening.catch(() => talks.delete(room.id));
  }
  return opening;
}

/** One room that is open. */
class Talk {
  #checking = true;
  #exchanging: Promise<void> | null = null;
  #isClosed = false;
  #full = false;
  /** What of the notes is not on the phone yet. */
  #unwritten: { day: number; all: boolean; sheaves: Uint8Array[] }[] = [];
  #nextNews = 0;
  #nextExchange = Number.POSITIVE_INFINITY;
  readonly #exchange: Exchange;

  private constructor(
    private readonly rooms: Rooms,
    private readonly parts: RoomParts,
    private readonly room: Room,
    private readonly files: RoomFiles,
  ) {
    this.#exchange = new Exchange(rooms, parts, room, (sheaf) => this.#take(sheaf, false));
  }

  static async open(rooms: Rooms, parts: RoomParts, room: Room): Promise<Talk> {
    const files = await RoomFiles.open(parts.disk, room);
    const talk = new Talk(rooms, parts, room, files);
    rooms.writer(room.id, fromHex(files.own.seed), files.own.ticket);
    rooms.mute(room.id, fromHex(files.own.muted.join("")));
    rooms.avoid(room.id, files.own.avoided ?? "");
    void talk.#read();
    return talk;
  }

  async answer(wish: Exclude<RoomWish, { wish: "list" }>): Promise<RoomAnswers[RoomWish["wish"]]> {
    const { rooms, room } = this;
    switch (wish.wish) {
      case "page":
        return this.#page(wish);
      case "note":
        return orNull(() => rooms.note(room.id, wish.note, wish.language));
      case "search":
        return rooms.search(room.id, wish.query, wish.language, wish.count);
      case "say":
        return this.#sign(() => rooms.say(room.id, wish.parent, wish.words.normalize("NFC")));
      case "back":
        return this.#sign(() => rooms.takeBack(room.id, wish.note));
      case "flag":
        return this.#sign(() => rooms.flag(room.id, wish.note));
      case "mute":
        return this.#mute(wish.key, wish.muted);
      case "avoid":
        return this.#avoid(wish.words);
      case "ticket":
        return this.#useTicket(wish.word);
    }
  }

  /** Asks every source, and gives what it lacks; one that is under way is waited for. */
  exchange(): Promise<void> {
    this.#exchanging ??= this.#exchangeAll().finally(() => {
      this.#exchanging = null;
      this.parts.news();
    });
    return this.#exchanging;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.files.close();
  }

  #page({ language, from, count, note }: Extract<RoomWish, { wish: "page" }>): RoomAnswers["page"] {
    if (Date.now() > this.#nextExchange) {
      this.#nextExchange = Date.now() + AGAIN_MS;
      void this.parts.round().then(() => this.exchange());
    }
    const { rooms, room } = this;
    const page = orNull(() => rooms.page(room.id, note, language, from, count)) ?? orNull(() => rooms.page(room.id, "", language, from, count));
    return page && { ...page, checking: this.#checking, exchanged: this.#exchange.exchanged, full: this.#full, avoided: this.files.own.avoided ?? "" };
  }

  /** What is kept is checked once more, the newest days first. */
  async #read(): Promise<void> {
    for (const day of await this.files.days()) {
      for (const sheaf of await this.files.read(day)) {
        await this.#take(sheaf, true).catch(() => undefined);
      }
    }
    this.#checking = false;
    this.rooms.settle(this.room.id);
    await this.#write();
    this.parts.news();
    await this.exchange();
  }

  async #exchangeAll(): Promise<void> {
    this.#nextExchange = Date.now() + AGAIN_MS;
    if (!this.#checking && !this.#isClosed) {
      await this.#exchange.all();
      await this.#write();
    }
  }

  /** Takes in the notes of a sheaf, some at a time; gives the ID of its last one. */
  async #take(sheaf: Uint8Array, isKept: boolean): Promise<string> {
    for (let from = 0; ; from += CHECKED_AT_ONCE) {
      const { notes, last, taken } = this.rooms.take(this.room.id, sheaf, from, CHECKED_AT_ONCE, isKept);
      if (taken > 0 && Date.now() > this.#nextNews) {
        this.#nextNews = Date.now() + NEWS_MS;
        this.parts.news();
      }
      if (from + CHECKED_AT_ONCE >= notes) {
        isKept || (this.rooms.settle(this.room.id), await this.#write());
        return last;
      }
      await new Promise((done) => setTimeout(done));
    }
  }

  async #write(): Promise<void> {
    if (this.#isClosed || isClosed) {
      return;
    }
    try {
      // A day of which a part is read only must not be written anew.
      const changes = this.rooms.changes(this.room.id).filter(({ all }) => !all || !this.#checking);
      for (const { day, all } of changes) {
        this.#unwritten.push({ day, all, sheaves: this.rooms.changed(this.room.id, day) });
        this.rooms.written(this.room.id, day);
      }
      for (let next = this.#unwritten.shift(); next !== undefined; next = this.#unwritten.shift()) {
        try {
          await this.files.write(next.day, next.sheaves, next.all);
        } catch (failure) {
          // A phone that is full now may have room later: what it did not take is tried again with the next notes.
          this.#unwritten.unshift(next);
          throw failure;
        }
      }
      this.#full = false;
    } catch {
      // What a full phone does not take is shown all the same.
      this.#full = true;
    }
  }

  /** What is signed is written down before anybody gets it. */
  async #sign(sign: () => void): Promise<Said> {
    const refused = refusal(sign);
    if (refused === null) {
      await this.#write();
      this.parts.news();
      void (this.#exchanging ?? Promise.resolve()).then(() => this.exchange());
    }
    return { refused: refused ?? (this.#full ? "full" : null) };
  }

  async #mute(key: string, muted: boolean): Promise<null> {
    const others = this.files.own.muted.filter((one) => one !== key);
    await this.files.keepOwn({ muted: muted ? [...others, key] : others });
    this.rooms.mute(this.room.id, fromHex(this.files.own.muted.join("")));
    this.parts.news();
    return null;
  }

  async #avoid(words: string): Promise<null> {
    await this.files.keepOwn({ avoided: words });
    this.rooms.avoid(this.room.id, words);
    this.parts.news();
    return null;
  }

  async #useTicket(word: string): Promise<Said> {
    const refused = refusal(() => this.rooms.writer(this.room.id, fromHex(this.files.own.seed), word));
    if (refused === null) {
      await this.files.keepOwn({ ticket: word });
      this.parts.news();
    }
    return { refused };
  }
}

/** Why the module did nothing; null where it did. */
function refusal(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof CoreError) {
      return error.code;
    }
    throw error;
  }
}
