// Sources: base addresses under which a tree stands. None is believed; one that gives what does not fit is left alone.

import { PRIVATELY, type Refusal, type Source } from "../shared/protocol";
import { readUpTo } from "../shared/read";
import { REDIRECTED, fetchNear, isNear } from "./near";

/** The most that a phone takes of one object before it is looked at. Packs of 512 items and more may be longer. */
export const OBJECT_BYTES_MAX = 64 << 20;
/** A source that gives less than this for so long is left: one that drips would hold everything up for hours. */
const SILENCE_MS_MAX = 20_000;
const PROGRESS_BYTES_MIN = 4 << 10;
/** Sources of one channel: the app's own, those of its address. */
const SOURCES_MAX = 16;

/** The source does not have the object. */
export class Missing extends Error {}

/** Something else than the source answered, or the source sent us on. Both say nothing about what it holds. */
export class NotItself extends Error {
  constructor(readonly excuse: NonNullable<Source["excuse"]>) {
    super(excuse);
  }
}

/** The source's file ends before the part that was asked for. */
export class Short extends Missing {}

/** The source gave more, or another part, than was asked for. */
export class Unfit extends Error {
  constructor(
    readonly code: "too-long" | "other-part",
  ) {
    super(code);
  }
}

export interface Range {
  from: number;
  to: number;
}

/** Gives objects of the tree, whole or in part; `from` says which of several sources is asked. */
export interface Giver {
  fetch(from: string, path: string, bytesMax: number, range?: Range): Promise<Uint8Array<ArrayBuffer>>;
}

interface Known extends Omit<Source, "forAll"> {
  /** The channels it is asked for; all where it came with the app. */
  channels: Set<string> | null;
  /** Blobs that it does not have, or gave damaged. */
  without: Set<string>;
}

export class Sources implements Giver {
  readonly #known = new Map<string, Known>();
  /** A source was set aside. */
  onAside: () => void = () => undefined;

  constructor(appFolder: string) {
    this.#add(new URL("..", appFolder).href, null);
  }

  /** Names a further source of a channel; anything but a web address is passed over. */
  hint(channel: string, hint: string): void {
    const url = webAddress(hint);
    if (url) {
      this.#add(url, channel);
    }
  }

