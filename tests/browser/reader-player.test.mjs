// The player of the app: its line is the seek bar, also for who types and for who reads from right to left, and where a part of
// a film comes from nowhere, it says so and offers what there is.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makeClip } from "./machine.mjs";
import { Mischief } from "./mischief.mjs";
import { Phone, play, until } from "./phone.mjs";

/** Where the film has a hole: not in its first second and not in its last. */
const HOLE = [2 << 20, 3 << 20];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const tree = newsroom.path("tree");
let mirror, phone, page, video, film, hash, hasHole;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  const { address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots"));
  const clip = makeClip(newsroom);
  const small = newsroom.path("small.mp4");
  const sound = newsroom.path("sound.m4a");
  const encode = (words, to) => execFileSync("ffmpeg", ["-v", "error", "-y", "-i", clip, ...words.split(" "), to]);
  encode("-vf scale=256:144 -c:v libx264 -b:v 200k -c:a aac -b:a 32k -movflags +faststart", small);
  encode("-vn -c:a aac -b:a 32k -movflags +faststart", sound);
  video = newsroom.json("publish", clip, small, sound, "--lang", "en", "--title", "Bread in Taldy Street").id;
  film = newsroom.read("clip.mp4");
  hash = newsroom.list()[0].renditions.find((rendition) => rendition.size === film.length).blob;
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  mirror = await Mischief.start(tree);
  mirror.harm = withoutHole;
  phone = await Phone.open(profile, [mirror.url]);
  page = phone.page;
  await phone.follows(mirror, address, "Bread in Taldy Street");
  await phone.keepsApp();
});

after(async () => {
  await phone?.close();
  await mirror?.stop();
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

test("a missing part that nobody gives is said, passed over, or played in a smaller form", async () => {
  hasHole = true;
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.getByRole("radio", { name: /^360p/ }).check();
  await play(page.locator("video"));
  await page.locator("video").evaluate((element) => void (element.playbackRate = 4));
  await phone.sees("The next part is not here");
  await until(() => page.evaluate(() => document.querySelector("video").readyState < 3), "the film to stand still");
  await phone.sees("No source gives it now.");
  await look("gap", "en-GB");
  await page.getByRole("button", { name: /Play 144p, / }).click();
  await until(() => page.evaluate(() => document.querySelector("video")?.videoHeight === 144), "the smaller form");
  await until(async () => (await at()) > 5, "it to go on where the other one stood still");
  assert.equal(await page.getByText("The next part is not here").count(), 0);
  hasHole = false;
});

test("the line is a slider: it says the place and whether it is here, and keys move it", async () => {
  await page.goto(`${mirror.url}app/#/`);
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.getByRole("radio", { name: /^360p/ }).check();
  await play(page.locator("video"));
  await page.getByRole("button", { name: "Pause", exact: true }).first().click();
  await until(() => page.evaluate(() => document.querySelector("video").paused), "the pause");
  const slider = page.getByRole("slider", { name: "Place on the line" });
  await slider.focus();
  await page.keyboard.press("Home");
  await until(async () => (await at()) === 0, "the beginning");
  await page.keyboard.press("ArrowRight");
  await until(async () => (await at()) === 10, "ten seconds on");
  await until(async () => (await slider.getAttribute("aria-valuetext")) === "0:10 of 0:20 · here", "the place in words");
  await page.keyboard.press("ArrowLeft");
  await until(async () => (await at()) === 0, "ten seconds back");
  const { width, height } = await slider.boundingBox();
  assert.ok(height >= 44, `${height} pixels`);
  await slider.click({ position: { x: width * 0.75, y: height / 2 } });
  await until(async () => Math.abs((await at()) - 15) < 1, "three quarters");
  await page.getByRole("combobox", { name: "Speed" }).selectOption("1.5");
  assert.equal(await page.evaluate(() => document.querySelector("video").playbackRate), 1.5);
  await play(page.locator("video"));
  assert.equal(await page.evaluate(() => navigator.mediaSession.metadata.title), "Bread in Taldy Street");
});

test("sound alone is a choice, with the same line", async () => {
  await page.getByRole("radio", { name: /^Sound only/ }).check();
  await play(page.locator("audio"));
  await until(() => page.evaluate(() => document.querySelector("audio").currentTime > 0.5), "the sound");
  assert.equal(await page.locator("video").count(), 0);
  await page.getByRole("slider", { name: "Place on the line" }).waitFor();
});

test("from right to left the line begins at the right", async () => {
  await page.goto(`${mirror.url}app/#/kept`);
  await page.locator('select:has(option[value="fa"])').selectOption("fa");
  await page.waitForFunction(() => document.documentElement.dir === "rtl");
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.waitForSelector("video");
  await page.locator('input[name="form"]').first().check();
  await play(page.locator("video"));
  await page.evaluate(() => document.querySelector("video").pause());
  const slider = page.getByRole("slider");
  await until(() => page.evaluate(() => document.querySelector("video").duration > 19), "the film's length");
  const { width, height } = await slider.boundingBox();
  await slider.click({ position: { x: width * 0.25, y: height / 2 } });
  await until(async () => Math.abs((await at()) - 15) < 1, "three quarters, counted from the right");
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await until(async () => (await at()) < 6.5, "ten seconds back");
  await look("player", "fa-IR");
  assert.deepEqual(phone.wrong, []);
});

function at() {
  return page.evaluate(() => document.querySelector("video").currentTime);
}

async function look(name, locale) {
  await page.evaluate(() => document.querySelector("main").scrollIntoView());
  const needed = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(needed <= 360, `${name} needs ${needed} pixels`);
  const { violations } = await page.evaluate(`${axe}; axe.run()`);
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
  await page.screenshot({ path: path.join(screenshots, `reader-${name}-${locale}-360.png`), fullPage: true });
}

/** Gives parts of the film, but none of the hole. */
function withoutHole(name, response) {
  const [, from, to] = response.req.headers.range?.match(/^bytes=(\d+)-(\d+)$/)?.map(Number) ?? [];
  if (name !== `b/${hash.slice(0, 2)}/${hash}` || from === undefined) {
    return false;
  }
  if (hasHole && to >= HOLE[0] && from < HOLE[1]) {
    response.statusCode = 503;
    response.end();
  } else {
    response.writeHead(206, { "content-range": `bytes ${from}-${Math.min(to, film.length - 1)}/${film.length}` });
    response.end(film.subarray(from, to + 1));
  }
  return true;
}
