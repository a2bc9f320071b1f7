// Journals of the app, over its disk interface: what new heads replaced is left out when a journal is read again, and a power
// cut at any step of that loses nothing.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Machine } from "./machine.mjs";

const { buildSync } = createRequire(import.meta.url)("esbuild");
const worker = fileURLToPath(new URL("../../web/src/worker", import.meta.url));
const parts = `
  export { Core } from "../shared/core";
  export { Shelf } from "./shelf";
  export * as journals from "./journals";
`;
const built = buildSync({ stdin: { contents: parts, resolveDir: worker, loader: "ts" }, bundle: true, format: "esm", write: false });
const { Core, Shelf, journals } = await import(`data:text/javascript,${encodeURIComponent(built.outputFiles[0].text)}`);

const newsroom = new Machine();
let channel, address, heads, objects, wanted;

/** A channel whose news came one by one: three posts, each with a head of its own. */
before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  channel = newsroom.json("channel", "show").id;
  heads = ["Roads are open", "Bread in Taldy Street", "The bridge at noon"].map((title, index) => {
    newsroom.run("publish", "--lang", "en", "--title", title);
    const tree = newsroom.path(`tree-${index}`);
    mkdirSync(tree);
    newsroom.run("sync", tree);
    return readFileSync(path.join(tree, `c/${channel}/head`));
  });
  objects = await fetchAll(newsroom.path("tree-2"));
  wanted = await shown(await grown(0));
  assert.equal(wanted.titles.length, 3);
});

after(() => rm(newsroom.folder, { recursive: true, force: true }));

test("a journal that is mostly replaced heads is written anew, and says the same", async () => {
  const disk = await grown(500);
  const [before] = disk.sizes();
  assert.deepEqual(await shown(disk), wanted);
  const [now, ...more] = disk.sizes();
  assert.deepEqual(more, [], "one journal");
  assert.ok(now * 20 < before, `${now} bytes of ${before}`);
  // Nothing is left to replace now, and what comes is added as before.
  assert.deepEqual(await shown(disk, heads[0]), wanted);
  assert.deepEqual(await shown(disk), wanted);
  assert.ok(disk.sizes()[0] <= now + heads[0].length + 200);
});

test("a journal of which less than half is replaced stays as it is", async () => {
  const disk = await grown(1);
  const before = disk.sizes();
  assert.deepEqual(await shown(disk), wanted);
  assert.deepEqual(disk.sizes(), before);
});

for (const keepsUnsynced of [false, true]) {
  test(`a power cut at any step loses nothing, ${keepsUnsynced ? "though more than was flushed is there" : "with what was flushed only"}`, async () => {
    let steps = 0;
    for (let step = 0; ; step += 1) {
      const disk = await grown(60);
      disk.cutAt = disk.steps + step;
      const isCut = await shown(disk).then(() => false, (error) => error === CUT || Promise.reject(error));
      if (!isCut) {
        break;
      }
      steps += 1;
      const after = disk.afterCut(keepsUnsynced);
      // What is said between the cut and the next one must not be lost either.
      assert.deepEqual(await shown(after), wanted, `step ${step}`);
      assert.deepEqual(await shown(after), wanted, `step ${step}, once more`);
      assert.equal(after.sizes().length, 1, `step ${step}: one journal`);
    }
    assert.ok(steps >= 8, `${steps} steps`);
  });
}

test("a removal that a power cut took back costs nothing that was added since", async () => {
  const disk = await grown(60);
  const old = disk.copy();
  assert.deepEqual(await shown(disk), wanted);
  // The old journal is there again, beside the one that was written anew.
  for (const [path, file] of old.files) {
    disk.files.has(path) || disk.files.set(path, file);
  }
  assert.equal(disk.sizes().length, 2);
  assert.deepEqual(await shown(disk), wanted);
  assert.equal(disk.sizes().length, 1);
});

test("a torn journal beside a whole one is put together with it", async () => {
  for (const cut of [0, 3, 4, 50, 400]) {
    const disk = await grown(60);
    const [[path, file]] = disk.journals();
    disk.files.set(path.replace(/\.lea$/, ".2.lea"), { flushed: file.flushed.slice(0, cut), bytes: file.bytes.slice(0, cut) });
    assert.deepEqual(await shown(disk), wanted, `${cut} bytes`);
    assert.equal(disk.sizes().length, 1);
  }
});

test("on a full disk two journals are read as one, and stay two", async () => {
  const disk = await grown(60);
  const [[path, file]] = disk.journals();
  disk.files.set(path.replace(/\.lea$/, ".2.lea"), { flushed: file.flushed.slice(0, 400), bytes: file.bytes.slice(0, 400) });
  disk.isFull = true;
  assert.deepEqual(await shown(disk), wanted);
  disk.isFull = false;
  assert.equal(disk.sizes().length, 2);
  assert.deepEqual(await shown(disk), wanted);
  assert.equal(disk.sizes().length, 1);
});

