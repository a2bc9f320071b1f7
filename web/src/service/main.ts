// Keeps the app's own files, so that it opens without any network, and answers media from checked blocks.

import { modules } from "../shared/module";
import { MEDIA_FOLDER, type MediaAnswer, type MediaRange } from "../shared/protocol";

/** Filled in when the app is built: its files, each with its SHA-256 in hexadecimal. */
declare const FILES: Record<string, string>;
/** Changes whenever one of them does. */
declare const VERSION: string;

const scope = self as unknown as ServiceWorkerGlobalScope;
const CACHE_START = "longear-";
const CACHE = CACHE_START + VERSION;
/** What is read of a medium at once. */
const PIECE_BYTES = 256 << 10;

scope.addEventListener("install", (event) => event.waitUntil(keepFiles()));
scope.addEventListener("activate", (event) => event.waitUntil(takeOver()));
scope.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const path = url.href.startsWith(scope.registration.scope) ? url.pathname.slice(scopePath().length) : null;
  if (event.request.method !== "GET" || path === null) {
    return;
  }
  if (path.startsWith(MEDIA_FOLDER)) {
    event.respondWith(answerMedia(event, path.slice(MEDIA_FOLDER.length)));
  } else if (path === "" || path in FILES) {
    event.respondWith(answerFile(event.request, path || "index.html"));
  }
});

function scopePath(): string {
  return new URL(scope.registration.scope).pathname;
}

/**
 * All files or none: a mirror that is half way through an update must not give a mixture. Every language is kept, because
 * it can be changed without a network; of the core only the build that this browser runs.
 */
async function keepFiles(): Promise<void> {
  const cache = await caches.open(CACHE);
  const { useless } = modules();
  const kept = Object.entries(FILES).filter(([path]) => path !== useless);
  await Promise.all(
    kept.map(async ([path, hash]) => {
      const answer = await fetch(new URL(path, scope.registration.scope), { cache: "no-cache" });
      const bytes = await answer.clone().arrayBuffer();
      if (!answer.ok || (await sha256(bytes)) !== hash) {
        throw new Error(`${path} is not the file of this version`);
      }
      await cache.put(path, answer);
    }),
  );
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(CACHE_START) && name !== CACHE) {
      await caches.delete(name);
    }
  }
  await scope.clients.claim();
}

async function answerFile(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Players only: a file of a post must never open as a page of the app's own origin. */
async function answerMedia(event: FetchEvent, path: string): Promise<Response> {
  const [, item, index] = path.match(/^([0-9a-f]{64})\/(\d+)$/) ?? [];
  const isPlayer = ["video", "audio"].includes(event.request.destination);
  const page = isPlayer && item ? await pageOf(event) : null;
  if (!page || !item) {
    return new Response(null, { status: 404 });
  }
  const { port1: port, port2: theirs } = new MessageChannel();
  const answers = new Answers(port);
  page.postMessage({ media: { item, index: Number(index) } }, [theirs]);
  const first = await answers.next();
  if (!("size" in first)) {
    return new Response(null, { status: 404 });
  }
  return mediaResponse(answers, first.size, first.mime, event.request.headers.get("range"));
}

/** The page that plays; its worker holds the files. */
async function pageOf(event: FetchEvent): Promise<Client | undefined> {
  return (await scope.clients.get(event.clientId)) ?? (await scope.clients.matchAll({ type: "window" }))[0];
}

function mediaResponse(answers: Answers, size: number, mime: string, asked: string | null): Response {
  const range = readRange(asked, size);
  if (!range) {
    answers.close();
    return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
  }
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "cache-control": "no-store",
    "content-length": String(range.to - range.from),
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": mime,
    "x-content-type-options": "nosniff",
  };
  if (asked) {
    headers["content-range"] = `bytes ${range.from}-${range.to - 1}/${size}`;
  }
  return new Response(pieces(answers, range), { status: asked ? 206 : 200, headers });
}

/** One range of RFC 9110, 14.1.2; the whole where none is asked for; none where it lies outside. */
function readRange(asked: string | null, size: number): MediaRange | null {
  if (!asked) {
    return { from: 0, to: size };
  }
  const [, first = "", last = ""] = asked.match(/^bytes=(\d*)-(\d*)$/) ?? [];
  if (first === "") {
    return last === "" ? null : { from: Math.max(0, size - Number(last)), to: size };
  }
  const to = last === "" ? size : Math.min(size, Number(last) + 1);
  return Number(first) < to ? { from: Number(first), to } : null;
}

/** Asks for a piece when the player wants it, and for none before. */
function pieces(answers: Answers, { from, to }: MediaRange): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (at >= to) {
          answers.close();
          controller.close();
          return;
        }
        const end = Math.min(to, (Math.floor(at / PIECE_BYTES) + 1) * PIECE_BYTES);
        const answer = await answers.ask({ from: at, to: end });
        if (!("bytes" in answer) || answer.bytes.byteLength === 0) {
          answers.close();
          controller.error(new Error("the rest is not here"));
          return;
        }
        at += answer.bytes.byteLength;
        controller.enqueue(new Uint8Array(answer.bytes));
      },
      cancel: () => answers.close(),
    },
    { highWaterMark: 0 },
  );
}

/** Question and answer over a port, one at a time. */
class Answers {
  readonly #port: MessagePort;
  #hear: (answer: MediaAnswer) => void = () => undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<MediaAnswer>) => this.#hear(data);
  }

  next(): Promise<MediaAnswer> {
    return new Promise((hear) => {
      this.#hear = hear;
    });
  }

  ask(range: MediaRange): Promise<MediaAnswer> {
    const answer = this.next();
    this.#port.postMessage(range);
    return answer;
  }

  close(): void {
    this.#port.postMessage("over");
    this.#port.close();
  }
}

// What TypeScript's list for workers leaves to that for service workers.
interface ExtendableEvent extends globalThis.Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  readonly clientId: string;
  respondWith(response: Promise<Response>): void;
}
interface Client {
  postMessage(message: unknown, transfer: Transferable[]): void;
}
interface ServiceWorkerGlobalScope {
  readonly registration: { readonly scope: string };
  readonly clients: {
    get(id: string): Promise<Client | undefined>;
    matchAll(options: { type: "window" }): Promise<Client[]>;
    claim(): Promise<void>;
  };
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
}
