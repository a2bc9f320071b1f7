// The app's own files: a mirror that changes one of them, their list, or goes back to an older version, is found out; the
// alarm stays until it is read, and the app that is kept goes on.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { blake3 } from "../../web/hash.mjs";
import { list, restamp } from "../../web/release.mjs";
import { Machine } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Mischief } from "./mischief.mjs";
import { Phone, until } from "./phone.mjs";

const CHANGED = "The website gives a changed app";
const OLD = "The website gives an old app";

const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
const newsroom = new Machine();
const { privateKey } = generateKeyPairSync("ed25519");
const tree = newsroom.path("tree");
const app = path.join(tree, "app");
const versions = Object.fromEntries(["older", "newer", "newest"].map((name) => [name, newsroom.path(name)]));
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
let mirror, phone, page, address;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  const hash = await blake3(path.join(process.env.READER, "reader.wasm"));
  for (const [index, folder] of Object.values(versions).entries()) {
    cpSync(app, folder, { recursive: true });
    list(folder).filter((name) => /\.(gz|br)$/.test(name)).forEach((name) => rmSync(path.join(folder, name)));
    const release = { kind: "release", version: 7 + index, privateKey, build: `000000000000000${index}`, patienceMs: 500 };
    restamp(folder, release, hash);
  }
  mirror = await Mirror.start(tree);
  phone = await Phone.open(profile, [mirror.url]);
  page = phone.page;
});

after(async () => {
  await phone?.close();
  await mirror?.stop();
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

test("an app that is as it was signed is kept, and says its version", async () => {
  offer("newer");
  await phone.follows(mirror, address, "Roads are open");
  await until(isKept, "the app's own files");
  await page.goto(`${mirror.url}app/#/checked`);
  await phone.sees("Version 8.");
  assert.equal(await page.getByRole("alert").count(), 0);
});

const faults = {
  "a changed script": [() => spoil("page.js"), CHANGED, "page.js: changed"],
  "a changed core": [() => spoil("reader-simd.lzma"), CHANGED, "reader-simd.lzma: changed"],
  "a changed service worker": [() => spoil("service.js"), CHANGED, "service.js: changed"],
  "a list that claims to be newer": [claimNewer, CHANGED, "files.txt: unsigned"],
  "an older version": [() => offer("older"), OLD, "files.txt: older"],
};
for (const [name, [change, title, why]] of Object.entries(faults)) {
  test(`${name} at the mirror raises an alarm, and the kept app goes on`, async () => {
    offer("newer");
    change();
    await page.goto(`${mirror.url}app/#/`);
    await page.reload();
    await phone.sees(title);
    await phone.sees("Nothing of it was taken.");
    await phone.sees(why);
    await look(name);
    await nothingIsTaken();
    await staysUntilRead(title);
  });
}

test("a mirror that says of changed files that they are as before is found out once a day", async () => {
  // The browser's own copies are the true ones; asked whether they have changed, the mirror says no, whatever it gives to others.
  offer("newer");
  const liar = await Mischief.start(tree);
  liar.everything = true;
  const tab = await Phone.open(mkdtempSync(path.join(os.tmpdir(), "longear-profile-")), [liar.url]);
  const { page } = tab;
  let conditional = 0;
  liar.harm = (name, response, request) => {
    response.setHeader("last-modified", "Sun, 01 Nov 2026 00:00:00 GMT");
    const asks = !!request.headers["if-modified-since"];
    conditional += asks ? 1 : 0;
    return asks && answerUnchanged(response);
  };
  try {
    await page.goto(`${liar.url}app/#${address}`);
    await page.getByRole("button", { name: "Yes, follow" }).click();
    await tab.sees("Roads are open");
    await until(() => page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.active), "the app's own files");
    await until(() => page.evaluate(wasLookedAt), "the first look at the whole app");
    spoil("page.js");
    conditional = 0;
    await page.reload();
    await tab.sees("Roads are open");
    await until(() => conditional > 5, "the mirror to be asked whether files have changed");
    assert.equal(await page.getByRole("alert").count(), 0, "within a day it is believed");
    // A day later.
    await page.evaluate(async () => (await (await navigator.storage.getDirectory()).getDirectoryHandle("longear")).removeEntry("app-seen"));
    await page.reload();
    await tab.sees(CHANGED);
    await tab.sees("page.js: changed");
    await tab.sees("Nothing of it was taken.");
    assert.deepEqual(tab.wrong, []);
  } finally {
    await tab.close();
    await liar.stop();
  }
});

test("without the mirror the app opens as it was kept, and a newer version is taken", async () => {
  offer("newer");
  spoil("page.js");
  await page.reload();
  await phone.sees(CHANGED);
  const { port } = mirror;
  await mirror.stop();
  await phone.anew();
  page = phone.page;
  await page.goto(`${mirror.url}app/`);
  await phone.sees("Roads are open");
  await phone.sees(CHANGED);
  await page.getByRole("button", { name: "I have read this" }).click();
  await page.goto(`${mirror.url}app/#/checked`);
  await phone.sees("Version 8.");
  offer("newest");
  mirror = await Mirror.start(tree, port);
  await page.goto(`${mirror.url}app/#/checked`);
  await page.reload();
  await until(() => page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.waiting), "the update");
  await until(async () => {
    // The browser puts it in place when no tab shows the old one, at a moment of its own.
    await page.goto("about:blank");
    await page.goto(`${mirror.url}app/#/checked`);
    // Not the first heading: while the app starts there is one as well.
    await page.getByText(/^Version \d/).waitFor();
    return page.getByText("Version 9.").isVisible();
  }, "the new version");
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(phone.wrong, []);
});

function answerUnchanged(response) {
  response.statusCode = 304;
  response.end();
  return true;
}

/** Whether the website has given every file of the app itself. */
async function wasLookedAt() {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("longear").catch(() => null);
  const names = folder ? await Array.fromAsync(folder.keys()) : [];
  return names.includes("app-seen");
}

/** Looks at the alarm as readers see it, in the widest and the narrowest form. */
async function look(name) {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(needed <= width, `${name} needs ${needed} pixels of ${width}`);
    await page.screenshot({ path: path.join(screenshots, `reader-alarm-${name.replaceAll(" ", "-")}-${width}.png`) });
  }
}

/** What the mirror gives as the app from now on. */
function offer(version) {
  rmSync(app, { recursive: true });
  cpSync(versions[version], app, { recursive: true });
}

/** Other bytes, as many as before. */
function spoil(name) {
  const file = path.join(app, name);
  const bytes = readFileSync(file);
  bytes[bytes.length - 3] ^= 1;
  writeFileSync(file, bytes);
}

function claimNewer() {
  const file = path.join(app, "files.txt");
  writeFileSync(file, readFileSync(file, "utf8").replace("version 8", "version 9"));
}

function isKept() {
  return page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.active);
}

/** Also when the browser asks for an update by itself. */
async function nothingIsTaken() {
  const waiting = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration.update().catch(() => undefined);
    while (registration.installing) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return registration.waiting !== null;
  });
  assert.equal(waiting, false);
}

/** It comes back with the app, and goes when it has been read. */
async function staysUntilRead(title) {
  await page.reload();
  await phone.sees(title);
  await phone.sees("Roads are open");
  await page.getByRole("button", { name: "I have read this" }).click();
  await until(async () => (await page.getByRole("alert").count()) === 0, "the alarm to go");
}
