// Brings objects from sources to the book, and what the book took in to the disk.

import type { Entry } from "./archive";
import type { Core, Taken } from "../shared/core";
import { isFull } from "./held-blob";
import type { Shelf } from "./shelf";
import { Missing, OBJECT_BYTES_MAX, type Sources, Unfit } from "./sources";

/** How many objects one source is asked for in one round; the next round goes on. */
const REQUESTS_MAX = 400;
/** How many of them at once. */
const REQUESTS_AT_ONCE = 4;

/** How long a source is asked alone; then the next one is asked beside it. */
const TURN_MS = 3_000;

/** What a round changes. */
export interface Listener {
  news(): void;
  changed(): void;
}

export class Sync {
  readonly #core: Core;
  readonly #shelf: Shelf;
  readonly #sources: Sources;
  readonly #listener: Listener;
  #round: Promise<void> | null = null;
  /** The disk took less than the last round brought. */
  full = false;

  constructor(core: Core, shelf: Shelf, sources: Sources, listener: Listener) {
    this.#core = core;
    this.#shelf = shelf;
    this.#sources = sources;
    this.#listener = listener;
  }

  get running(): boolean {
    return this.#round !== null;
  }

  /** Asks every source of every channel that is followed; a round that is under way is waited for. */
  round(): Promise<void> {
    this.#round ??= this.#all().finally(() => {
      this.#round = null;
      this.#listener.changed();
    });
    return this.#round;
  }

  /** Fetches the charters of a channel that is not followed yet, so that its name can be shown. */
  async look(channel: string): Promise<Entry[]> {
    const seen: Entry[] = [];
    for (const url of this.#sources.of(channel)) {
      const visit = new Visit(this.#core, this.#sources, url, channel);
      await visit.run({ only: (path) => path.includes("/charter/"), keep: (path, bytes) => void seen.push({ path, bytes }) });
    }
    return seen;
  }

  async #all(): Promise<void> {
    this.#listener.changed();
    this.#sources.hopeAgain();
    this.full = false;
    const channels = this.#shelf.ids().map((channel) => this.#channel(channel).catch((error) => this.#failed(error)));
    await Promise.all(channels);
  }

  /** One channel that fails is no reason to leave the others; it is asked about again in the next round. */
  #failed(error: unknown): void {
    this.full ||= isFull(error);
  }

  async #channel(channel: string): Promise<void> {
    const visits: Promise<void>[] = [];
    for (const url of this.#sources.of(channel)) {
      const visit = new Visit(this.#core, this.#sources, url, channel);
      const keep = (path: string, bytes: Uint8Array) => this.#shelf.append(channel, path, bytes);
      const visiting = visit.run({ only: () => this.#shelf.follows(channel), keep, news: () => this.#listener.news() });
      visits.push(visiting.finally(() => this.#listener.changed()));
      // One that takes its time, or fails, holds up nobody behind it.
      await Promise.race([visiting.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, TURN_MS))]);
    }
    const failed = (await Promise.allSettled(visits)).find((visit) => visit.status === "rejected");
    if (failed) {
      throw failed.reason;
    }
  }
}

interface Wishes {
  only: (path: string) => boolean;
  keep: (path: string, bytes: Uint8Array) => void | Promise<void>;
  news?: () => void;
}

/** One channel at one source. */
class Visit {
  /** What was asked for already: nothing is asked for twice in a round. */
  readonly #asked = new Set<string>();
  #unreachable = false;

  constructor(
    readonly core: Core,
    readonly sources: Sources,
    readonly url: string,
    readonly channel: string,
  ) {}

  async run(wishes: Wishes): Promise<void> {
    const headPath = `c/${this.channel}/head`;
    const head = await this.#fetch(headPath);
    if (!head) {
      return;
    }
    await this.#take(headPath, head, wishes);
    // A head that was refused names nothing to ask for.
    while (!this.#isOver()) {
      const paths = this.#next(head, wishes);
      if (paths.length === 0) {
        return;
      }
      await Promise.all(paths.map((path) => this.#object(path, wishes)));
    }
  }

  /** What the book wants next of this source: charters one by one, everything else some at a time. */
  #next(head: Uint8Array, wishes: Wishes): string[] {
    if (this.#asked.size >= REQUESTS_MAX) {
      return [];
    }
    const wanted = this.core.wants(this.channel, head, [...this.#asked]);
    return wanted.filter(wishes.only).slice(0, REQUESTS_AT_ONCE);
  }

  async #object(path: string, wishes: Wishes): Promise<void> {
    this.#asked.add(path);
    const bytes = await this.#fetch(path);
    if (bytes) {
      await this.#take(path, bytes, wishes);
    }
  }

  async #take(path: string, bytes: Uint8Array, wishes: Wishes): Promise<void> {
    let taken: Taken;
    try {
      taken = this.core.take(this.channel, path, bytes);
    } catch {
      this.sources.setAside(this.url, { what: path, code: "refused" });
      return;
    }
    // What waited comes behind what it waited for, so that a journal reads in order.
    const kept = [...(taken.kept ? [path] : []), ...taken.released].map((path) => ({ path, bytes: this.core.keep(this.channel, path) }));
    await Promise.all(kept.map(({ path, bytes }) => wishes.keep(path, bytes)));
    const refusal = taken.refused[0];
    if (refusal) {
      this.sources.setAside(this.url, refusal);
    }
    if (taken.news > 0) {
      wishes.news?.();
    }
  }

  /** The bytes under a path, or nothing where the source has none or does not answer. */
  async #fetch(path: string): Promise<Uint8Array | null> {
    const honestMax = this.core.bytesMax(path);
    try {
      return await this.sources.fetch(this.url, path, Math.min(honestMax, OBJECT_BYTES_MAX));
    } catch (error) {
      if (error instanceof Unfit) {
        if (honestMax > OBJECT_BYTES_MAX) {
          // No lie: it is more than a phone takes at once. The smaller packs below it are asked for next.
          return null;
        }
        this.sources.setAside(this.url, { what: path, code: error.code });
      } else if (!(error instanceof Missing)) {
        // Not reachable: nothing else is asked of it in this round.
        this.#unreachable = true;
      }
      return null;
    }
  }

  #isOver(): boolean {
    return this.#unreachable || !this.sources.of(this.channel).includes(this.url);
  }
}
