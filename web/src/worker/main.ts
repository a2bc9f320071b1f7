// The one worker: brings the parts together and answers the page.

import type { Answer, CallName, Calls, Event, FeedPage, Holding, Item, MediaRequest, Request, State, Usage } from "../shared/protocol";
import { rendered } from "./blob-file";
import { AppWatch } from "./app-watch";
import { Blobs } from "./blobs";
import { Core, orNull } from "../shared/core";
import { modules } from "../shared/module";
import { type Disk, findDisk } from "./disk";
import { answerMedia } from "./media";
import { loadModule, Reading } from "./reading";
import { load, loaded } from "./scripts";
import { LIVE } from "./segments";
import { Shelf } from "./shelf";
import { Missing, Sources } from "./sources";
import { Sync } from "./sync";
import type { Entry } from "./archive";
import type { RoomParts } from "./rooms";
import type { Rules } from "./rules";
import { Turn } from "./turn";
import type { LiveWish } from "../shared/live";

/** How often sources are asked while the app is open. */
const ROUND_MS = 60_000;
/** Where rooms are kept. */
const ROOMS = "rooms";
/** How many items at once are walked through. */
const WALK_COUNT = 100;

/** What the reader chose. */
let rules: Rules = { days: 0, bytes: 0 };

type Handlers = { [Name in CallName]: (argument: Calls[Name]["in"]) => Promise<Calls[Name]["out"]> };

const state: State = { phase: "starting", storage: "memory", syncing: false, full: false, channels: [], sources: [], damaged: [], alarm: null };
const scope = self as unknown as { postMessage(message: unknown, transfer: Transferable[]): void };
/** Where the app's files stand. */
const folder = new URL(".", self.location.href).href;
const turn = new Turn(folder);

self.addEventListener("message", (message: MessageEvent<Request | MediaRequest>) => receive(message.data, message.ports[0]));
const ready = start().catch((error: unknown) => {
  state.phase = "failed";
  say({ event: "state", state });
  throw error;
});

async function start() {
  await turn.mine((message, transfer) => scope.postMessage(message, transfer), state);
  const [core, disk] = await Promise.all([loadModule(folder, modules().fit).then((bytes) => Core.load(bytes)), findDisk(folder)]);
  state.storage = disk.storage;
  const sources = new Sources(folder);
  const shelf = new Shelf(core, disk, () => load(folder, "journals"));
  await shelf.replay();
  shelf.addresses().forEach(([channel, address]) => hint(core, sources, channel, address));
  sources.inherit(turn.inherited.state?.sources ?? []);
  const blobs = new Blobs(core, disk, sources, (holding: Holding) => say({ event: "holding", holding }));
  const parts = { core, disk, sources, shelf, blobs, folder, reading: new Reading(core, folder) };
  const sync = new Sync(core, shelf, sources, { news: () => say({ event: "news" }), changed: () => tell(parts, sync) });
  sources.onAside = () => tell(parts, sync);
  state.phase = "ready";
  state.damaged = shelf.damaged;
  tell(parts, sync);
  const beside = { core, disk, sources, folder, channels: () => shelf.ids(), news: () => say({ event: "news" }), round: () => sync.round() };
  /** Notes are exchanged also of rooms whose page is not open, once one was on this device. */
  const round = async () => {
    await sync.round();
    (await disk.list(ROOMS))[0] && void load(folder, "rooms").round(beside);
  };
  setInterval(() => void round().then(() => makeRoom(core, blobs, disk)), ROUND_MS);
  self.addEventListener("online", () => void round());
  void round();
  const watch = new AppWatch(core, disk, folder, (alarm) => {
    state.alarm = alarm;
    tell(parts, sync);
  });
  void watch.start();
  lead(core, blobs);
  return { ...parts, handlers: handlers({ ...parts, beside, sync, watch }) };
}

