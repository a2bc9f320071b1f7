// Plays a broadcast from what is here and what comes: for each moment the best picture that is to be had in time, a smaller one
// where it is not, the sound alone before anything stalls. Two decks: one with picture and sound, one with sound alone, so that
// the one takes over from the other without a pause.

import type { LiveAnswers, LiveView, LiveWish, Part, Track } from "../../shared/live";
import { Deck, type Init, Unplayable } from "./deck";

/** How much is buffered ahead. */
const AHEAD_MS_MAX = 20_000;
/** How often it looks whether there is something to do. */
const STEP_MS = 120;
/** What must be left to play for something to be worth waiting for. */
const RESERVE_MS = 700;
/** How long is waited for a segment, at least and at most. */
const WITHIN_MS_MIN = 250;
const WITHIN_MS_MAX = 4_000;
/** The same before anything plays. */
const WITHIN_MS_FIRST = 1_500;
/** A rendition that came too late so often in a row is left alone for a while: the line is too thin for it. */
const LATE_MAX = 2;
const LEFT_ALONE_MS = 8_000;
/** With so little left it stands still. */
const STILL_MS = 80;
/** With so little left the other deck takes over. */
const TAKE_OVER_MS = 200;
/** How much picture must be there for the sound to hand over to it. */
const PICTURE_MS_MIN = 1_500;
/** Segments that lie so close follow each other. */
const SPACE_MS = 500;
/** Rounding: a segment that ends so early behind a time is over by then. */
const OVER_MS = 60;
/** How long it waits in front of a hole that may fill, while live. */
const HOLE_MS = 2_500;
/** How far behind the newest segment's end it begins. */
const EDGE_MS = 1_300;
/** While live: whoever is farther behind than this does not catch up by hurrying, and goes to the edge. */
const BEHIND_MS_MAX = 6_000;
/** The same where nothing of the edge is here yet: it is fetched when one is there. */
const LOST_MS_MAX = 18_000;
/** While live: whoever always has this much left plays a little faster, until he has so little. */
const TOO_FAR_MS = 550;
const CLOSE_MS = 350;
const CATCH_UP_RATE = 1.06;
/** Over how long that is looked at. */
const LOW_WATER_MS = 6_000;

export interface Playing {
  /** Where, in milliseconds since the broadcast began. */
  at: number;
  /** What left to play is here without a hole. */
  left: number;
  /** The rendition that is heard; none before the first segment came. */
  track: string | null;
  isSound: boolean;
  isPaused: boolean;
  isWaiting: boolean;
  /** It goes with the broadcast, and does not play what was. */
  isLive: boolean;
}

type Ask = <Wish extends LiveWish>(wish: Wish) => Promise<LiveAnswers[Wish["wish"]]>;

export class Engine {
  readonly #picture: Deck;
  readonly #sound: Deck;
  readonly #ask: Ask;
  readonly #tell: (playing: Playing) => void;
  readonly #timer: number;
  readonly #inits = new Map<string, Init>();
  /** Renditions that this browser does not play. */
  readonly #unplayable = new Set<string>();
  readonly #late = new Map<string, { times: number; until: number }>();
  #view: LiveView | null = null;
  #active: Deck;
  #isPaused = true;
  #isLive = true;
  #isStepping = false;
  #isStarted = false;
  /** Where it will begin. */
  #from = 0;
  #stuckSince = 0;
  #lowest: { at: number; left: number }[] = [];
  /** Counts up with every jump: what was asked for before it is not played behind it. */
  #jumps = 0;
  /** The tallest picture that is wanted; 0: sound alone. */
  heightMax = Number.POSITIVE_INFINITY;

