// The leader's side: answers the workers of other tabs as it answers its own page.

import type { Answer, Event, MediaAnswer, MediaRange, MediaRequest, Request, State } from "../shared/protocol";
import type { FromGuest, FromHost, Wish } from "./tabs";

/** How many tabs beside the first are answered. */
const GUESTS_MAX = 32;

interface Parts {
  serve(request: Request): Promise<Answer>;
  open(request: MediaRequest, port: MessagePort): void;
  state: State;
  wishes(): Wish[];
}

export class Host {
  readonly #name: string;
  readonly #parts: Parts;
  readonly #guests = new Map<string, Line>();

  constructor(name: string, parts: Parts) {
    this.#name = name;
    this.#parts = parts;
  }

  hear(id: string): void {
    const known = this.#guests.get(id);
    if (known) {
      known.post({ here: true });
    } else if (this.#guests.size < GUESTS_MAX) {
      const line = new Line(this.#name + id, this.#parts);
      this.#guests.set(id, line);
      void navigator.locks.request(this.#name + id, () => {
        line.close();
        this.#guests.delete(id);
      });
    }
  }

  say(event: Event): void {
    this.#guests.forEach((line) => line.post({ page: event }));
  }

  wishesChanged(): void {
    this.#guests.forEach((line) => line.post({ wishes: this.#parts.wishes() }));
  }
}

/** One tab. */
class Line {
  readonly #parts: Parts;
  readonly #channel: BroadcastChannel;
  readonly #media = new Map<number, { port: MessagePort; from: number | null }>();
  #isOpen = true;

  constructor(name: string, parts: Parts) {
    this.#parts = parts;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<FromGuest>) => void this.#hear(data);
    this.post({ welcome: true });
    this.post({ wishes: parts.wishes() });
    this.post({ page: { event: "state", state: parts.state } });
  }

  post(word: FromHost): void {
    this.#isOpen && this.#channel.postMessage(word);
  }

  close(): void {
    this.#isOpen = false;
    this.#media.forEach(({ port }) => port.postMessage("over"));
    this.#channel.close();
  }

  async #hear(word: FromGuest): Promise<void> {
    if ("request" in word) {
      this.post({ page: await this.#parts.serve(word.request) });
    } else if ("begin" in word) {
      this.#begin(word.medium, word.begin);
    } else {
      this.#say(word.medium, word.say);
    }
  }

  #begin(key: number, request: MediaRequest): void {
    const { port1: port, port2 } = new MessageChannel();
    const medium = { port, from: null };
    this.#media.get(key)?.port.postMessage("over");
    this.#media.set(key, medium);
    port.onmessage = ({ data }: MessageEvent<MediaAnswer>) => this.post({ medium: key, from: this.#media.get(key)?.from ?? null, answer: data });
    this.#parts.open(request, port2);
  }

  #say(key: number, word: MediaRange | "over"): void {
    const medium = this.#media.get(key);
    medium?.port.postMessage(word);
    if (word === "over") {
      this.#media.delete(key);
    } else if (medium) {
      medium.from = word.from;
    }
  }
}
