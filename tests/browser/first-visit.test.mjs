// What a first visit loads: only what shows a channel and checks it. The rest comes when somebody reads or searches.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { Machine } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { until } from "./phone.mjs";

const newsroom = new Machine();
let mirror, address, browser;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  const text = newsroom.file("text.md", "There is **bread** in the shop.\n");
  newsroom.json("publish", "--lang", "en", "--title", "Bread in Taldy Street", "--text", text);
  newsroom.run("site", newsroom.path("tree"));
  newsroom.run("sync", newsroom.path("tree"));
  mirror = await Mirror.start(newsroom.path("tree"));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});

after(async () => {
  await browser?.close();
  await mirror?.stop().catch(() => undefined);
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
});

/** Opens the app for the first time, follows the channel, and waits for its news. */
async function visit() {
  // The service worker fetches everything as soon as it is there; here it is about what the app itself asks for.
  const context = await browser.newContext({ locale: "en-GB", serviceWorkers: "block" });
  const asked = [];
  context.on("request", (request) => {
    const [, file] = request.url().split("/app/");
    if (file !== undefined) {
      asked.push(file.split("#")[0]);
    }
  });
  const page = await context.newPage();
  const sees = (words) => until(() => page.getByText(words).first().isVisible(), `“${words}” to be seen`);
  const read = () => page.getByRole("link", { name: "Bread in Taldy Street" }).click();
  return { asked, page, sees, read };
}

async function follow({ page, sees }) {
  await page.goto(`${mirror.url}app/#${address}`);
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await sees("Bread in Taldy Street");
  await sees("There is bread in the shop.");
}

test("the module for reading is loaded when somebody reads, and once", async () => {
  const reader = await visit();
  await follow(reader);
  const needed = ["", "chunk.js", "page.js", "reader-simd.lzma", "style.css", "words/en.json", "worker.js"];
  const beside = /^(icon\.svg|manifest\.webmanifest|service\.js)$/;
  assert.deepEqual([...new Set(reader.asked)].filter((file) => !beside.test(file)).sort(), needed);
  await reader.read();
  await until(() => reader.page.locator(".prose strong").isVisible(), "the text with its marks");
  await reader.page.goto(`${mirror.url}app/#/search`);
  await reader.page.getByRole("searchbox").fill("brea");
  await reader.sees("1 found on this phone.");
  assert.deepEqual(reader.asked.filter((file) => file.startsWith("texts")), ["texts.lzma"]);
});

test("a text can be read though the module for it does not come, and with its marks when it comes", async () => {
  const reader = await visit();
  await reader.page.route("**/texts.lzma", (route) => route.abort());
  await follow(reader);
  await reader.read();
  await reader.sees("There is **bread** in the shop.");
  await reader.page.unroute("**/texts.lzma");
  await reader.page.goto(`${mirror.url}app/#/`);
  await reader.read();
  await until(() => reader.page.locator(".prose strong").isVisible(), "the text with its marks");
});

test("a page whose script or words do not come says so, and comes when it is asked for again", async () => {
  for (const missing of ["**/later.js*", "**/later.css", "**/words/en-later.json"]) {
    const reader = await visit();
    await follow(reader);
    await reader.page.route(missing, (route) => route.abort());
    await reader.page.goto(`${mirror.url}app/#/kept`);
    await reader.sees("This page has not come");
    await reader.page.getByRole("button", { name: "Try again" }).click();
    await reader.sees("This page has not come");
    await reader.page.unroute(missing);
    await reader.page.getByRole("button", { name: "Try again" }).click();
    await reader.sees("Kept on this phone");
    await reader.sees("Where news comes from");
  }
});