  constructor(video: HTMLMediaElement, audio: HTMLMediaElement, ask: Ask, tell: (playing: Playing) => void) {
    [this.#picture, this.#sound] = [new Deck(video, "video"), new Deck(audio, "audio")];
    [this.#ask, this.#tell, this.#active] = [ask, tell, this.#picture];
    this.#timer = window.setInterval(() => this.#soon(), STEP_MS);
  }

  /** What is known of the broadcast now. */
  set view(view: LiveView) {
    this.#view = view;
  }

  get at(): number {
    return this.#isStarted ? this.#active.media.currentTime * 1000 : this.#from;
  }

  /** Plays from a time on, or at the edge. */
  play(from: number | "edge" | "here"): void {
    this.#isPaused = false;
    if (from === "edge") {
      this.#isLive = true;
      this.#jump(this.#edge());
    } else if (from !== "here" || !this.#isStarted) {
      this.#isLive = false;
      this.#jump(from === "here" ? 0 : from);
    } else {
      void this.#active.media.play().catch(() => undefined);
    }
    this.#soon();
  }

  pause(): void {
    this.#isPaused = true;
    // Whoever stops falls behind, and goes on where he stopped.
    this.#isLive = false;
    this.#active.media.pause();
    this.#say();
  }

  stop(): void {
    window.clearInterval(this.#timer);
    this.#jumps += 1;
    this.#picture.clear();
    this.#sound.clear();
  }

  #jump(at: number): void {
    this.#jumps += 1;
    this.#isStarted = false;
    this.#from = at;
    this.#stuckSince = 0;
    this.#lowest = [];
    this.#late.clear();
    this.#active.media.playbackRate = 1;
    this.#picture.reset(at);
    this.#sound.reset(at);
    this.#active = this.heightMax > 0 && this.#pictures().length > 0 ? this.#picture : this.#sound;
  }

  #edge(): number {
    return Math.max(0, (this.#view?.end ?? 0) - EDGE_MS);
  }

  /** The best first. */
  #pictures(): Track[] {
    const pictures = this.#tracks().filter(({ height }) => height > 0 && this.heightMax > 0);
    const fit = pictures.filter(({ height }) => height <= this.heightMax);
    // They are sorted by height: where none is as small as was wished, the smallest is nearest to it.
    return fit.length > 0 ? fit.reverse() : pictures.slice(0, 1);
  }

  #sounds(): Track[] {
    return this.#tracks().filter(({ height }) => height === 0);
  }

  #tracks(): Track[] {
    const now = Date.now();
    return (this.#view?.tracks ?? []).filter(({ name }) => !this.#unplayable.has(name) && (this.#late.get(name)?.until ?? 0) <= now);
  }

  /** A worker that cannot answer now is asked again with the next step. */
  #soon(): void {
    void this.#step().catch(() => undefined);
  }

