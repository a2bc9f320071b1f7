// The box view in a real browser: a neighbour without any software watches a video that the box is still fetching.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { chromium } from "playwright-core";

import { Machine, makePhoto, makeSound, makeVideo } from "./machine.mjs";
import { SlowProxy } from "./slow-proxy.mjs";

const SENTENCE = "Checked by this box; this page cannot check the box.";
const SENTENCE_RU = "Проверено этим узлом; эта страница не может проверить сам узел.";

/** Fast enough to begin at once, in bytes a second. */
const FAST = 8_000_000;
/** Slow enough that the transfer is still running when everything has been looked at. */
const SLOW = 30_000;
/** Share of the video that is let through at first: its first seconds are among it. */
const SHARE_AT_FIRST = 0.65;
/** How long anything may take on a slow machine. */
const PATIENCE_MS = 60_000;

const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
const newsroom = new Machine();
const box = new Machine();
let proxy, serving, syncing, synced, browser, id, radio;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  const { address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots"));
  const texts = [
    ["kk", "Талды көшесіндегі нан", "Дүкенде **нан** бар.\n"],
    ["ru", "Хлеб на улице Талды", "В лавке есть **хлеб**.\n\n- с восьми утра\n- до вечера\n"],
    ["en", "Bread in Taldy Street", "There is **bread** in the shop.\n\n- from eight\n- until dark\n"],
  ].flatMap(([tag, title, text]) => ["--lang", tag, "--title", title, "--text", newsroom.file(`${tag}.md`, text)]);
  id = newsroom.json("publish", makeVideo(newsroom), ...texts).id;
  newsroom.json("publish", "--lang", "ru", "--title", "Дороги открыты", "--lang", "en", "--title", "Roads are open");
  const small = [makePhoto(newsroom), makeSound(newsroom), newsroom.file("prices.pdf", "%PDF-1.4\n%%EOF\n")];
  radio = newsroom.json("publish", ...small, "--lang", "en", "--title", "Radio minute").id;
  proxy = await SlowProxy.start((await newsroom.serve()).url, FAST);

  box.json("follow", address);
  serving = await box.serve();
  syncing = box.start("sync", proxy.url);
  synced = new Promise((done) => syncing.on("exit", done));
  await until(() => share() > SHARE_AT_FIRST, "the beginning of the video to arrive");
  proxy.rate = SLOW;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu"],
  });
});

after(async () => {
  await browser?.close();
  await proxy?.stop();
  newsroom.stop();
  box.stop();
  await Promise.all([newsroom, box].map((machine) => rm(machine.folder, { recursive: true, force: true })));
});

test("without JavaScript the feed and the item say who checked what, and what is here", async () => {
  await visit({ locale: "en-GB", width: 360 }, async (page) => {
    const answer = await page.goto(serving.url);
    assert.match(answer.headers()["content-security-policy"], /default-src 'none'/);
    await sees(page, SENTENCE);
    await sees(page, "Sarybulaq News");
    assert.match(await page.locator("body").innerText(), /\b[6-9]\d\s%\shere/);
    await fits(page, 360);

    await page.getByRole("link", { name: "Bread in Taldy Street" }).first().click();
    assert.equal(new URL(page.url()).pathname.includes(id), true);
    await sees(page, SENTENCE);
    await sees(page, "There is bread in the shop.");
    assert.match(await page.locator("body").innerText(), /\b[6-9]\d\s%\shere, [34]\d of 6\d\sMB/);
    await fits(page, 360);
  });
});

test("the browser's language chooses words and text", async () => {
  await visit({ locale: "ru-RU", width: 360 }, async (page) => {
    await page.goto(serving.url);
    await sees(page, SENTENCE_RU);
    await sees(page, "Хлеб на улице Талды");
    assert.equal(await page.locator("html").getAttribute("lang"), "ru");
    assert.match(await page.locator("body").innerText(), /\b[6-9]\d\s% здесь/);
  });
  await visit({ locale: "kk-KZ", width: 360 }, async (page) => {
    await page.goto(serving.url);
    await sees(page, "Талды көшесіндегі нан");
    assert.equal(await page.locator("html").getAttribute("lang"), "kk");
  });
});

