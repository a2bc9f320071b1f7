// The app's own files as their makers signed them (docs/spec/app.md), and whether those that came are these.

import type { Core } from "./core";
import { readUpTo } from "./read";

/**
 * Filled in when the app is built: its kind, the number of its version, the key that signs its files, the build's name,
 * and how many milliseconds a website that is half way through an update has to finish.
 */
declare const RELEASE: string;

const [, kind = "", version = "", key = "", build = "", patience = ""] = RELEASE.split(" ");

/** What this copy of the app was built as. */
export const release = {
  isDevelopment: kind === "development",
  version: Number(version),
  key: fromHex(key),
  build,
  /** No copy with other files has this name, unless its makers signed two of the same version. */
  name: `${version} ${key}`,
  patienceMs: Number(patience),
};

/** Where the list stands in the app's folder. */
export const LIST = "files.txt";
/** The one file that the browser keeps by itself, and not the service worker. */
export const SERVICE = "service.js";
/** The header by which the service worker marks what it keeps. */
export const KEPT = "x-longear-kept";
/** What the list may weigh; today it has 2 kB. */
const LIST_BYTES_MAX = 64 << 10;
/** What one file of the app may weigh. */
const FILE_BYTES_MAX = 16 << 20;
const LABEL = "longear 1 app-files\0";
const SIGNED = /^(longear app files 1\nversion ([1-9]\d{0,8})\n((?:[^\n]+\n)+))signature ([0-9a-f]{128})\n$/;
const LINE = /^([a-z0-9-]+(?:[./][a-z0-9-]+)*) (0|[1-9]\d{0,8}) ([0-9a-f]{64})$/;

/**
 * Why a copy of the app is not to be used: its list is none of the makers', is of an older version, is another one of the
 * same version, or a file is not what the list says.
 */
export type FaultCode = "unsigned" | "older" | "other-list" | "changed";

export class Fault extends Error {
  constructor(
    readonly code: FaultCode,
    readonly what: string,
  ) {
    super(`${what}: ${code}`);
  }
}

export interface FileList {
  version: number;
  /** By path, in the order of the list. */
  files: Map<string, { length: number; hash: string }>;
}

/** Reads a list and checks the makers' signature under it. */
export function readList(core: Core, bytes: Uint8Array): FileList {
  const text = bytes.length <= LIST_BYTES_MAX ? decode(bytes) : "";
  const [, body = "", number = "", lines = "", signature = ""] = text.match(SIGNED) ?? [];
  const files: FileList["files"] = new Map();
  let last = "";
  for (const line of lines.split("\n").slice(0, -1)) {
    const [, path = "", length = "", hash = ""] = line.match(LINE) ?? [];
    if (path <= last) {
      throw new Fault("unsigned", LIST);
    }
    files.set(path, { length: Number(length), hash });
    last = path;
  }
  const hash = fromHex(core.hash(new TextEncoder().encode(body)));
  const message = new Uint8Array([...new TextEncoder().encode(LABEL), ...hash]);
  if (files.size === 0 || !core.verify(release.key, fromHex(signature), message)) {
    throw new Fault("unsigned", LIST);
  }
  return { version: Number(number), files };
}

/** Says whether these are the bytes of that file. */
export function checkFile(core: Core, list: FileList, path: string, bytes: Uint8Array): void {
  const known = list.files.get(path);
  if (known?.length !== bytes.length || known.hash !== core.hash(bytes)) {
    throw new Fault("changed", path);
  }
}

/** A network's sign-in page, or a server that says nothing useful now: no word about the app, good or bad. */
export class NoAnswer extends Error {}

/** How the website is asked: whether a file has changed, or for the file itself. The service worker lets both through. */
export type Asking = "no-cache" | "no-store";

/** A file of the app as its website gives it now, whatever is kept here; `null` where it has none. */
export async function fetchNow(path: string, folder: string, cache: Asking = "no-cache"): Promise<Response | null> {
  const answer = await fetch(new URL(path, folder), { cache, credentials: "omit", redirect: "manual" });
  const isPage = answer.headers.get("content-type")?.startsWith("text/html") === true;
  if (answer.status === 404 || answer.status === 410) {
    return null;
  }
  if (!answer.ok || (isPage && !path.endsWith(".html"))) {
    throw new NoAnswer(path);
  }
  return answer;
}

/** All of an answer; one without end is cut off, and fits no list. */
export async function bytesOf(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  return (await readUpTo(answer, FILE_BYTES_MAX)).bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