/** This tab's turn: it answers the others, and goes on with what the one before was bringing. */
function lead(core: Core, blobs: Blobs): void {
  const { wishes } = turn.inherited;
  blobs.onWishes = () => turn.wishesChanged();
  turn.lead({ serve, open: openMedia, state, wishes: () => blobs.wishes() });
  for (const { item, index } of wishes) {
    const found = orNull(() => core.item(item));
    found && void blobs.bring(found, index).catch(() => undefined);
  }
}

interface Parts {
  core: Core;
  disk: Disk;
  sources: Sources;
  shelf: Shelf;
  blobs: Blobs;
  reading: Reading;
  /** Where the app's files stand. */
  folder: string;
  sync: Sync;
  /** What the scripts need that are loaded later. */
  beside: RoomParts;
  watch: AppWatch;
}

function handlers({ core, disk, sources, shelf, blobs, folder, beside, reading, sync, watch }: Parts): Handlers {
  /** What was seen of a channel that was looked up and is not followed yet. */
  const looked = new Map<string, Entry[]>();
  const item = (id: string) => core.item(id);
  const changed = () => tell({ sources, shelf }, sync);
  const live = (id: string, wish: LiveWish) => load(folder, "broadcasts").answer(beside, id, wish);
  return {
    address: async ({ text }) => orNull(() => core.address(text)),
    look: async ({ text }) => {
      const address = orNull(() => core.address(text));
      if (!address) {
        return null;
      }
      const followed = shelf.follows(address.channel);
      if (!followed) {
        core.open(address.channel);
        address.hints.forEach((url) => sources.hint(address.channel, url));
        looked.set(address.channel, await sync.look(address.channel));
      }
      const channel = { ...shelf.channel(address.channel), address: address.written };
      return { address, channel, followed };
    },
    follow: async ({ text }) => {
      const { channel, written, hints } = core.address(text);
      hints.forEach((url) => sources.hint(channel, url));
      if (!shelf.follows(channel)) {
        await shelf.follow(channel, written, looked.get(channel) ?? []);
        looked.delete(channel);
      }
      changed();
      void sync.round().then(() => sync.round());
      return null;
    },
    forget: async ({ channel }) => {
      looked.delete(channel);
      if (!shelf.follows(channel)) {
        core.close(channel);
      }
      return null;
    },
    unfollow: async ({ channel }) => {
      for (const found of itemsOf(core, channel)) {
        for (const index of found.renditions.keys()) {
          await blobs.remove(found, index);
        }
        await removeBroadcast(disk, found.id);
      }
      await shelf.unfollow(channel);
      await load(folder, "rooms").forget(beside, channel);
      changed();
      say({ event: "news" });
      return null;
    },
    feed: async ({ channel, cursor, count }) => core.feed(channel, cursor, count),
    item: async ({ id }) => (orNull(() => item(id)) ? reading.item(id) : null),
    search: async ({ query, count }) => reading.search(query, count),
    holding: async ({ item: id, index }) => blobs.holding(item(id), index),
    bring: async ({ item: id, index }) => {
      // Why a blob cannot be opened, the page hears as its holding.
      void blobs.bring(item(id), index).catch(() => undefined);
      return null;
    },
    pause: async ({ item: id, index }) => {
      await blobs.pause(item(id), index);
      return null;
    },
    whole: async ({ item: id, index }) => {
      const found = item(id);
      if (rendered(found, index).inline) {
        return core.file(id, index).slice().buffer;
      }
      const held = await blobs.of(found, index);
      return (await held.read(0, held.size, () => true)).buffer;
    },
    remove: async ({ item: id, index }) => {
      await blobs.remove(item(id), index);
      return null;
    },
    live: async ({ item: id, wish }) => live(id, wish),
    rooms: async (wish) => load(folder, "rooms").answer(beside, wish),
    sync: async () => sync.round().then(() => null),
    box: async ({ typed }) => {
      const isAddress = sources.box(typed);
      if (isAddress) {
        changed();
        // One that is under way may have passed it already.
        void sync.round().then(() => sync.round());
      }
      return isAddress;
    },
    handOn: async ({ channel, files }) => {
      const ids = shelf.ids().filter((id) => channel === "" || id === channel).sort();
      const items = ids.flatMap((id) => itemsOf(core, id));
      return load(folder, "handing").handOn(core, disk, blobs, ids, items, files);
    },
    open: async ({ file }) => {
      const tellOpening = (done: number, size: number) => say({ event: "opening", done, size });
      const itemsHere = (channel: string) => itemsOf(core, channel);
      const missing = (path: string) => new Missing(path);
      const parts = { core, shelf, blobs, looked, itemsOf: itemsHere, tell: tellOpening, missing };
      const opened = await load(folder, "handing").openHanded(parts, file);
      changed();
      say({ event: "news" });
      return opened;
    },
    heed: async () => watch.heed().then(() => null),
    usage: async () => blobs.usage(kindsOfBlobs(core)),
    rules: async (chosen) => {
      rules = chosen;
      await makeRoom(core, blobs, disk);
      return null;
    },
    wipe: async () => {
      shelf.close();
      await blobs.close();
      await loaded("broadcasts")?.close();
      await loaded("rooms")?.close();
      await disk.wipe();
      say({ event: "wiped" });
      return null;
    },
  };
}

