// The page's line to its worker: calls with answers, and what the worker says by itself.

import type { Answer, CallName, Calls, Event, Holding, State } from "../shared/protocol";
import { leave } from "./leave";
import { askNear } from "./near";

type Waiting = { done: (result: unknown) => void; failed: (error: Error) => void };

export class Link {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #holdings = new Map<string, Set<(holding: Holding) => void>>();
  #next = 0;
  /** This tab does the wiping, and leaves when it has done all of it. */
  #wipes = false;
  onState: (state: State) => void = () => undefined;
  onNews: () => void = () => undefined;
  /** How much of a file that somebody handed over was read, from 0 to 1. */
  onOpening: (share: number) => void = () => undefined;

  constructor() {
    this.#worker = new Worker("worker.js");
    this.#worker.onmessage = ({ data, ports }: MessageEvent<Answer | Event>) => this.#hear(data, ports);
    // The service worker cannot hold files open; the worker can.
    navigator.serviceWorker?.addEventListener("message", ({ data, ports }) => {
      if (data?.media && ports[0]) {
        this.#worker.postMessage(data, [ports[0]]);
      }
    });
  }

  call<Name extends CallName>(call: Name, argument: Calls[Name]["in"]): Promise<Calls[Name]["out"]> {
    const id = this.#next;
    this.#next += 1;
    this.#wipes ||= call === "wipe";
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done: done as (result: unknown) => void, failed });
      this.#worker.postMessage({ id, call, argument });
    });
  }

  /** Hears how much of a blob is here, until the returned function is called. */
  watch(blob: string, hear: (holding: Holding) => void): () => void {
    const hearers = this.#holdings.get(blob) ?? new Set();
    this.#holdings.set(blob, hearers.add(hear));
    return () => void hearers.delete(hear);
  }

  #hear(data: Answer | Event, [port]: readonly MessagePort[]): void {
    if ("event" in data) {
      this.#event(data, port);
      return;
    }
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if ("failed" in data) {
      waiting?.failed(new Error(data.failed));
    } else {
      waiting?.done(data.result);
    }
  }

  #event(event: Event, port: MessagePort | undefined): void {
    if (event.event === "state") {
      this.onState(event.state);
    } else if (event.event === "news") {
      this.onNews();
    } else if (event.event === "wiped") {
      this.#wipes || leave();
    } else if (event.event === "opening") {
      this.onOpening(event.done / Math.max(1, event.size));
    } else if (event.event === "near") {
      port && void askNear(event.url, event.headers, port);
    } else {
      this.#holdings.get(event.holding.blob)?.forEach((hear) => hear(event.holding));
    }
  }
}
