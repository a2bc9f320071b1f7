// A tab beside the one that leads: passes on what its page asks, and goes on by itself when the leader is gone.

import type { Answer, Event, MediaAnswer, MediaRange, MediaRequest, Request, State } from "../shared/protocol";
import type { FromGuest, FromHost, InHall, Wish } from "./tabs";

/** How often the leader is asked whether it is there. */
const BEAT_MS = 2_000;
/** A leader that says nothing for so many beats stands still, as browsers let tabs do that nobody sees. */
const MISSED_MAX = 5;
/** As long as it has said nothing at all, perhaps because it is another version of the app. */
const UNKNOWN_MISSED_MAX = 2;

/** Who answers: the leader over the line, or, later, this very worker. */
interface Host {
  call(request: Request): void;
  medium(key: number, request: MediaRequest): void;
  say(key: number, word: MediaRange | "over"): void;
}

type ToPage = (message: Answer | Event, transfer: Transferable[]) => void;

export class Guest {
  /** What the new leader goes on with. */
  wishes: Wish[] = [];
  state: State | null = null;
  readonly #toPage: ToPage;
  readonly #hall: BroadcastChannel;
  readonly #line: BroadcastChannel;
  readonly #beat: number;
  readonly #asked = new Map<number, Request>();
  readonly #media = new Map<number, Medium>();
  readonly #id = crypto.randomUUID();
  #next = 0;
  #missed = 0;
  /** Whether somebody listens at the other end of the line. */
  #isHeard = false;
  #host: Host;

  constructor(name: string, toPage: ToPage) {
    this.#toPage = toPage;
    this.#hall = new BroadcastChannel(name);
    this.#line = new BroadcastChannel(name + this.#id);
    const post = (word: FromGuest) => this.#line.postMessage(word);
    this.#host = {
      call: (request) => post({ request }),
      medium: (medium, begin) => post({ medium, begin }),
      say: (medium, say) => post({ medium, say }),
    };
    this.#hall.onmessage = ({ data }: MessageEvent<InHall>) => "leads" in data && this.#anew();
    this.#line.onmessage = ({ data }: MessageEvent<FromHost>) => this.#hear(data);
    // Whoever waits for this name hears when the tab is gone.
    void navigator.locks.request(name + this.#id, () => new Promise(() => undefined));
    this.#beat = setInterval(() => this.#hello(), BEAT_MS) as unknown as number;
    this.#hello();
  }

  call(request: Request): void {
    this.#asked.set(request.id, request);
    this.#isHeard && this.#host.call(request);
  }

  /** A request of the service worker, whose words come and go by its port. */
  medium(request: MediaRequest, port: MessagePort): void {
    const key = this.#next;
    this.#next += 1;
    const medium = new Medium(request, port);
    this.#media.set(key, medium);
    port.onmessage = ({ data }: MessageEvent<MediaRange | "over">) => {
      medium.asked = data === "over" ? null : data;
      this.#isHeard && this.#host.say(key, data);
      data === "over" && this.#media.delete(key);
    };
    this.#isHeard && this.#host.medium(key, request);
  }

  /** This worker leads now: it answers what was left open. `serve` and `open` are its own. */
  takeOver(serve: (request: Request) => Promise<Answer>, open: (request: MediaRequest, port: MessagePort) => void): void {
    clearInterval(this.#beat);
    this.#hall.close();
    this.#line.close();
    const ports = new Map<number, MessagePort>();
    this.#host = {
      call: (request) => void serve(request).then((answer) => this.#answered(answer)),
      medium: (key, request) => {
        const { port1, port2 } = new MessageChannel();
        ports.set(key, port1);
        port1.onmessage = ({ data }: MessageEvent<MediaAnswer>) => this.#heard(key, null, data);
        open(request, port2);
      },
      say: (key, word) => ports.get(key)?.postMessage(word),
    };
    this.#welcome();
  }

  #hello(): void {
    this.#missed += 1;
    if (this.#missed === (this.state ? MISSED_MAX : UNKNOWN_MISSED_MAX)) {
      this.#toPage({ event: "state", state: { ...(this.state ?? NOTHING), phase: "elsewhere" } }, []);
    }
    this.#hall.postMessage({ hello: this.#id } satisfies InHall);
  }

  /** Another tab leads now, and knows nobody yet. */
  #anew(): void {
    this.#isHeard = false;
    this.#hello();
  }

  /** Asks for what nobody has answered. */
  #welcome(): void {
    this.#isHeard = true;
    this.#asked.forEach((request) => this.#host.call(request));
    this.#media.forEach((medium, key) => this.#host.medium(key, medium.request));
  }

  #hear(word: FromHost): void {
    if (this.#missed >= MISSED_MAX && this.state) {
      this.#toPage({ event: "state", state: this.state }, []);
    }
    this.#missed = 0;
    if ("welcome" in word) {
      this.#welcome();
    } else if ("page" in word) {
      this.#answered(word.page);
    } else if ("medium" in word) {
      this.#heard(word.medium, word.from, word.answer);
    } else if ("wishes" in word) {
      this.wishes = word.wishes;
    }
  }

  #answered(word: Answer | Event): void {
    if ("event" in word) {
      this.state = word.event === "state" ? word.state : this.state;
    } else if (!this.#asked.delete(word.id)) {
      // The leader that is gone had answered already.
      return;
    }
    const bytes = "result" in word && word.result instanceof ArrayBuffer ? [word.result] : [];
    this.#toPage(word, bytes);
  }

  /** `from` says which range the leader means; what was asked of one that is gone must not come twice. */
  #heard(key: number, from: number | null, answer: MediaAnswer): void {
    const medium = this.#media.get(key);
    if (!medium) {
      return;
    }
    if (!("bytes" in answer)) {
      const isNews = !medium.isBegun || "failed" in answer;
      medium.isBegun = true;
      if (isNews) {
        medium.port.postMessage(answer);
      } else if (medium.asked) {
        this.#host.say(key, medium.asked);
      }
    } else if (medium.asked && (from === null || from === medium.asked.from)) {
      medium.asked = null;
      medium.port.postMessage(answer, [answer.bytes]);
    }
  }
}

/** A player's request: what it is about, and what of it was asked and has not come. */
class Medium {
  asked: MediaRange | null = null;
  isBegun = false;

  constructor(
    readonly request: MediaRequest,
    readonly port: MessagePort,
  ) {}
}

/** What a page may be told of before a leader has said anything. */
const NOTHING: State = { phase: "elsewhere", storage: "kept", syncing: false, full: false, channels: [], sources: [], damaged: [], alarm: null };