function hint(core: Core, sources: Sources, channel: string, address: string): void {
  orNull(() => core.address(address))?.hints.forEach((url) => sources.hint(channel, url));
}

/** What each blob of the items here is to a reader. */
function kindsOfBlobs(core: Core): Map<string, keyof Usage> {
  const renditions = itemsOf(core, "").flatMap((item) => item.renditions);
  return new Map(renditions.map(({ blob, mime }) => [blob, kindOfMime(mime)]));
}

/** Removes the media that the rules let go. */
async function makeRoom(core: Core, blobs: Blobs, disk: Disk): Promise<void> {
  if (rules.days !== 0 || rules.bytes !== 0) {
    await load(folder, "room").makeRoom({ core, blobs, disk, broadcasts: loaded("broadcasts") }, itemsOf(core, ""), rules);
  }
}

/** Every visible item of a channel, or of all. */
function itemsOf(core: Core, channel: string): Item[] {
  const items: Item[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: FeedPage = core.feed(channel, cursor, WALK_COUNT);
    items.push(...page.items);
    cursor = page.cursor;
  }
  return items;
}

async function removeBroadcast(disk: Disk, item: string): Promise<void> {
  await loaded("broadcasts")?.forget(item);
  for (const { path } of await disk.list(`${LIVE}/${item}`)) {
    await disk.remove(path);
  }
}

function kindOfMime(mime: string): keyof Usage {
  const kinds: Record<string, keyof Usage> = { audio: "sound", video: "video", image: "photo" };
  return kinds[mime.split("/")[0] ?? ""] ?? "other";
}

function tell({ sources, shelf }: Pick<Parts, "sources" | "shelf">, sync: Sync): void {
  state.syncing = sync.running;
  state.full = sync.full;
  state.channels = shelf.channels();
  state.sources = sources.list();
  say({ event: "state", state });
}

function receive(data: Request | MediaRequest, port: MessagePort | undefined): void {
  if ("call" in data && data.call === "rules") {
    // They hold also when this tab leads later.
    rules = data.argument as Rules;
  }
  if (turn.passOn(data, port)) {
    return;
  }
  if ("media" in data) {
    port && openMedia(data, port);
  } else {
    void serve(data).then((answer) => scope.postMessage(answer, "result" in answer && answer.result instanceof ArrayBuffer ? [answer.result] : []));
  }
}

function openMedia(request: MediaRequest, port: MessagePort): void {
  void ready.then(({ core, blobs }) => answerMedia(port, request, core, blobs));
}

async function serve({ id, call, argument }: Request): Promise<Answer> {
  try {
    const { handlers } = await ready;
    const handle = handlers[call] as (argument: unknown) => Promise<unknown>;
    return { id, result: await handle(argument) };
  } catch (error) {
    return { id, failed: String(error) };
  }
}

/** To the page, and to those of other tabs. */
function say(event: Event): void {
  scope.postMessage(event, []);
  turn.say(event);
}