  async #step(): Promise<void> {
    if (this.#isStepping || !this.#view) {
      return;
    }
    this.#isStepping = true;
    try {
      if (!this.#isPaused) {
        while (await this.#fill()) {
          this.#go();
        }
        this.#go();
      }
    } finally {
      this.#isStepping = false;
      this.#say();
    }
  }

  /** Brings one segment to where it is needed first; false where there is nothing to do, or nothing to be had. */
  async #fill(): Promise<boolean> {
    const active = this.#active;
    const left = active.ahead(this.at);
    if (left > AHEAD_MS_MAX || this.#isPaused) {
      return false;
    }
    const within = this.#isStarted ? Math.min(WITHIN_MS_MAX, Math.max(WITHIN_MS_MIN, left - RESERVE_MS)) : WITHIN_MS_FIRST;
    if (active === this.#picture) {
      if (await this.#feed(this.#picture, this.#pictures(), within)) {
        return true;
      }
      // No picture for what comes next: the sound gets ready.
      return this.#fillOther(this.#sound, this.#sounds(), this.at);
    }
    const fed = await this.#feed(this.#sound, this.#sounds(), within);
    const came = await this.#fillOther(this.#picture, this.#pictures(), this.at + TAKE_OVER_MS);
    return fed || came;
  }

  /** Fills the deck that does not play, from a time on; what it holds of earlier times is let go. */
  async #fillOther(deck: Deck, tracks: Track[], from: number): Promise<boolean> {
    if (deck.isEmpty || deck.next <= this.at) {
      deck.reset(from);
    } else if (deck.ahead(this.at) > AHEAD_MS_MAX) {
      return false;
    }
    return this.#feed(deck, tracks, WITHIN_MS_MIN * 2);
  }

  /** Feeds a deck with the next segment of the best of these renditions that is to be had in time. */
  async #feed(deck: Deck, tracks: Track[], within: number): Promise<boolean> {
    const jump = this.#jumps;
    for (const track of tracks) {
      const part = await this.#partAt(track, deck.next);
      const segment = part && (await this.#ask({ wish: "segment", part, within }));
      const init = segment && (await this.#init(part));
      if (jump !== this.#jumps) {
        return false;
      }
      if (!init) {
        part && this.#isLate(track.name);
        continue;
      }
      this.#late.delete(track.name);
      try {
        await deck.append(part, init, segment);
        deck.track = track.name;
        return jump === this.#jumps;
      } catch (error) {
        if (error instanceof Unplayable) {
          this.#unplayable.add(track.name);
        }
      }
    }
    return false;
  }

  #isLate(name: string): void {
    const times = (this.#late.get(name)?.times ?? 0) + 1;
    this.#late.set(name, times < LATE_MAX ? { times, until: 0 } : { times: 0, until: Date.now() + LEFT_ALONE_MS });
  }

  async #partAt(track: Track, next: number): Promise<Part | null> {
    const [part] = await this.#ask({ wish: "parts", track: track.name, from: next + OVER_MS, count: 1 });
    return part && part.start <= next + SPACE_MS ? part : null;
  }

  async #init(part: Part): Promise<Init | null> {
    const known = this.#inits.get(part.init);
    if (known) {
      return known;
    }
    const init = await this.#ask({ wish: "init", part });
    init && this.#inits.set(part.init, init);
    return init;
  }

  /** Lets it play what is there; hands over, jumps and hurries where that is due. */
  #go(): void {
    const at = this.at;
    const active = this.#active;
    const other = active === this.#picture ? this.#sound : this.#picture;
    if (!this.#isStarted) {
      const first = [active, other].find((deck) => deck.ahead(at) > 0 || deck.ahead(at + SPACE_MS) > 0);
      first && this.#begin(first, at);
      this.#jumpOverHole(at);
      return;
    }
    const left = active.ahead(at);
    const isDue = active === this.#picture ? left < TAKE_OVER_MS && other.ahead(at) > left + TAKE_OVER_MS : other.ahead(at) > PICTURE_MS_MIN;
    if (isDue) {
      this.#begin(other, at);
    } else if (this.#active.media.paused) {
      void this.#active.media.play().catch(() => undefined);
    }
    this.#jumpOverHole(at);
    this.#jumpToEdge(at);
    this.#hurry(left);
  }

  #begin(deck: Deck, at: number): void {
    const before = this.#active;
    deck.seek(at);
    this.#active = deck;
    this.#isStarted = true;
    void deck.media.play().catch(() => undefined);
    if (before !== deck) {
      before.media.pause();
    }
  }

  /** Where it stands in front of a hole: it waits a moment, and goes on behind it. */
  #jumpOverHole(at: number): void {
    const left = Math.max(this.#picture.ahead(at), this.#sound.ahead(at));
    if (left > STILL_MS || !this.#view) {
      this.#stuckSince = 0;
      return;
    }
    this.#stuckSince ||= Date.now();
    if (Date.now() - this.#stuckSince < HOLE_MS) {
      return;
    }
    const next = this.#isLive && this.#view.phase === "live" ? this.#edge() : this.#behindHole(at);
    if (Number.isFinite(next) && next > at + SPACE_MS) {
      this.#jump(next);
    }
  }

  /** While live: leaves out what lies between, if what is newest is here. */
  #jumpToEdge(at: number): void {
    const { end, phase } = this.#view ?? { end: 0, phase: "soon" };
    const tracks = this.#active === this.#picture ? this.#pictures() : this.#sounds();
    const isHere = tracks.some(({ held }) => (held.at(-1)?.[1] ?? 0) > end - EDGE_MS);
    if (this.#isLive && phase === "live" && end - at > (isHere ? BEHIND_MS_MAX : LOST_MS_MAX)) {
      this.#jump(this.#edge());
    }
  }

  /** Where it goes on: at the next that there is, or where something should be here but is not, at the next that is here. */
  #behindHole(at: number): number {
    const tracks = this.#view?.tracks ?? [];
    const isKnown = tracks.some(({ known }) => known.some(([from, to]) => from <= at + SPACE_MS && at + SPACE_MS < to));
    const spans = tracks.flatMap(({ known, held }) => (isKnown ? held : known));
    return Math.min(...spans.map(([from]) => from).filter((from) => from > at + SPACE_MS));
  }

  /** While live: plays a little faster where more is always left than is needed. */
  #hurry(left: number): void {
    const now = Date.now();
    this.#lowest = [...this.#lowest.filter(({ at }) => at > now - LOW_WATER_MS), { at: now, left }];
    const lowest = Math.min(...this.#lowest.map(({ left }) => left));
    const isWhole = now - (this.#lowest[0]?.at ?? now) > LOW_WATER_MS / 2;
    const { media } = this.#active;
    if (!this.#isLive || this.#view?.phase !== "live" || lowest < CLOSE_MS) {
      media.playbackRate = 1;
    } else if (isWhole && lowest > TOO_FAR_MS) {
      media.playbackRate = CATCH_UP_RATE;
    }
  }

  #say(): void {
    const { at } = this;
    const left = this.#active.ahead(at);
    const isWaiting = !this.#isPaused && left < STILL_MS;
    const isSound = this.#active === this.#sound;
    this.#tell({ at, left, track: this.#active.track, isSound, isPaused: this.#isPaused, isWaiting, isLive: this.#isLive });
  }
}
