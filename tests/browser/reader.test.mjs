// The reader app in a real browser: followed by link from a plain mirror, read, watched, and opened again when the
// mirror is gone.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Machine, makeClip, makeFilmOf, makePhoto } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone, isDrawn, play, until } from "./phone.mjs";

const UNCHANGED = "From the publisher, unchanged";
const WIDTHS = [320, 768, 1440];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const tree = newsroom.path("tree");
let mirror, address, video, phone, page;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  const texts = [
    ["kk", "Талды көшесіндегі нан", "Дүкенде **нан** бар.\n"],
    ["ru", "Хлеб на улице Талды", "В лавке есть **хлеб**.\n\n- с восьми утра\n- до вечера\n"],
    ["en", "Bread in Taldy Street", "There is **bread** in the shop.\n\n- from eight\n- until dark\n"],
  ].flatMap(([tag, title, text]) => ["--lang", tag, "--title", title, "--text", newsroom.file(`${tag}.md`, text)]);
  video = newsroom.json("publish", makeClip(newsroom), ...texts).id;
  newsroom.json("publish", makePhoto(newsroom), "--lang", "en", "--title", "The bridge at noon");
  newsroom.json("publish", "--lang", "ru", "--title", "Дороги открыты", "--lang", "en", "--title", "Roads are open");
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  mirror = await Mirror.start(tree);
  await open();
});

after(async () => {
  await phone?.close();
  await mirror?.stop().catch(() => undefined);
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

test("the first page says what is protected and what not", async () => {
  await page.goto(`${mirror.url}app/`);
  await phone.sees("News that comes by any road");
  await phone.sees("What this protects, and what not");
  await phone.sees("Whoever runs the website that this app came from could have changed the app itself.");
  await look("first");
});

test("a link shows whose key it is, and following brings the feed", async () => {
  await page.goto(`${mirror.url}app/#${address}`);
  await phone.sees("Is this the channel you mean?");
  await phone.sees("Sarybulaq News");
  assert.match(await page.locator(".code").first().innerText(), /^(\d{5}\s*){6}$/);
  await look("follow");
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("Bread in Taldy Street");
  await phone.sees("Roads are open");
  await phone.sees("The bridge at noon");
  assert.equal(await page.getByText(UNCHANGED).count(), 3);
  assert.match(await page.locator(".word").innerText(), /Last word from the publisher: (just now|\d+ min ago)/);
  await look("feed");
});

test("an item is read in the language that is chosen", async () => {
  await page.getByRole("link", { name: "Bread in Taldy Street" }).click();
  await phone.sees("There is bread in the shop.");
  await page.getByRole("button", { name: "Қазақша" }).click();
  await phone.sees("Дүкенде нан бар.");
  await page.getByRole("button", { name: "English" }).click();
  await look("item");
});

test("the video plays and seeks, of checked blocks only", async () => {
  const player = page.locator("video");
  await play(player);
  await until(async () => (await state(player)).time > 2, "2 seconds to play");
  assert.equal((await state(player)).error, null);
  await player.evaluate((element) => void (element.currentTime = 17));
  await until(async () => (await state(player)).time > 17.5, "the seek");
  await player.evaluate((element) => element.pause());
  // What the player did not ask for; of a short video it may have been all.
  const rest = page.getByRole("button", { name: "Bring the rest" });
  if (await rest.isVisible()) {
    await rest.click();
  }
  await until(() => page.getByRole("button", { name: "Save as a file" }).isVisible(), "the whole video");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  assert.ok(readFileSync(await saved.path()).equals(newsroom.read("clip.mp4")), "saved byte for byte");
});

test("a photo is shown when it is asked for", async () => {
  await page.goto(`${mirror.url}app/#/`);
  await page.getByRole("link", { name: "The bridge at noon" }).click();
  await page.getByRole("button", { name: /Show the photo/ }).click();
  await until(() => isDrawn(page.locator("figure img")), "the photo");
});

test("a name is found in another script, and nothing is sent", async () => {
  await page.goto(`${mirror.url}app/#/search`);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("searchbox").fill("хлеб");
  await phone.sees("1 found on this phone. Nothing was sent anywhere.");
  // Whether there is news is asked every minute, whatever is searched.
  assert.deepEqual(asked.filter((url) => !/\/c\/[0-9a-f]{64}\/head$|^blob:/.test(url)), []);
});

test("Shift three times leaves, and the way back does not lead into the app", async () => {
  await choose("en");
  await phone.anew();
  page = phone.page;
  await page.goto(`${mirror.url}app/`);
  await page.getByRole("link", { name: "Bread in Taldy Street" }).click();
  await phone.sees("There is bread in the shop.");
  for (let pressed = 0; pressed < 3; pressed += 1) {
    await page.keyboard.press("Shift");
  }
  await until(() => page.url() === "about:blank", "the empty page");
  await page.goBack();
  assert.equal(page.url(), "about:blank");
});

test("Kazakh is written in either script, dates too", async () => {
  await choose("kk-Latn");
  await phone.sees("Osy telefonda saqtalğan");
  const cyrillic = (await page.locator("main").innerText()).replace("Қазақша", "").replace("Русский", "").match(/\p{Script=Cyrillic}+/gu);
  assert.equal(cyrillic, null);
  assert.equal(await page.locator("html").getAttribute("lang"), "kk-Latn");
});

test("a code on one phone leads another one to the channel and the post", async () => {
  await choose("en");
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.getByRole("button", { name: "Show a code" }).click();
  const code = newsroom.path("code.png");
  await page.locator(".qr svg").screenshot({ path: code });
  await look("code");
  // What a camera sees that somebody holds in front of it.
  const film = makeFilmOf(code, newsroom);
  const camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`];
  const theirs = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
  const other = await Phone.open(theirs, [mirror.url], camera);
  try {
    await other.page.goto(`${mirror.url}app/`);
    await other.page.getByLabel("Read a code from a picture").setInputFiles(newsroom.path("photo.jpg"));
    await other.sees("No code was found in this picture.");
    await other.page.getByLabel("Read a code from a picture").setInputFiles(code);
    await other.sees("Is this the channel you mean?");
    await other.page.getByRole("button", { name: "Yes, follow" }).click();
    await other.sees("There is bread in the shop.");
    await other.page.goto(`${mirror.url}app/#/channels`);
    await other.page.getByRole("button", { name: "Scan a code" }).click();
    await other.page.getByRole("link", { name: "To the post" }).click();
    await other.sees("There is bread in the shop.");
    assert.deepEqual(other.wrong, []);
  } finally {
    await other.close();
    await rm(theirs, { recursive: true, force: true });
  }
});

test("with the mirror gone and the browser started anew everything kept still opens", async () => {
  await choose("en");
  await until(() => page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.active), "the app's own files");
  await phone.close();
  await mirror.stop();
  await open();
  await page.goto(`${mirror.url}app/`);
  await phone.sees("Bread in Taldy Street");
  assert.equal(await page.getByText(UNCHANGED).count(), 3);
  await page.getByRole("link", { name: "The bridge at noon" }).click();
  await until(() => isDrawn(page.locator("figure img")), "the photo");
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await phone.sees("There is bread in the shop.");
  const player = page.locator("video");
  await play(player);
  await until(async () => (await state(player)).time > 1, "the video to play");
  await page.goto(`${mirror.url}app/#/kept`);
  await phone.sees("Opens without any network");
});

