// The channels that are followed, each with its journal on the disk.

import type { Channel, Refusal } from "../shared/protocol";
import { archiveStart, decodeArchive, encodeEntry, type Entry } from "./archive";
import type { Core } from "../shared/core";
import type { Disk, OpenFile } from "./disk";

const JOURNALS = "journals";
const JOURNAL_ENDING = ".lea";
/** The other name of a journal: it is written anew under the one that is not in use. */
const OTHER_ENDING = ".2.lea";
/** Beside a journal: the address as it was followed, with its hints. Losing it loses hints only. */
const ADDRESS_ENDING = ".address";
/** How many damaged entries of one journal are named. */
const DAMAGED_NAMED_MAX = 20;

interface Followed {
  journal: OpenFile;
  address: string | null;
  /** The head that was written last: an equal one is not written again. */
  head: Uint8Array | null;
  /** Entries are written one after the other. */
  writing: Promise<void>;
  isClosed: boolean;
}

export class Shelf {
  readonly damaged: Refusal[] = [];
  readonly #core: Core;
  readonly #disk: Disk;
  readonly #loadJournals: () => typeof import("./journals");
  readonly #followed = new Map<string, Followed>();

  constructor(core: Core, disk: Disk, loadJournals: () => typeof import("./journals")) {
    this.#core = core;
    this.#disk = disk;
    this.#loadJournals = loadJournals;
  }

  /** Reads every journal through the same check as anything that comes from outside. */
  async replay(): Promise<void> {
    const found = new Map<string, string[]>();
    for (const { path } of await this.#disk.list(JOURNALS)) {
      const channel = path.match(/\/([0-9a-f]{64})(\.2)?\.lea$/)?.[1];
      channel && found.set(channel, [...(found.get(channel) ?? []), path].sort());
    }
    for (const [channel, [path = "", second]] of found) {
      this.#core.open(channel);
      const beside = second ? await this.#loadJournals().join(this.#disk, path, second) : [];
      const journal = await this.#disk.open(path);
      const address = await this.#readAddress(channel);
      const followed = { journal, address, head: null, writing: Promise.resolve(), isClosed: false };
      this.#followed.set(channel, followed);
      await this.#read(channel, followed, path, beside);
    }
  }

  channels(): Channel[] {
    return [...this.#followed.keys()].map((channel) => this.channel(channel));
  }

  channel(channel: string): Channel {
    const known = this.#core.channel(channel);
    return { ...known, name: known.name || null, address: this.#followed.get(channel)?.address ?? null };
  }

  follows(channel: string): boolean {
    return this.#followed.has(channel);
  }

  ids(): string[] {
    return [...this.#followed.keys()];
  }

  addresses(): [string, string][] {
    return [...this.#followed].flatMap(([channel, { address }]) => (address ? [[channel, address]] : []));
  }

  /** Begins a journal with what was seen of the channel when it was looked up. */
  async follow(channel: string, address: string, seen: Entry[]): Promise<void> {
    this.#core.open(channel);
    const note = await this.#disk.open(addressPath(channel));
    note.truncate(0);
    note.write(0, new TextEncoder().encode(address));
    await note.flush();
    note.close();
    const journal = await this.#disk.open(journalPath(channel));
    journal.truncate(0);
    journal.write(0, archiveStart());
    await journal.flush();
    this.#followed.set(channel, { journal, address, head: null, writing: Promise.resolve(), isClosed: false });
    await Promise.all(seen.map(({ path, bytes }) => this.append(channel, path, bytes)));
  }

  async unfollow(channel: string): Promise<void> {
    const followed = this.#followed.get(channel);
    followed && close(followed);
    this.#followed.delete(channel);
    this.#core.close(channel);
    await this.#disk.remove(journalPath(channel));
    await this.#disk.remove(journalPath(channel, OTHER_ENDING));
    await this.#disk.remove(addressPath(channel));
  }

  /** Adds an object that the book took in; durable when this returns. */
  async append(channel: string, path: string, bytes: Uint8Array): Promise<void> {
    const followed = this.#followed.get(channel);
    if (followed) {
      const written = followed.writing.then(() => this.#append(followed, path, bytes));
      followed.writing = written.catch(() => undefined);
      await written;
    }
  }

  async #append(followed: Followed, path: string, bytes: Uint8Array): Promise<void> {
    if (followed.isClosed || (isHead(path) && followed.head && equal(followed.head, bytes))) {
      return;
    }
    const { journal } = followed;
    const end = journal.size();
    try {
      journal.write(end, encodeEntry(path, bytes));
      await journal.flush();
    } catch (error) {
      // A full disk may have taken half of it.
      journal.truncate(end);
      throw error;
    }
    if (isHead(path)) {
      followed.head = bytes;
    }
  }

  close(): void {
    this.#followed.forEach(close);
    this.#followed.clear();
  }

  /** `beside`: what did not find room in the journal. */
  async #read(channel: string, followed: Followed, path: string, beside: Entry[]): Promise<void> {
    const { journal } = followed;
    const { entries, end } = decodeArchive(await journal.read(0, journal.size()));
    const heads = entries.filter(({ path }) => isHead(path)).reverse();
    followed.head = heads[0]?.bytes ?? null;
    const replaced = new Set<Entry>();
    let replacedBytes = 0;
    let waiting = 0;
    // The newest head first: one that says nothing beyond all others is replaced.
    for (const entry of [...entries.filter(({ path }) => !isHead(path)), ...beside, ...heads]) {
      const taken = this.#core.take(channel, entry.path, entry.bytes);
      this.damaged.push(...taken.refused.slice(0, DAMAGED_NAMED_MAX));
      waiting = taken.waiting;
      if (isHead(entry.path) && !taken.kept) {
        replaced.add(entry);
        replacedBytes += entry.bytes.length;
      }
    }
    if (end < journal.size()) {
      journal.truncate(end);
    }
    if (end === 0) {
      journal.write(0, archiveStart());
    }
    await journal.flush();
    // What waits may say more with the next charter, and what stands beside may be all that replaced them.
    if (replacedBytes * 2 > end && waiting + beside.length === 0) {
      const other = path.endsWith(OTHER_ENDING) ? journalPath(channel) : journalPath(channel, OTHER_ENDING);
      const left = entries.filter((entry) => !replaced.has(entry));
      followed.journal = await this.#loadJournals().rewrite(this.#disk, journal, path, other, left);
    }
  }

  async #readAddress(channel: string): Promise<string | null> {
    if (!(await this.#disk.exists(addressPath(channel)))) {
      return null;
    }
    const note = await this.#disk.open(addressPath(channel));
    const text = new TextDecoder().decode(await note.read(0, note.size()));
    note.close();
    try {
      // A torn note could name somebody else's channel.
      return this.#core.address(text).channel === channel ? text : null;
    } catch {
      return null;
    }
  }
}

function close(followed: Followed): void {
  followed.isClosed = true;
  followed.journal.close();
}

function journalPath(channel: string, ending = JOURNAL_ENDING): string {
  return `${JOURNALS}/${channel}${ending}`;
}

function addressPath(channel: string): string {
  return `${JOURNALS}/${channel}${ADDRESS_ENDING}`;
}

function isHead(path: string): boolean {
  return path.endsWith("/head");
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