  /** Adds a box near by, for every channel: its address as people type it. False where it is none. */
  box(typed: string): boolean {
    const text = typed.trim();
    const url = webAddress(/^https?:\/\//i.test(text) ? text : `http://${text}`);
    if (url) {
      this.#add(url, null);
    }
    return url !== null;
  }

  list(): Source[] {
    return [...this.#known.values()].map(({ url, answered, excuse, aside, channels }) => ({ url, answered, excuse, aside, forAll: !channels }));
  }

  /** What another tab knew in this session: boxes near by, and who gave what does not fit. */
  inherit(list: Source[]): void {
    for (const { url, answered, aside, forAll } of list) {
      forAll && this.#add(url, null);
      const source = this.#known.get(url);
      if (source) {
        [source.answered, source.aside] = [answered, aside];
      }
    }
  }

  /** Those to ask for a channel now. */
  of(channel: string): string[] {
    const fit = [...this.#known.values()].filter((source) => !source.aside && isFor(source, channel));
    return fit.map((source) => source.url);
  }

  /** Those to ask for a blob of a channel now, the ones that gave something lately first. */
  ofBlob(channel: string, blob: string): string[] {
    const urls = this.of(channel).filter((url) => !this.#known.get(url)?.without.has(blob));
    return urls.sort((a, b) => (this.#known.get(b)?.answered ?? 0) - (this.#known.get(a)?.answered ?? 0));
  }

  /** Leaves a source alone for this session. */
  setAside(url: string, refusal: Refusal): void {
    const source = this.#known.get(url);
    if (source && !source.aside) {
      source.aside = refusal;
      this.onAside();
    }
  }

  lacks(url: string, blob: string): void {
    this.#known.get(url)?.without.add(blob);
  }

  /** What was missing may have come by now. */
  hopeAgain(): void {
    this.#known.forEach((source) => source.without.clear());
  }

  /** Fetches a whole object of the tree, or a part of one. */
  async fetch(url: string, path: string, bytesMax: number, range?: Range): Promise<Uint8Array<ArrayBuffer>> {
    const source = this.#known.get(url);
    try {
      const bytes = await fetchObject(url + path, bytesMax, range);
      if (source) {
        [source.answered, source.excuse] = [Date.now(), null];
      }
      return bytes;
    } catch (error) {
      if (source && error instanceof NotItself) {
        source.excuse = error.excuse;
      }
      throw error;
    }
  }

  #add(url: string, channel: string | null): void {
    const known = this.#known.get(url);
    if (known) {
      channel ? known.channels?.add(channel) : (known.channels = null);
    } else if (this.#known.size < SOURCES_MAX) {
      const channels = channel ? new Set([channel]) : null;
      this.#known.set(url, { url, answered: null, excuse: null, aside: null, channels, without: new Set() });
    }
  }
}

function isFor(source: Known, channel: string): boolean {
  return source.channels === null || source.channels.has(channel);
}

/** A carrier's address as docs/spec/tree.md has it, with its closing slash; none for other kinds of carriers. */
function webAddress(hint: string): string | null {
  try {
    const url = new URL(hint);
    const isWeb = url.protocol === "https:" || url.protocol === "http:";
    // Chromium takes a space for a part of a host's name.
    const isHost = /^([\w.-]+|\[[0-9a-f:.]+\])$/i.test(url.hostname);
    if (!isWeb || !isHost || url.username || url.password || url.search || url.hash) {
      return null;
    }
    return url.href.endsWith("/") ? url.href : `${url.href}/`;
  } catch {
    return null;
  }
}

async function fetchObject(url: string, bytesMax: number, range?: Range): Promise<Uint8Array<ArrayBuffer>> {
  const silence = new Silence();
  try {
    const headers: Record<string, string> = range ? { range: `bytes=${range.from}-${range.to - 1}` } : {};
    const answer = await (isNear(url) ? fetchNear(url, headers, silence.signal) : fetch(url, { headers, signal: silence.signal, ...PRIVATELY }));
    return await body(answer, bytesMax, range, silence);
  } finally {
    silence.over();
  }
}

async function body(answer: Response, bytesMax: number, range: Range | undefined, silence: Silence) {
  if (answer.type === "opaqueredirect" || answer.status === REDIRECTED) {
    throw new NotItself("elsewhere");
  }
  if (answer.status === 200 && answer.headers.get("content-type")?.startsWith("text/html")) {
    // A network that wants a sign-in answers for everybody, and never in parts.
    void answer.body?.cancel();
    throw new NotItself("page");
  }
  if (answer.status === 416) {
    throw new Short("416");
  }
  if ([403, 404, 410].includes(answer.status)) {
    throw new Missing(`${answer.status}`);
  }
  if (answer.status !== 200 && answer.status !== 206) {
    throw new Error(`${answer.status}`);
  }
  if (!range || answer.status === 206) {
    checkPart(answer, range);
    return await readAll(answer, bytesMax, silence);
  }
  // The whole object came although a part was asked for: pass over what stands before it, and stop behind it.
  const bytes = await readAll(answer, range.to, silence, true);
  return bytes.slice(range.from, range.to);
}

/** A part must begin where it was asked for. A source may hide that header from pages; then the checks decide. */
function checkPart(answer: Response, range: Range | undefined): void {
  const said = answer.headers.get("content-range")?.match(/^bytes (\d+)-/);
  if (range && said && Number(said[1]) !== range.from) {
    throw new Unfit("other-part");
  }
}

async function readAll(answer: Response, bytesMax: number, silence: Silence, cut = false) {
  const { bytes, isTooLong } = await readUpTo(answer, bytesMax, (count) => silence.broken(count));
  if (isTooLong && !cut) {
    throw new Unfit("too-long");
  }
  return bytes;
}

/** Ends a request that nothing comes of. */
class Silence {
  readonly #stop = new AbortController();
  #timer = this.#wait();
  #bytes = 0;

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  broken(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= PROGRESS_BYTES_MIN) {
      this.#bytes = 0;
      clearTimeout(this.#timer);
      this.#timer = this.#wait();
    }
  }

  over(): void {
    clearTimeout(this.#timer);
  }

  #wait() {
    return setTimeout(() => this.#stop.abort(), SILENCE_MS_MAX);
  }
}
