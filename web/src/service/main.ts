// Keeps the app's own files, so that it opens without any network, and answers media from checked blocks.

import { Core } from "../shared/core";
import { join } from "../shared/join";
import { MODULE_BYTES_MAX, modules } from "../shared/module";
import { MEDIA_FOLDER, type MediaAnswer, type MediaRange, SHARED } from "../shared/protocol";
import { Fault, KEPT, LIST, SERVICE, bytesOf, checkFile, fetchNow, readList, release } from "../shared/release";
import { unpack } from "../shared/unpack";

const scope = self as unknown as ServiceWorkerGlobalScope;
const CACHE_START = "longear-";
const CACHE = CACHE_START + release.build;
/** What is read of a medium at once. */
const PIECE_BYTES = 256 << 10;

/** Files that were shared to the app, until the page that opens for them asks. They are kept nowhere. */
let shared: File[] = [];

scope.addEventListener("install", (event) => event.waitUntil(keepFiles()));
scope.addEventListener("activate", (event) => event.waitUntil(takeOver()));
scope.addEventListener("message", ({ data, ports: [port] }) => {
  if (data === SHARED) {
    port?.postMessage(shared);
    shared = [];
  }
});
scope.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const path = url.href.startsWith(scope.registration.scope) ? url.pathname.slice(scopePath().length) : null;
  if (event.request.method === "POST" && path === SHARED) {
    event.respondWith(takeShared(event.request));
    return;
  }
  if (event.request.method !== "GET" || path === null) {
    return;
  }
  if (path.startsWith(MEDIA_FOLDER)) {
    event.respondWith(answerMedia(event, path.slice(MEDIA_FOLDER.length)));
  } else if (!asksWebsite(event.request)) {
    event.respondWith(answerFile(event.request, path || "index.html"));
  }
});

function scopePath(): string {
  return new URL(scope.registration.scope).pathname;
}

/** The app looks whether its website still gives what was signed (`fetchNow`). */
function asksWebsite(request: Request): boolean {
  return request.destination === "" && ["no-cache", "no-store"].includes(request.cache);
}

/**
 * All files as they were signed, or none: a mirror that is half way through an update must not give a mixture, and one
 * that goes back to an older version would bring back what was mended since. Every language is kept, because it can be
 * changed without a network; of the core only the build that this browser runs.
 */
async function keepFiles(): Promise<void> {
  const core = await judge();
  const signed = await fetchFile(LIST);
  const list = readList(core, await bytesOf(signed.clone()));
  if (list.version !== release.version || list.version < (await newestKept(core))) {
    throw new Fault("older", LIST);
  }
  const wanted = [...list.files.keys()].filter((path) => path !== modules().useless);
  const files = await Promise.all(
    wanted.map(async (path): Promise<[string, Response]> => {
      const answer = await fetchFile(path);
      checkFile(core, list, path, await bytesOf(answer.clone()));
      return [path, answer];
    }),
  );
  const cache = await caches.open(CACHE);
  for (const [path, answer] of [...files.filter(([path]) => path !== SERVICE), [LIST, signed] as const]) {
    await cache.put(path, await asKept(answer));
  }
}

/** The core that checks: the one that is kept judges the one that comes; at the first visit there is none before it. */
async function judge(): Promise<Core> {
  const { fit } = modules();
  const answer = (await caches.match(new URL(fit, scope.registration.scope))) ?? (await fetchFile(fit));
  return Core.load(join(unpack(await bytesOf(answer), MODULE_BYTES_MAX)));
}

/** The highest version that is kept under the same key. */
async function newestKept(core: Core): Promise<number> {
  let newest = 0;
  for (const name of await caches.keys()) {
    const kept = name.startsWith(CACHE_START) ? await (await caches.open(name)).match(LIST) : undefined;
    try {
      newest = Math.max(newest, kept ? readList(core, await bytesOf(kept)).version : 0);
    } catch {
      // Signed by another key: another app's, or a development build's.
    }
  }
  return newest;
}

async function fetchFile(path: string): Promise<Response> {
  const answer = await fetchNow(path, scope.registration.scope);
  if (!answer) {
    throw new Fault("changed", path);
  }
  return answer;
}

/** Only bytes and kind: no other header of the website speaks on when it is gone. */
async function asKept(answer: Response): Promise<Response> {
  const headers = { "content-type": answer.headers.get("content-type") ?? "application/octet-stream", [KEPT]: "1" };
  return new Response(await answer.arrayBuffer(), { headers });
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

/** Other apps of the phone may send anything; it goes the way of every file that somebody hands over. */
async function takeShared(request: Request): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  shared = [...form.values()].filter((value): value is File => value instanceof File);
  return Response.redirect(`${scope.registration.scope}#/file`, 303);
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
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}