test("media go by the rule that the reader chose, and texts stay", async () => {
  await page.evaluate(() => localStorage.setItem("longear", JSON.stringify({ language: "en", keepBytes: 2e6 })));
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.reload();
  await phone.sees("There is bread in the shop.");
  await until(() => page.getByText(/^Not here yet/).first().isVisible(), "the film to go");
  await page.goto(`${mirror.url}app/#/`);
  await page.getByRole("link", { name: "The bridge at noon" }).click();
  await until(() => isDrawn(page.locator("figure img")), "the photo, which is newer");
});

/** Starts the browser with the profile of this story. */
async function open() {
  phone = await Phone.open(profile, [mirror.url]);
  page = phone.page;
}

/** Chooses a language where readers do. */
async function choose(language) {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${mirror.url}app/#/kept`);
  await page.locator('select:has(option[value="fa"])').selectOption(language);
  await page.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
}

/** Looks at the page at three widths, in light and dark: it fits, and breaks no rule of access. */
async function look(name) {
  for (const width of WIDTHS) {
    const colorScheme = width === 768 ? "dark" : "light";
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    await sleep(150);
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(needed <= width, `${name} needs ${needed} pixels of ${width}`);
    const { violations } = await page.evaluate(`${axe}; axe.run()`);
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `${name}, ${width} pixels`);
    await page.screenshot({ path: path.join(screenshots, `reader-${name}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 360, height: 740 });
  assert.deepEqual(phone.wrong, []);
}

function state(player) {
  return player.evaluate((element) => ({ time: element.currentTime, error: element.error?.message ?? null }));
}
