// A browser that gives no private files (OPFS), as older ones and some private windows: the same app keeps the same in the
// browser's database, through kills too, and opens it again without any server.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { blake3 } from "../../web/hash.mjs";
import { list, restamp } from "../../web/release.mjs";
import { Machine, makeClip, makePhoto } from "./machine.mjs";
import { Mischief } from "./mischief.mjs";
import { Phone, isDrawn, play, until } from "./phone.mjs";

/** What a worker runs first: private files are taken away. */
const WITHOUT = "delete StorageManager.prototype.getDirectory;";
/** Longer than the button has to be held. */
const HOLD_MS = 20_000;
/** How long the mirror takes for one part of a film, so that the browser can be killed in its middle. */
const PART_MS = 600;

const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const tree = newsroom.path("tree");
let mirror, address, video, photo, phone, page;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  const text = newsroom.file("en.md", "There is **bread** in the shop.\n");
  video = newsroom.json("publish", makeClip(newsroom), "--lang", "en", "--title", "Bread in Taldy Street", "--text", text).id;
  photo = newsroom.json("publish", makePhoto(newsroom), "--lang", "en", "--title", "The bridge at noon").id;
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  await takeAway(path.join(tree, "app"));
  mirror = await Mischief.start(tree);
  mirror.harm = (name, response) => {
    setTimeout(() => response.end(readFileSync(path.join(tree, name))), name.startsWith("b/") ? PART_MS : 0);
    return true;
  };
  await open();
});

after(async () => {
  await phone?.close();
  await mirror?.stop().catch(() => undefined);
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

test("a file holds what was written, whatever was written and cut off before, and nothing that was not flushed", async () => {
  await page.goto(`${mirror.url}app/`);
  await page.addScriptTag({ url: `${mirror.url}app/database.js` });
  const wrong = await page.evaluate(writeAtRandom, 1);
  assert.deepEqual(wrong, []);
});

test("what is followed and read is kept in the database, and the app says where", async () => {
  await phone.follows(mirror, address, "Bread in Taldy Street");
  await page.goto(`${mirror.url}app/#/item/${photo}`);
  await page.getByRole("button", { name: /Show the photo/ }).click();
  await until(() => isDrawn(page.locator("figure img")), "the photo");
  await page.goto(`${mirror.url}app/#/kept`);
  await phone.sees("Kept in the browser’s database");
  await phone.sees("In a private window all of it is gone when the window is closed");
  assert.equal(await page.getByText("Nothing is kept here").count(), 0);
  assert.deepEqual(phone.wrong, []);
});

test("a browser that is killed in the middle of a film has what it said it had, and brings the rest", async () => {
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.getByRole("button", { name: /Bring it here/ }).click();
  await until(() => page.getByText(/^[2-9]\d\s% here/).first().isVisible(), "a part of the film");
  const said = Number((await page.getByText(/\s% here/).first().innerText()).match(/^\d+/)[0]);
  const session = await phone.context.newCDPSession(page);
  await session.send("Browser.crash").catch(() => undefined);
  await open();
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await phone.sees(/\s% here/);
  const kept = Number((await page.getByText(/\s% here/).first().innerText()).match(/^\d+/)[0]);
  assert.ok(kept >= said && kept < 100, `${kept} % of the film, of ${said}`);
  await page.getByRole("button", { name: /Bring the rest/ }).click();
  const save = page.getByRole("button", { name: "Save as a file" });
  await until(() => save.isVisible(), "the whole film");
  const [saved] = await Promise.all([page.waitForEvent("download"), save.click()]);
  assert.ok(readFileSync(await saved.path()).equals(newsroom.read("clip.mp4")), "byte for byte");
});

test("what is kept is handed on as one file", async () => {
  await page.goto(`${mirror.url}app/#/kept`);
  await page.getByLabel("Everything that is here").check();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as one file" }).click()]);
  const other = new Machine();
  other.run("follow", address);
  await saved.saveAs(other.path("news.longear"));
  other.run("archive", "read", other.path("news.longear"));
  assert.ok(other.list().every(({ renditions }) => renditions.every(({ have, size }) => have === size)), "all of it");
  await rm(other.folder, { recursive: true, force: true });
});

test("with the mirror gone and the browser started anew everything kept still opens, in two tabs", async () => {
  await until(() => page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.active), "the app's own files");
  await phone.close();
  await mirror.stop();
  await open();
  await page.goto(`${mirror.url}app/`);
  await phone.sees("Bread in Taldy Street");
  const second = await phone.context.newPage();
  for (const tab of [page, second]) {
    await tab.goto(`${mirror.url}app/#/item/${photo}`);
    await until(() => isDrawn(tab.locator("figure img")), "the photo");
    await tab.goto(`${mirror.url}app/#/item/${video}`);
    await until(() => tab.getByText("There is bread in the shop.").isVisible(), "the text");
    await play(tab.locator("video"));
    await until(() => tab.evaluate(() => document.querySelector("video").currentTime > 1), "the film to play");
    await tab.evaluate(() => void (document.querySelector("video").currentTime = 17));
    await until(() => tab.evaluate(() => document.querySelector("video").currentTime > 17.5), "the seek");
  }
  await second.close();
});

test("wiping deletes the database, and at once, also while the website holds up its service worker", async () => {
  // The page used to stay until the browser had an answer, which may be never.
  mirror = await Mischief.start(tree, Number(new URL(mirror.url).port));
  mirror.everything = true;
  mirror.harm = (name) => name === "app/service.js";
  await page.goto(`${mirror.url}app/#/kept`);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready).update().catch(() => undefined));
  const databases = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  assert.deepEqual(await databases(), ["longear"]);
  await until(async () => {
    // When the page grows above the button, it is not under the finger any more: then nothing is wiped, and one begins anew.
    await page.mouse.up();
    await page.getByRole("button", { name: "Hold for 2 seconds to wipe" }).hover();
    await page.mouse.down();
    return page.waitForURL("about:blank", { timeout: HOLD_MS }).then(() => true, () => false);
  }, "the app to leave");
  mirror.harm = () => false;
  await page.goto(`${mirror.url}app/icon.svg`);
  assert.deepEqual(await databases(), []);
});

