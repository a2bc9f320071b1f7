// The app in two tabs: the second reads along with the first, and goes on when the first is closed or killed, also in the
// middle of a film.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { Machine, makeClip } from "./machine.mjs";
import { Mischief } from "./mischief.mjs";
import { Phone, play, until } from "./phone.mjs";

/** How long the mirror takes for one part of a film: it is under way long enough to close a tab in its middle. */
const PART_MS = 250;
/** The longest that a film may stand still because its tab took over. */
const PAUSE_MS_MAX = 5_000;

const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const tree = newsroom.path("tree");
/** The parts of films that were asked for since the last look. */
const parts = [];
let mirror, address, film, bread, phone;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  const text = newsroom.file("en.md", "There is **bread** in the shop.\n");
  bread = newsroom.json("publish", makeClip(newsroom), "--lang", "en", "--title", "Bread in Taldy Street", "--text", text).id;
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  film = newsroom.read("clip.mp4");
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  cpSync(path.join(tree, "app"), path.join(tree, "elsewhere/app"), { recursive: true });
  mirror = await Mischief.start(tree);
  mirror.harm = givePart;
  phone = await Phone.open(profile, [mirror.url]);
  await phone.follows(mirror, address, "Roads are open");
  await phone.keepsApp();
});

after(async () => {
  await phone?.close();
  await mirror?.stop();
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

/** Two tabs without a past; the first leads. */
beforeEach(async () => {
  await phone.anew();
  await phone.page.goto(`${mirror.url}app/`);
  await phone.sees("Roads are open");
  parts.length = 0;
  mirror.asked.length = 0;
});

test("the second tab shows what the first one has, finds, chooses, and asks nobody a second time", async () => {
  const second = await openSecond();
  await sees(second, "Bread in Taldy Street");
  await second.getByRole("link", { name: "Bread in Taldy Street" }).click();
  await sees(second, "There is bread in the shop.");
  await second.goto(`${mirror.url}app/#/search`);
  await second.getByRole("searchbox").fill("brea");
  await sees(second, "1 found on this phone.");
  await second.goto(`${mirror.url}app/#/kept`);
  await second.locator('select:has(option[value="fa"])').selectOption("ru");
  await until(() => phone.page.evaluate(() => document.documentElement.lang === "ru"), "the language in the first tab too");
  await second.locator('select:has(option[value="fa"])').selectOption("en");
  await second.getByLabel("A box near by").fill(mirror.url.replace("http://", ""));
  await second.getByRole("button", { name: "Ask this box" }).click();
  await until(() => second.getByLabel("A box near by").inputValue().then((typed) => typed === ""), "the box to be taken");
  assert.deepEqual(phone.wrong, []);
});

test("a film plays and is brought in the second tab; each part is asked for once", async () => {
  const second = await openSecond(`#/item/${bread}`);
  await play(await player(second));
  await until(async () => (await time(second)) > 1, "the film to play");
  await phone.page.goto(`${mirror.url}app/#/item/${bread}`);
  await play(await player(phone.page));
  await isWhole(second);
  await isWhole(phone.page);
  assert.deepEqual(parts, [...new Set(parts)], "each part once");
  await savesTrue(second);
});

for (const [how, end] of [["closed", closeFirst], ["killed", killFirst]]) {
  test(`the first tab is ${how} in the middle of a film, and the second plays on and brings the rest`, async () => {
    await remove();
    const second = await openSecond(`#/item/${bread}`);
    await phone.page.goto(`${mirror.url}app/#/item/${bread}`);
    await phone.page.getByRole("button", { name: /Bring it here/ }).click();
    await play(await player(second));
    await until(async () => (await time(second)) > 0.5, "the film to play");
    const mark = await second.evaluate(() => {
      globalThis.same = document.querySelector("video");
      return globalThis.same.currentTime;
    });
    await end();
    const closed = Date.now();
    await until(async () => (await time(second)) > mark + 1.5, "the film to go on");
    assert.ok(Date.now() - closed < PAUSE_MS_MAX + 1_500, `it stood still for ${Date.now() - closed - 1_500} ms`);
    assert.ok(await second.evaluate(() => globalThis.same === document.querySelector("video")), "the same player");
    // What the first tab was bringing.
    await isWhole(second);
    await second.evaluate(() => void (document.querySelector("video").playbackRate = 8));
    await until(() => second.evaluate(() => document.querySelector("video").ended), "the end of the film");
    assert.equal(await second.evaluate(() => document.querySelector("video").error), null);
    // What was under way in the tab that is gone may be asked for again: three parts at once.
    assert.ok(parts.length <= new Set(parts).size + 6, `${parts.length} parts were asked for, ${new Set(parts).size} different ones`);
    await savesTrue(second);
    // It leads now.
    phone.page = second;
    const third = await openSecond();
    await sees(third, "Roads are open");
  });
}

test("of three tabs that lose their first one only one leads", async () => {
  const second = await openSecond();
  const third = await openSecond();
  await closeFirst();
  mirror.asked.length = 0;
  for (const page of [second, third]) {
    await page.goto(`${mirror.url}app/#/search`);
    await page.getByRole("searchbox").fill("road");
    await sees(page, "1 found on this phone.");
  }
  assert.equal(mirror.asked.filter((name) => name.endsWith("/head")).length, 1, "one round");
  phone.page = second;
});

test("an app of another folder does not speak with this one: it waits until it is alone", async () => {
  const second = await phone.context.newPage();
  await second.goto(`${mirror.url}elsewhere/app/`);
  await sees(second, "Longear is open in another tab");
  await closeFirst();
  await sees(second, "Roads are open");
  phone.page = second;
});

test("what is wiped in one tab is gone in the other", async () => {
  const second = await openSecond("#/kept");
  const first = phone.page;
  const wipe = second.getByRole("button", { name: "Hold for 2 seconds to wipe" });
  await wipe.hover();
  await second.mouse.down();
  await until(() => second.url() === "about:blank", "the second tab to leave");
  await until(() => first.url() === "about:blank", "the first tab to leave");
  phone.page = first;
  await first.goto(`${mirror.url}app/`);
  await phone.sees("News that comes by any road");
  assert.equal(await first.evaluate(() => localStorage.length), 1, "the settings of the new beginning only");
});

async function openSecond(place = "") {
  const page = await phone.context.newPage();
  page.on("pageerror", (error) => phone.wrong.push(String(error)));
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${mirror.url}app/${place}`);
  await page.waitForSelector("main h1");
  return page;
}

function closeFirst() {
  return phone.page.close();
}

/** As when the phone takes its memory away. */
async function killFirst() {
  const session = await phone.context.newCDPSession(phone.page);
  void session.send("Page.crash").catch(() => undefined);
}

async function remove() {
  await phone.page.goto(`${mirror.url}app/#/item/${bread}`);
  await phone.page.getByRole("button", { name: "Remove from this phone" }).click();
  await until(() => phone.page.getByText(/^Not here yet/).first().isVisible(), "the film to go");
}

async function player(page) {
  await page.waitForSelector("video");
  return page.locator("video");
}

function time(page) {
  return page.evaluate(() => document.querySelector("video")?.currentTime ?? 0);
}

function sees(page, text) {
  return until(() => page.getByText(text).first().isVisible(), `“${text}” to be seen`);
}

function isWhole(page) {
  return until(() => page.getByRole("button", { name: "Save as a file" }).isVisible(), "the whole film");
}

async function savesTrue(page) {
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a file" }).click()]);
  assert.ok(readFileSync(await saved.path()).equals(film), "saved byte for byte");
}

/** Gives parts of blobs, slowly. */
function givePart(name, response) {
  const [, from, to] = response.req.headers.range?.match(/^bytes=(\d+)-(\d+)$/) ?? [];
  if (!name.startsWith("b/") || from === undefined) {
    return false;
  }
  parts.push(`${name} ${from}-${to}`);
  const bytes = readFileSync(path.join(tree, name));
  const part = bytes.subarray(Number(from), Number(to) + 1);
  response.writeHead(206, { "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}` });
  setTimeout(() => response.end(part), PART_MS);
  return true;
}
