// One media element that is fed with checked segments (Media Source Extensions). It knows where a segment belongs by the time that
// was signed: what stands in the file may begin anew whenever an encoder comes back.

import type { LiveAnswers, Part } from "../../shared/live";

export type Segment = NonNullable<LiveAnswers["segment"]>;
export type Init = NonNullable<LiveAnswers["init"]>;

/** How far what was played stays, for going back a little without asking anybody. */
const BEHIND_S = 30;
/** Times closer than this are the same: rounding must not move a segment against its neighbour. */
const SAME_S = 0.05;
/** What may lie between the place where one plays and what is buffered there. */
const TOUCH_S = 0.25;

/** This browser does not play what a rendition holds. */
export class Unplayable extends Error {}

export class Deck {
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #url = "";
  #codecs = "";
  #init = "";
  /** Where the next segment begins, in milliseconds since the broadcast began. */
  next = 0;
  /** The rendition that was fed last. */
  track: string | null = null;

  constructor(
    readonly media: HTMLMediaElement,
    readonly kind: "video" | "audio",
  ) {}

  /** Begins anew at a time: nothing of what was buffered counts any more. */
  reset(at: number): void {
    this.clear();
    [this.next, this.track] = [at, null];
  }

  clear(): void {
    this.media.pause();
    [this.#source, this.#buffer, this.#codecs, this.#init] = [null, null, "", ""];
    if (this.#url) {
      URL.revokeObjectURL(this.#url);
      this.#url = "";
      this.media.removeAttribute("src");
      this.media.load();
    }
  }

  get isEmpty(): boolean {
    return this.media.buffered.length === 0;
  }

  /** How much is buffered from a time on, in milliseconds. */
  ahead(at: number): number {
    const { buffered } = this.media;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= at / 1000 + TOUCH_S && at / 1000 < buffered.end(index)) {
        return Math.max(0, buffered.end(index) * 1000 - at);
      }
    }
    return 0;
  }

  /** Moves the needle, a little later where the first picture begins a little later. */
  seek(at: number): void {
    const { buffered } = this.media;
    const starts = Array.from({ length: buffered.length }, (_, index) => buffered.start(index));
    const later = starts.find((start) => start > at / 1000 && start <= at / 1000 + TOUCH_S);
    this.media.currentTime = later ?? at / 1000;
  }

  async append(part: Part, init: Init, { us, bytes }: Segment): Promise<void> {
    const buffer = await this.#ready(init.codecs);
    if (this.#init !== part.init) {
      await fed(buffer, init.bytes);
      this.#init = part.init;
    }
    const offset = us === null ? buffer.timestampOffset : part.start / 1000 - us / 1e6;
    if (Math.abs(buffer.timestampOffset - offset) > SAME_S) {
      buffer.timestampOffset = offset;
    }
    try {
      await fed(buffer, bytes);
    } catch (error) {
      if ((error as DOMException).name !== "QuotaExceededError") {
        throw error;
      }
      await this.#forget(0);
      await fed(buffer, bytes);
    }
    this.next = part.start + part.ms;
    await this.#forget(BEHIND_S);
  }

  async #ready(codecs: string): Promise<SourceBuffer> {
    const type = `${this.kind}/mp4; codecs="${codecs}"`;
    if (!codecs || !MediaSource.isTypeSupported(type)) {
      throw new Unplayable(type);
    }
    if (!this.#source) {
      const source = new MediaSource();
      this.#source = source;
      this.#url = URL.createObjectURL(source);
      const opened = new Promise((open) => source.addEventListener("sourceopen", open, { once: true }));
      this.media.src = this.#url;
      await opened;
    }
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(type);
    } else if (this.#codecs !== codecs) {
      this.#buffer.changeType(type);
    }
    this.#codecs = codecs;
    return this.#buffer;
  }

  /** Lets go of what was played so many seconds ago. */
  async #forget(seconds: number): Promise<void> {
    const until = this.media.currentTime - seconds;
    const first = this.media.buffered.length > 0 ? this.media.buffered.start(0) : until;
    if (this.#buffer && until - first > seconds / 2 && until > 0) {
      const done = ended(this.#buffer);
      this.#buffer.remove(0, until);
      await done;
    }
  }
}

async function fed(buffer: SourceBuffer, bytes: ArrayBuffer): Promise<void> {
  const done = ended(buffer);
  buffer.appendBuffer(bytes);
  await done;
}

function ended(buffer: SourceBuffer): Promise<void> {
  return new Promise((done, failed) => {
    const over = () => {
      buffer.removeEventListener("updateend", over);
      buffer.removeEventListener("error", broken);
      done();
    };
    const broken = () => {
      buffer.removeEventListener("updateend", over);
      buffer.removeEventListener("error", broken);
      failed(new Unplayable("the browser cannot read it"));
    };
    buffer.addEventListener("updateend", over);
    buffer.addEventListener("error", broken);
  });
}
