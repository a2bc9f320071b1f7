// What page, worker and service worker say to each other. Plain values only: whoever shows them decides nothing.

/** One language of an item. `html` comes with a single item only, made by the core. */
export interface Variant {
  lang: string;
  origin: "original" | "human" | "machine";
  title: string;
  text: string;
  html?: string;
}

/** One encoding of the same thing. */
export interface Rendition {
  name: string;
  blob: string;
  size: number;
  mime: string;
  ms: number;
  width: number;
  height: number;
  /** The file stands in the item itself. */
  inline: boolean;
  groups: "none" | "inline" | "blob";
}

export type Status = "shown" | "unconfirmed" | "disputed" | "retracted" | "refused";

export interface Item {
  id: string;
  channel: string;
  log: string;
  seq: number;
  kind: "post" | "media" | "notice";
  /** Milliseconds since 1970 UTC, as the newsroom signed it. */
  time: number;
  status: Status;
  why: string | null;
  corrects: string | null;
  variants: Variant[];
  renditions: Rendition[];
}

export interface FeedPage {
  items: Item[];
  cursor: string | null;
}

export interface Address {
  channel: string;
  digits: string;
  hints: string[];
  written: string;
}

/** A channel as the core knows it; `name` is null until its first charter has come. */
export interface Channel {
  id: string;
  digits: string;
  name: string | null;
  address: string | null;
  charter: number;
  delegates: number;
  last_word: number | null;
  items: number;
  holes: number;
  /** Two valid charters claim the next number. */
  stopped: boolean;
}

/** Why something a source gave was refused. */
export interface Refusal {
  what: string;
  code: string;
  why: string;
}

export interface Source {
  url: string;
  /** Milliseconds since 1970 UTC of its last good answer in this session. */
  answered: number | null;
  aside: Refusal | null;
}

export type Storage = "kept" | "memory";

export interface State {
  phase: "starting" | "elsewhere" | "ready" | "failed";
  storage: Storage;
  syncing: boolean;
  channels: Channel[];
  sources: Source[];
  /** Entries of the journals that did not verify any more when they were read. */
  damaged: Refusal[];
}

/** How much of a blob is here: ranges of bytes, ascending, apart. */
export interface Holding {
  blob: string;
  size: number;
  ranges: [number, number][];
  doing: "nothing" | "bringing" | "waiting" | "damaged" | "full";
}

export interface Usage {
  text: number;
  sound: number;
  video: number;
  photo: number;
  other: number;
}

/** A channel that was looked up and may be followed. */
export interface Found {
  address: Address;
  channel: Channel;
  followed: boolean;
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
  search: { in: { query: string; count: number }; out: Item[] };
  holding: { in: { item: string; index: number }; out: Holding };
  bring: { in: { item: string; index: number }; out: null };
  pause: { in: { item: string; index: number }; out: null };
  whole: { in: { item: string; index: number }; out: ArrayBuffer };
  remove: { in: { item: string; index: number }; out: null };
  sync: { in: null; out: null };
  usage: { in: null; out: Usage };
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
  | { event: "holding"; holding: Holding };

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
