// Takes in what a file brings that somebody handed over, front to back: of channels that are followed. Others are offered.

import type { Found, Item, Opened, Refusal } from "../shared/protocol";
import type { Entry } from "./archive";
import type { Blobs } from "./blobs";
import type { Core, Taken } from "../shared/core";
import { HandedFile, type Place, Unreadable } from "./handed";
import { isFull } from "./held-blob";
import type { Shelf } from "./shelf";
import { OBJECT_BYTES_MAX } from "./sources";

/** Refusals that are named; the page counts them. */
const REFUSED_NAMED_MAX = 64;

interface Parts {
  core: Core;
  shelf: Shelf;
  blobs: Blobs;
  /** What was seen of channels that may be followed next. */
  looked: Map<string, Entry[]>;
  /** Every visible item of a channel. */
  itemsOf: (channel: string) => Item[];
  tell: (done: number, size: number) => void;
  /** What checks blobs knows by this error that something is not there. */
  missing: (path: string) => Error;
}

export async function openHanded(parts: Parts, file: Blob): Promise<Opened> {
  const opened: Opened = { unreadable: null, channels: [], files: 0, offers: [], refused: [], full: false };
  try {
    const handed = await HandedFile.open(parts.core, file, parts.missing);
    opened.refused.push(...handed.refused);
    await new Intake(parts, handed, opened).all();
  } catch (error) {
    if (error instanceof Unreadable) {
      opened.unreadable = error.kind;
    } else if (isFull(error)) {
      opened.full = true;
    } else {
      throw error;
    }
  }
  return opened;
}

class Intake {
  #done = 0;

  constructor(
    private readonly parts: Parts,
    private readonly file: HandedFile,
    private readonly opened: Opened,
  ) {}

  async all(): Promise<void> {
    const { shelf, itemsOf } = this.parts;
    const channels = this.file.channels();
    for (const channel of channels.filter((channel) => shelf.follows(channel))) {
      const before = itemsOf(channel).length;
      await this.#objects(this.file.of(channel), (path, bytes) => this.#take(channel, path, bytes));
      // What takes back is no post, nor what was taken back.
      const posts = Math.max(0, itemsOf(channel).length - before);
      this.opened.channels.push({ channel: shelf.channel(channel), posts });
    }
    for (const channel of channels.filter((channel) => !shelf.follows(channel))) {
      await this.#offer(channel);
    }
    await this.#blobs();
  }

  /** What somebody needs to decide whether to follow: the charters, and by them the name. */
  async #offer(channel: string): Promise<void> {
    const { core, shelf, looked } = this.parts;
    core.open(channel);
    const seen: Entry[] = [];
    const charters = this.file.of(channel).filter(({ path }) => path.includes("/charter/"));
    await this.#objects(charters, (path, bytes) => {
      const taken = core.take(channel, path, bytes);
      keptOf(taken, path).forEach((kept) => seen.push({ path: kept, bytes: core.keep(channel, kept) }));
      return taken;
    });
    looked.set(channel, seen);
    const address = core.address(core.channel(channel).address);
    const found: Found = { address, channel: { ...shelf.channel(channel), address: address.written }, followed: false };
    this.opened.offers.push(found);
  }

  async #take(channel: string, path: string, bytes: Uint8Array): Promise<Taken> {
    const { core, shelf } = this.parts;
    const taken = core.take(channel, path, bytes);
    // What waited comes behind what it waited for, so that a journal reads in order.
    await Promise.all(keptOf(taken, path).map((kept) => shelf.append(channel, kept, core.keep(channel, kept))));
    return taken;
  }

  async #objects(places: Place[], take: (path: string, bytes: Uint8Array) => Taken | Promise<Taken>): Promise<void> {
    for (const place of places) {
      if (place.to - place.from > OBJECT_BYTES_MAX) {
        this.#refuse({ what: place.path, code: "too-long" });
      } else {
        this.#name(place.path, await take(place.path, await this.file.read(place)));
      }
      this.#tell(place.to - place.from);
    }
  }

  #name(path: string, { refused }: Taken): void {
    refused.forEach(({ what, code }) => this.#refuse({ what: what ? `${path}: ${what}` : path, code }));
  }

  #refuse(refusal: Refusal): void {
    const { refused } = this.opened;
    // Of an object that is cut off or damaged one reason is enough.
    if (refused.length < REFUSED_NAMED_MAX && !refused.some(({ what }) => what === refusal.what)) {
      refused.push(refusal);
    }
  }

  /** Of the photos, sounds and films in the file those that the posts here name. */
  async #blobs(): Promise<void> {
    const { blobs, itemsOf } = this.parts;
    const inFile = this.file.blobs();
    for (const { channel } of this.opened.channels) {
      for (const item of itemsOf(channel.id)) {
        for (const [index, { blob, size, inline }] of item.renditions.entries()) {
          if (!inline && inFile.delete(blob)) {
            await this.#blob(await blobs.of(item, index));
            this.#tell(size);
          }
        }
      }
    }
  }

  async #blob(held: Awaited<ReturnType<Blobs["of"]>>): Promise<void> {
    const isWhole = () => held.holding().ranges.reduce((sum, [from, to]) => sum + to - from, 0) === held.size;
    if (isWhole()) {
      return;
    }
    const damaged = await held.take(this.file);
    if (damaged) {
      this.#refuse({ what: damaged.path, code: damaged.code });
    }
    this.opened.files += isWhole() ? 1 : 0;
  }

  #tell(bytes: number): void {
    this.#done = Math.min(this.file.size, this.#done + bytes);
    this.parts.tell(this.#done, this.file.size);
  }
}

function keptOf({ kept, released }: Taken, path: string): string[] {
  return [...(kept ? [path] : []), ...released];
}
