// Broadcasts: follows the edge of those that somebody looks at, brings their segments, and keeps what was checked.

import type { Core } from "../shared/core";
import { Live, type LiveAnswers, type LiveView, type LiveWish, type Part } from "../shared/live";
import { blobFile } from "./blob-file";
import type { Disk } from "./disk";
import { loadModule } from "./reading";
import { LIVE, Segments, fromHex } from "./segments";
import type { Sources } from "./sources";

const MODULE = "live.lzma";
/** How long a broadcast is followed after somebody asked last how it stands. */
const FOLLOWED_MS = 10_000;
/** How often sources are asked for the newest ticks. */
const EDGE_MS = 400;
/** How often they are asked for newer words while it runs: roll-ups come once a minute. */
const ROUND_MS = 15_000;
/** How many segments come at once besides the one that is played next. */
const FILLS_AT_ONCE = 2;
/** How long nothing is asked for again that nobody had, at first and at most. */
const AGAIN_MS_MIN = 1_000;
const AGAIN_MS_MAX = 16_000;
/** How many missing segments are looked at, at first and where none of these can be had. */
const WANTS_COUNT = 24;
const WANTS_COUNT_MAX = 1_000;
const IDLE_MS = 250;
/** How often the newest ticks are written down: a browser that is killed loses no more. */
const WRITE_MS = 10_000;

interface Parts {
  core: Core;
  disk: Disk;
  sources: Sources;
  folder: string;
  /** Asks the sources of all channels for newer words. */
  round: () => Promise<void>;
}

let module: Promise<Live> | null = null;
const broadcasts = new Map<string, Promise<Broadcast>>();

/** Answers the page. */
export async function answer(parts: Parts, item: string, wish: LiveWish): Promise<unknown> {
  module ??= loadModule(parts.folder, MODULE).then((bytes) => Live.load(bytes));
  module.catch(() => (module = null));
  const live = await module;
  let opening = broadcasts.get(item);
  if (!opening) {
    opening = Broadcast.open(live, parts, item);
    broadcasts.set(item, opening);
    opening.catch(() => broadcasts.delete(item));
  }
  return (await opening).answer(wish);
}

/** Whether the page of a broadcast is open. */
export async function isFollowed(item: string): Promise<boolean> {
  return (await broadcasts.get(item)?.catch(() => null))?.isFollowed ?? false;
}

/** Lets go of the files of one. */
export async function forget(item: string): Promise<void> {
  const opening = broadcasts.get(item);
  broadcasts.delete(item);
  (await opening?.catch(() => null))?.close();
}

/** Lets go of every file, before all of them are deleted. */
export async function close(): Promise<void> {
  const all = [...broadcasts.values()];
  broadcasts.clear();
  await Promise.all(all.map((opening) => opening.then((broadcast) => broadcast.close(), () => undefined)));
}

class Broadcast {
  #stream = "";
  /** How it stood when the page asked last. */
  #last: LiveView | null = null;
  /** How many items of the channel were here when the record was read last. */
  #items = -1;
  #asked = 0;
  #fill: string[] = [];
  isFollowed = false;
  #isSeen = true;
  #isClosed = false;
  #full = false;
  #nextRound = 0;
  #nextWrite = 0;
  readonly #askedForEdge = new Set<string>();
  readonly #coming = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>();
  readonly #failed = new Map<string, { until: number; pause: number }>();

  private constructor(
    private readonly live: Live,
    private readonly parts: Parts,
    private readonly item: string,
    private readonly channel: string,
    private readonly segments: Segments,
  ) {}

  static async open(live: Live, parts: Parts, item: string): Promise<Broadcast> {
    const { channel } = parts.core.item(item);
    const segments = await Segments.open(parts.core, parts.disk, item);
    const broadcast = new Broadcast(live, parts, item, channel, segments);
    broadcast.#readRecord();
    live.hold(item, segments.hashes());
    await broadcast.#readEdge();
    return broadcast;
  }