async function open() {
  phone = await Phone.open(profile, [mirror.url]);
  page = phone.page;
}

/** Makes an app of which no worker finds private files, as its makers would have signed it. */
async function takeAway(app) {
  list(app).filter((name) => /\.(gz|br)$/.test(name)).forEach((name) => rmSync(path.join(app, name)));
  const worker = path.join(app, "worker.js");
  writeFileSync(worker, WITHOUT + readFileSync(worker, "utf8"));
  const { privateKey } = generateKeyPairSync("ed25519");
  const release = { kind: "development", version: 1, privateKey, build: "0000000000000001" };
  restamp(app, release, await blake3(path.join(process.env.READER, "reader.wasm")));
}

/** Runs in the page: writes, cuts off, reads and opens a file anew, and compares it with one in memory. */
async function writeAtRandom(seed) {
  let state = seed;
  const random = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const disk = await globalThis.database.findOther();
  const wrong = [];
  let file = await disk.open("test/file");
  let truth = new Uint8Array(0);
  for (let step = 0; step < 150; step += 1) {
    const kind = random(10);
    if (kind < 6) {
      const at = random(3) === 0 ? truth.length : random(300_000);
      const bytes = Uint8Array.from({ length: 1 + random(100_000) }, () => random(256));
      file.write(at, bytes);
      const grown = new Uint8Array(Math.max(truth.length, at + bytes.length));
      grown.set(truth);
      grown.set(bytes, at);
      truth = grown;
    } else if (kind < 8) {
      truth = truth.slice(0, random(truth.length + 1));
      file.truncate(truth.length);
    } else if (kind === 8) {
      await file.flush();
      // Not flushed: gone when it is opened anew.
      file.write(random(1000), new Uint8Array(random(1000)));
      file = await disk.open("test/file");
    }
    if (kind < 8) {
      // Two at once, as blocks of a film come.
      await Promise.all([file.flush(), file.flush()]);
    }
    const [from, to] = [random(truth.length + 1), random(truth.length + 1)].sort((a, b) => a - b);
    const read = await file.read(from, to);
    if (file.size() !== truth.length || read.length !== to - from || read.some((byte, index) => byte !== truth[from + index])) {
      wrong.push(`step ${step}, seed ${seed}: ${from} to ${to} of ${truth.length}`);
    }
  }
  const listed = await disk.list("test");
  const content = new Uint8Array(await (await disk.content("test/file")).arrayBuffer());
  if (listed.length !== 1 || listed[0].size !== truth.length || content.some((byte, index) => byte !== truth[index])) {
    wrong.push("the list, or the content");
  }
  await disk.remove("test/file");
  if (await disk.exists("test/file") || (await disk.list("test")).length > 0) {
    wrong.push("it was removed");
  }
  return wrong;
}