test("a photo is seen, a sound plays, a document is saved", async () => {
  await visit({ locale: "en-GB", width: 360 }, async (page) => {
    await page.goto(serving.url + itemPath(radio));
    const photo = page.locator("figure img");
    await photo.scrollIntoViewIfNeeded();
    await until(() => photo.evaluate((element) => element.complete && element.naturalWidth === 1280), "the photo");
    assert.match(await photo.getAttribute("alt"), /Radio minute/);
    const sound = page.locator("audio");
    await sound.evaluate((element) => {
      element.muted = true;
      return element.play();
    });
    await until(async () => (await state(sound)).time > 1, "the sound to play");
    const link = page.getByRole("link", { name: "prices.pdf" });
    const saved = await page.request.get(new URL(await link.getAttribute("href"), serving.url).href);
    assert.match(saved.headers()["content-disposition"], /^attachment/);
    assert.ok((await saved.body()).equals(newsroom.read("prices.pdf")), "saved byte for byte");
    await page.screenshot({ path: path.join(screenshots, "box-radio-360.png"), fullPage: true });
  });
});

test("narrow and wide, nothing runs over the edge", async () => {
  for (const width of [320, 768]) {
    for (const [name, address] of [["feed", "/"], ["item", itemPath()]]) {
      await visit({ locale: "ru-RU", width }, async (page) => {
        const answer = await page.goto(serving.url + address);
        assert.equal(answer.status(), 200);
        await fits(page, width);
        await page.screenshot({ path: path.join(screenshots, `box-${name}-${width}.png`), fullPage: true });
      });
    }
  }
});

test("the video plays past 5 s while the box is still fetching it, and seeks", async () => {
  await visit({ locale: "en-GB", width: 360 }, async (page) => {
    await page.goto(serving.url + itemPath());
    const video = page.locator("video");
    assert.ok((await state(video)).controls, "the browser's own controls play it");
    await video.evaluate((element) => {
      element.muted = true;
      return element.play();
    });
    await until(async () => (await state(video)).time > 5, "5 seconds to play");
    assert.equal(syncing.exitCode, null, "the transfer is running");
    assert.ok(share() < 1, "the video is not whole");
    const playing = await state(video);
    assert.deepEqual([playing.error, playing.width, playing.height], [null, 640, 360]);
    await page.screenshot({ path: path.join(screenshots, "box-playing-360.png") });

    // Forward into what is not here yet: it waits, and goes on as soon as the bytes have come.
    await video.evaluate((element) => void (element.currentTime = 54));
    await until(async () => (await state(video)).seeking || (await state(video)).time >= 54, "the seek");
    proxy.rate = FAST;
    await until(async () => (await state(video)).time > 54.5, "the end of the video to play");
    await video.evaluate((element) => void (element.currentTime = 1));
    await until(async () => {
      const { time, seeking } = await state(video);
      return !seeking && time > 1.2 && time < 30;
    }, "the beginning to play again");
    assert.equal((await state(video)).error, null);
  });
});

test("when the transfer has ended the page offers the whole video", async () => {
  proxy.rate = FAST;
  assert.equal(await synced, 0);
  assert.equal(share(), 1);
  await visit({ locale: "en-GB", width: 360 }, async (page) => {
    await page.goto(serving.url + itemPath());
    const save = page.getByRole("link", { name: "Save video" });
    const saved = await page.request.get(new URL(await save.getAttribute("href"), serving.url).href);
    assert.ok((await saved.body()).equals(newsroom.read("clip.mp4")), "saved byte for byte");
    assert.ok(!/\d\s%\shere/.test(await page.locator("body").innerText()));
  });
});

/** Opens a page without JavaScript, and asserts that nothing went wrong and nobody else was asked for anything. */
async function visit({ locale, width }, look) {
  const context = await browser.newContext({
    javaScriptEnabled: false,
    locale,
    viewport: { width, height: 740 },
    isMobile: width < 600,
    hasTouch: width < 600,
  });
  const wrong = [];
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => new URL(request.url()).origin === serving.url || wrong.push(request.url()));
  page.on("response", (response) => response.status() < 400 || wrong.push(`${response.status()} ${response.url()}`));
  try {
    await look(page);
  } finally {
    await context.close();
  }
  assert.deepEqual(wrong, []);
}

/** Where the page of an item is; unless another is named, of the one with the video. */
function itemPath(item = id) {
  return `/item/${item}`;
}

async function sees(page, text) {
  assert.ok(await page.getByText(text).first().isVisible(), `${text} is to be seen`);
}

/** Asserts that the page needs no scrolling sideways. */
async function fits(page, width) {
  const needed = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(needed <= width, `the page needs ${needed} pixels of ${width}`);
}

function state(video) {
  return video.evaluate((element) => ({
    controls: element.controls,
    time: element.currentTime,
    seeking: element.seeking,
    error: element.error?.message ?? null,
    width: element.videoWidth,
    height: element.videoHeight,
  }));
}

/** How much of the video is at the box. */
function share() {
  const item = box.list().find((item) => item.id === id);
  const video = item?.renditions.find((rendition) => rendition.name === "clip.mp4");
  return video ? video.have / video.size : 0;
}

async function until(holds, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await sleep(100);
  }
}
