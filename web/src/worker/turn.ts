// Which tab's worker leads: private files open for one only. The others speak to it until it is gone; then the next one leads.

import type { Answer, Event, MediaRequest, Request, State } from "../shared/protocol";
import { release } from "../shared/release";
import { load } from "./scripts";
import type { InHall, Wish } from "./tabs";

const LOCK = "longear";
/** How long the lock is waited for before another tab is taken to be there: one that is loaded anew needs a moment. */
const ALONE_MS_MAX = 200;

/** What the worker that leads does for whoever asks. */
export interface Leading {
  serve(request: Request): Promise<Answer>;
  open(request: MediaRequest, port: MessagePort): void;
  state: State;
  wishes(): Wish[];
}

type Beside = typeof import("./beside");

export class Turn {
  readonly #folder: string;
  /** Tabs of other builds of the app, or of one at another place, do not hear each other. */
  readonly #name: string;
  #guest: InstanceType<Beside["Guest"]> | null = null;
  #host: InstanceType<Beside["Host"]> | null = null;
  #isOver = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#name = `longear ${release.name} ${folder}`;
  }

  /**
   * Waits until this worker leads. Where there are no locks, or the browser refuses them with all that a website could keep, there
   * are no private files either, and each tab is alone. Beside another tab `toPage` hears what that one says.
   */
  async mine(toPage: (message: Answer | Event, transfer: Transferable[]) => void, state: State): Promise<void> {
    if (!("locks" in navigator)) {
      return;
    }
    const waiting = setTimeout(() => this.#beside(toPage, state), ALONE_MS_MAX);
    await new Promise<void>((mine) => {
      const held = navigator.locks.request(LOCK, () => {
        clearTimeout(waiting);
        if (this.#isOver) {
          return undefined;
        }
        mine();
        return new Promise(() => undefined);
      });
      held.catch(() => {
        clearTimeout(waiting);
        mine();
      });
    });
  }

  /** Passes a call, or a request for media, on to the tab that leads; false where that is this one. */
  passOn(data: Request | MediaRequest, port: MessagePort | undefined): boolean {
    if (!this.#guest) {
      return false;
    }
    "media" in data ? port && this.#guest.medium(data, port) : this.#guest.call(data);
    return true;
  }

  /** What was known in the tab that led before. */
  get inherited(): { state: State | null; wishes: Wish[] } {
    return { state: this.#guest?.state ?? null, wishes: this.#guest?.wishes ?? [] };
  }

  /** Answers the other tabs from now on, and what this one had asked of the one before. */
  lead(leading: Leading): void {
    this.#guest?.takeOver(leading.serve, leading.open);
    this.#guest = null;
    if (!("BroadcastChannel" in self)) {
      return;
    }
    const hall = new BroadcastChannel(this.#name);
    hall.onmessage = ({ data }: MessageEvent<InHall>) => {
      if ("hello" in data) {
        this.#host ??= new (load(this.#folder, "beside").Host)(this.#name, leading);
        this.#host.hear(data.hello);
      }
    };
    hall.postMessage({ leads: true } satisfies InHall);
  }

  say(event: Event): void {
    this.#host?.say(event);
  }

  wishesChanged(): void {
    this.#host?.wishesChanged();
  }

  #beside(toPage: (message: Answer | Event, transfer: Transferable[]) => void, state: State): void {
    try {
      this.#guest = new (load(this.#folder, "beside").Guest)(this.#name, (message, transfer) => {
        // What was wiped must not be made anew by whoever leads next.
        this.#isOver ||= "event" in message && message.event === "wiped";
        toPage(message, transfer);
      });
    } catch {
      // No more of the app is here: this tab waits until it is alone.
      toPage({ event: "state", state: { ...state, phase: "elsewhere" } }, []);
    }
  }
}