test("on a full disk a journal stays as it is", async () => {
  const disk = await grown(60);
  const before = disk.sizes();
  disk.isFull = true;
  assert.deepEqual(await shown(disk), wanted);
  assert.deepEqual(disk.sizes(), before);
});

const CUT = new Error("the power is gone");

/** A disk in memory that counts its steps, and of which the power is cut at one. */
class CutDisk {
  files = new Map();
  steps = 0;
  cutAt = Number.POSITIVE_INFINITY;
  isFull = false;

  step() {
    if (this.steps >= this.cutAt) {
      throw CUT;
    }
    this.steps += 1;
  }

  async open(path) {
    this.step();
    const file = this.files.get(path) ?? { bytes: new Uint8Array(0), flushed: new Uint8Array(0) };
    this.files.set(path, file);
    return {
      size: () => file.bytes.length,
      read: (from, to) => file.bytes.slice(from, to),
      write: (at, bytes) => {
        this.step();
        if (this.isFull) {
          throw new DOMException("full", "QuotaExceededError");
        }
        const grown = new Uint8Array(Math.max(file.bytes.length, at + bytes.length));
        grown.set(file.bytes);
        grown.set(bytes, at);
        file.bytes = grown;
      },
      truncate: (size) => {
        this.step();
        file.bytes = file.bytes.slice(0, size);
      },
      flush: () => {
        this.step();
        file.flushed = file.bytes;
      },
      close: () => undefined,
    };
  }

  async exists(path) {
    return this.files.has(path);
  }

  async remove(path) {
    this.step();
    this.files.delete(path);
  }

  async list(folder) {
    return [...this.files].filter(([path]) => path.startsWith(`${folder}/`)).map(([path, { bytes }]) => ({ path, size: bytes.length }));
  }

  copy() {
    const copy = new CutDisk();
    this.files.forEach((file, path) => copy.files.set(path, { ...file }));
    return copy;
  }

  /** What is there when the power is back. */
  afterCut(keepsUnsynced) {
    const copy = new CutDisk();
    this.files.forEach(({ bytes, flushed }, path) => {
      const left = keepsUnsynced ? bytes : flushed;
      copy.files.set(path, { bytes: left, flushed: left });
    });
    return copy;
  }

  journals() {
    return [...this.files].filter(([path]) => path.endsWith(".lea"));
  }

  sizes() {
    return this.journals().map(([, { bytes }]) => bytes.length);
  }
}

/** A disk with the channel's journal, in which heads replaced each other so often. */
async function grown(times) {
  const disk = new CutDisk();
  const { shelf } = await open(disk);
  await shelf.follow(channel, address, []);
  for (const { path, bytes } of objects) {
    await shelf.append(channel, path, bytes);
  }
  for (let time = 0; time < times; time += 1) {
    await shelf.append(channel, `c/${channel}/head`, heads[time % 2]);
  }
  await shelf.append(channel, `c/${channel}/head`, heads[2]);
  return disk;
}

async function open(disk) {
  const core = await Core.load(readFileSync(path.join(process.env.READER, "reader.wasm")));
  const shelf = new Shelf(core, disk, () => journals);
  return { core, shelf };
}

/** What somebody sees who opens the app with this disk; `more` is a head that comes then. */
async function shown(disk, more) {
  const { core, shelf } = await open(disk);
  await shelf.replay();
  more && (await shelf.append(channel, `c/${channel}/head`, more));
  assert.deepEqual(shelf.damaged, []);
  const { items, holes, name, last_word } = core.channel(channel);
  const { items: found } = core.feed("", "", 100);
  return { items, holes, name, last_word, titles: found.map(({ variants: [text] }) => text.title) };
}

/** Every object of a tree that a reader asks for, in the order in which it does. */
async function fetchAll(tree) {
  const core = await Core.load(readFileSync(path.join(process.env.READER, "reader.wasm")));
  core.open(channel);
  const found = [];
  const take = (path_) => {
    const { kept, released } = core.take(channel, path_, readFileSync(path.join(tree, path_)));
    [...(kept ? [path_] : []), ...released].forEach((name) => found.push({ path: name, bytes: core.keep(channel, name).slice() }));
  };
  take(`c/${channel}/head`);
  const asked = [];
  for (let paths = core.wants(channel, heads[2], asked); paths.length > 0; paths = core.wants(channel, heads[2], asked)) {
    asked.push(paths[0]);
    take(paths[0]);
  }
  return found;
}
