// What page, worker and service worker say to each other. Plain values only: whoever shows them decides nothing.

import type { Address, Channel as KnownChannel, Feed as FeedPage, Item, Refused as Refusal } from "./core";
import type { LiveWish } from "./live";
import type { FaultCode } from "./release";
import type { RoomWish } from "./rooms";

export type { Rendition, Status, Variant } from "./core";
export type { Address, FeedPage, Item, Refusal };

/** A channel as readers see it; `name` is null until its first charter has come. */
export type Channel = Omit<KnownChannel, "name" | "address"> & { name: string | null; address: string | null };

export interface Source {
  url: string;
  /** Milliseconds since 1970 UTC of its last good answer in this session. */
  answered: number | null;
  /** What came in place of its last answer: a web page, or word to ask another address. */
  excuse: "page" | "elsewhere" | null;
  aside: Refusal | null;
  /** It is asked for every channel: the app's own website, or a box near by. */
  forAll: boolean;
}

/** The app at its website, or what is kept of it, is not what its makers signed. */
export interface Alarm {
  code: FaultCode;
  /** The file in question. */
  what: string;
  /** The running copy is kept here, and is what its makers signed. */
  isKept: boolean;
}

/** In private files; in the browser's database; nowhere beyond the session. */
export type Storage = "kept" | "database" | "memory";

export interface State {
  phase: "starting" | "elsewhere" | "ready" | "failed";
  storage: Storage;
  syncing: boolean;
  /** The last round could not write everything it got. */
  full: boolean;
  channels: Channel[];
  sources: Source[];
  /** Entries of the journals that did not verify any more when they were read. */
  damaged: Refusal[];
  alarm: Alarm | null;
}

/** How much of a blob is here: ranges of bytes, ascending, apart. */
export interface Holding {
  blob: string;
  size: number;
  ranges: [number, number][];
  /** `damaged`: thrown away, another source is asked; `spoiled`: thrown away, and no other source has it now. */
  doing: "nothing" | "bringing" | "waiting" | "damaged" | "spoiled" | "full";
}

export interface Usage {
  text: number;
  sound: number;
  video: number;
  photo: number;
  other: number;
}

/** Which of the photos, sounds and films go into a file that is handed on. */
export type FilesWanted = "all" | "without_films" | "none";

/** What a file brought that somebody handed over. */
export interface Opened {
  /** Null where it could be read; `failed` where nothing is known of it. */
  unreadable: "foreign" | "newer" | "failed" | null;
  /** The channels in it that are followed, and what was new of each. */
  channels: { channel: Channel; posts: number }[];
  /** Photos, sounds and films that are whole now and were not before. */
  files: number;
  /** The channels in it that are not followed: nothing of them was kept. */
  offers: Found[];
  /** What did not fit and was left out. */
  refused: Refusal[];
  /** The disk took less than the file brought. */
  full: boolean;
}

/** A channel that was looked up and may be followed. */
export interface Found {
  address: Address;
  channel: Channel;
  followed: boolean;
}

/** What a search gives; while it is learning, the same question gives more the next time. */
export interface SearchAnswer {
  items: Item[];
  isLearning: boolean;
}

/** Every request with its arguments and its answer. */
export interface Calls {
  address: { in: { text: string }; out: Address | null };
  look: { in: { text: string }; out: Found | null };
  follow: { in: { text: string }; out: null };
  forget: { in: { channel: string }; out: null };
  unfollow: { in: { channel: string }; out: null };
  feed: { in: { channel: string; cursor: string; count: number }; out: FeedPage };
  item: { in: { id: string }; out: Item | null };
  search: { in: { query: string; count: number }; out: SearchAnswer };
  holding: { in: { item: string; index: number }; out: Holding };
  bring: { in: { item: string; index: number }; out: null };
  pause: { in: { item: string; index: number }; out: null };
  whole: { in: { item: string; index: number }; out: ArrayBuffer };
  remove: { in: { item: string; index: number }; out: null };
  /** Of a broadcast; what comes of which wish: `LiveAnswers`. */
  live: { in: { item: string; wish: LiveWish }; out: unknown };
  /** Of rooms; what comes of which wish: `RoomAnswers`. */
  rooms: { in: RoomWish; out: unknown };
  sync: { in: null; out: null };
  /** Asks a box near by from now on, until the app is closed. False: this is no address. */
  box: { in: { typed: string }; out: boolean };
  handOn: { in: { channel: string; files: FilesWanted }; out: { file: Blob; left: number } };
  open: { in: { file: Blob }; out: Opened };
  heed: { in: null; out: null };
  usage: { in: null; out: Usage };
  /** Which media may stay; 0: as many as fit, for ever. Holds until the next call. */
  rules: { in: { days: number; bytes: number }; out: null };
  wipe: { in: null; out: null };
}

export type CallName = keyof Calls;

export interface Request {
  id: number;
  call: CallName;
  argument: unknown;
}

export type Answer = { id: number; result: unknown } | { id: number; failed: string };

/** What the worker says by itself. */
export type Event =
  | { event: "state"; state: State }
  | { event: "news" }
  /** Somebody wiped everything, in whichever tab. */
  | { event: "wiped" }
  | { event: "holding"; holding: Holding }
  /** How far the reading of a file is that somebody handed over, in bytes. */
  | { event: "opening"; done: number; size: number }
  /** The page is to fetch this; its answer goes to the port that comes along. */
  | { event: "near"; url: string; headers: Record<string, string> };

/** A request of the service worker that the page hands on to the worker, with a port for the answers. */
export interface MediaRequest {
  media: { item: string; index: number };
}

/** On that port: first what it is, then a piece for each range that was asked for. */
export type MediaAnswer = { size: number; mime: string } | { bytes: ArrayBuffer } | { failed: string };

export interface MediaRange {
  from: number;
  to: number;
}

/** The app's folder of media addresses that the service worker answers. */
export const MEDIA_FOLDER = "media/";

/** Where the phone's own list of apps hands files to the app, and the word with which the page asks the service worker for them. */
export const SHARED = "share";

/** Nothing of what is read goes to the source or into the browser's own cache, and nobody is asked who was not named. */
export const PRIVATELY: RequestInit = { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", redirect: "manual" };

/** What came of a request that the page made for its worker. */
export type NearAnswer = { failed: string } | { status: number; headers: [string, string][]; body: ReadableStream | null };