  async answer(wish: LiveWish): Promise<LiveAnswers[LiveWish["wish"]]> {
    switch (wish.wish) {
      case "glance":
        this.#last?.phase !== "over" && this.#askForEdges();
        return this.#look();
      case "view":
        return this.#view(wish.fill);
      case "parts":
        return this.live.parts(this.item, wish.track, wish.from, wish.count);
      case "segment":
        return this.#segment(wish.part, wish.within);
      case "init":
        return this.#init(wish.part);
      case "save":
        return this.#save(wish.track);
      case "remove":
        return this.#remove();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.segments.close();
  }

  #view(fill: string[]): LiveAnswers["view"] {
    [this.#asked, this.#fill] = [Date.now(), fill];
    if (!this.isFollowed && !this.#isClosed) {
      this.isFollowed = true;
      void this.#follow();
    }
    return this.#look();
  }

  #look(): LiveAnswers["view"] {
    this.#readRecord();
    this.#last = this.live.view(this.item, Date.now());
    return this.#isSeen ? { ...this.#last, full: this.#full } : null;
  }

  /** What the core holds of it, whenever that may have changed. */
  #readRecord(): void {
    const { items } = this.parts.core.channel(this.channel);
    if (items === this.#items) {
      return;
    }
    this.#items = items;
    try {
      this.#stream = this.live.record(this.channel, this.item, this.parts.core.broadcast(this.item)).stream;
      this.#isSeen = true;
    } catch {
      // Taken back, or another one had its name before.
      this.#isSeen = false;
    }
  }

  /** Goes on as long as somebody looks. */
  async #follow(): Promise<void> {
    const fills = Array.from({ length: FILLS_AT_ONCE }, () => this.#bringMissing());
    while (this.#isLookedAt()) {
      this.#readRecord();
      if (this.#last?.phase !== "over") {
        this.#askForEdges();
        if (Date.now() >= this.#nextRound) {
          this.#nextRound = Date.now() + ROUND_MS;
          void this.parts.round();
        }
        if (Date.now() >= this.#nextWrite) {
          this.#nextWrite = Date.now() + WRITE_MS;
          await this.#writeEdge();
        }
      }
      await pause(EDGE_MS);
    }
    await Promise.all(fills);
    this.isFollowed = false;
    await this.#writeEdge();
  }

  #isLookedAt(): boolean {
    return !this.#isClosed && this.#isSeen && Date.now() < this.#asked + FOLLOWED_MS;
  }

  #askForEdges(): void {
    this.parts.sources.of(this.channel).forEach((url) => void this.#askForEdge(url));
  }

  /** Each source is asked by itself: one that takes its time holds up nobody. */
  async #askForEdge(url: string): Promise<void> {
    if (this.#askedForEdge.has(url)) {
      return;
    }
    this.#askedForEdge.add(url);
    const { core, sources } = this.parts;
    const path = `c/${this.channel}/live/${this.#stream}`;
    const next = this.#last?.next ?? 0;
    // A box leaves out what is known here; a mirror that is only files gives all it has.
    const asked = next > 0 ? `${path}?after=${next - 1}` : path;
    try {
      const bytes = await sources.fetch(url, asked, core.bytesMax(path)).catch(() => null);
      bytes && this.live.edge(this.item, bytes);
    } catch (error) {
      // It does not verify: whoever gives it is not asked any more.
      sources.setAside(url, { what: path, code: (error as { code?: string }).code ?? "refused" });
    } finally {
      this.#askedForEdge.delete(url);
    }
  }

  async #bringMissing(): Promise<void> {
    while (this.#isLookedAt()) {
      const part = this.#nextMissing(WANTS_COUNT) ?? this.#nextMissing(WANTS_COUNT_MAX);
      if (part) {
        await this.#bring(part);
      } else {
        await pause(IDLE_MS);
      }
    }
  }

  #nextMissing(count: number): Part | undefined {
    const now = Date.now();
    const missing = this.live.wants(this.item, this.#fill, count);
    return missing.find(({ blob }) => !this.#coming.has(blob) && (this.#failed.get(blob)?.until ?? 0) <= now);
  }

  /** A segment and what it plays behind; null where no source gives it now. */
  async #bring(part: Part): Promise<Uint8Array<ArrayBuffer> | null> {
    const init = await this.#file(part.init, part.init_size, part.start);
    const bytes = init && (await this.#file(part.blob, part.size, part.start));
    if (bytes) {
      this.#failed.delete(part.blob);
      this.live.hold(this.item, fromHex(part.init + part.blob));
    } else {
      const pause = Math.min(AGAIN_MS_MAX, 2 * (this.#failed.get(part.blob)?.pause ?? AGAIN_MS_MIN / 2));
      this.#failed.set(part.blob, { until: Date.now() + pause, pause });
    }
    return bytes;
  }

  /** A file from the disk or from a source; who asks for one that is coming waits for the same. */
  #file(hash: string, size: number, start: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const coming = this.#coming.get(hash);
    if (coming) {
      return coming;
    }
    const getting = this.#get(hash, size, start).finally(() => this.#coming.delete(hash));
    this.#coming.set(hash, getting);
    return getting;
  }

  async #get(hash: string, size: number, start: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const held = await this.segments.read(hash);
    if (held) {
      return held;
    }
    const { core, sources } = this.parts;
    for (const url of sources.ofBlob(this.channel, hash)) {
      const path = blobFile(hash);
      const bytes = await sources.fetch(url, path, size).catch(() => null);
      if (bytes && core.hash(bytes) === hash) {
        await this.#keep(start, hash, bytes);
        return bytes;
      }
      if (bytes) {
        sources.setAside(url, { what: path, code: "hash-mismatch" });
      }
    }
    return null;
  }

  /** What a full phone does not take is played all the same. */
  async #keep(start: number, hash: string, bytes: Uint8Array): Promise<void> {
    try {
      this.#isClosed || (await this.segments.write(start, hash, bytes));
      this.#full = false;
    } catch {
      this.#full = true;
    }
  }

  async #segment(part: Part, within: number): Promise<LiveAnswers["segment"]> {
    const failed = this.#failed.get(part.blob);
    if (failed && failed.until > Date.now() && failed.pause > AGAIN_MS_MIN) {
      return null;
    }
    const bytes = await Promise.race([this.#bring(part), pause(within).then(() => null)]);
    const init = bytes && (await this.#file(part.init, part.init_size, part.start));
    return init ? { us: this.live.begins(init, bytes), bytes: bytes.slice().buffer } : null;
  }

  async #init(part: Part): Promise<LiveAnswers["init"]> {
    const bytes = await this.#file(part.init, part.init_size, part.start);
    return bytes && { ...this.live.describe(bytes), bytes: bytes.slice().buffer };
  }

  /** Whatever is here of a rendition from its beginning to its first change of encoder. */
  async #save(track: string): Promise<Blob | null> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let init = "";
    for (let from = 0; ; ) {
      const parts = this.live.parts(this.item, track, from, WANTS_COUNT_MAX);
      for (const part of parts) {
        const bytes = part.init === init || init === "" ? await this.segments.read(part.blob) : null;
        const first = init === "" ? await this.segments.read(part.init) : null;
        first && pieces.push(first);
        bytes && pieces.push(bytes);
        init ||= part.init;
        from = part.start + part.ms;
      }
      if (parts.length === 0) {
        return pieces.length > 1 ? new Blob(pieces, { type: "video/mp4" }) : null;
      }
    }
  }

  async #remove(): Promise<null> {
    broadcasts.delete(this.item);
    this.#isClosed = true;
    await this.segments.remove();
    return null;
  }

  get #edgePath(): string {
    return `${LIVE}/${this.item}/edge`;
  }

  /** What was known last counts also where no source is there; what does not verify any more is nothing. */
  async #readEdge(): Promise<void> {
    if (!(await this.parts.disk.exists(this.#edgePath))) {
      return;
    }
    const file = await this.parts.disk.open(this.#edgePath);
    try {
      this.live.edge(this.item, await file.read(0, file.size()));
    } catch {
      // A browser that was killed may have torn it.
    } finally {
      file.close();
    }
  }

  async #writeEdge(): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    try {
      const file = await this.parts.disk.open(this.#edgePath);
      const bytes = this.live.keptEdge(this.item);
      file.write(0, bytes);
      file.truncate(bytes.length);
      await file.flush();
      file.close();
    } catch {
      this.#full = true;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
