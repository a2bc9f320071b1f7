// A channel with more posts than anybody scrolls through at once: read in parts, drawn near the screen only.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, test } from "node:test";

import { Machine } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone, until } from "./phone.mjs";

const POSTS = 70;
/** More than are near any screen, and far fewer than there are. */
const DRAWN_MAX = 45;

const newsroom = new Machine();
let mirror, phone;

const title = (number) => `Report ${String(number).padStart(3, "0")}`;

before(async () => {
  const { address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots"));
  const text = newsroom.file("text.md", `${"Bread, water, roads. ".repeat(20)}\n`);
  for (let number = 0; number < POSTS; number += 1) {
    newsroom.json("publish", "--lang", "en", "--title", title(number), "--text", text);
  }
  newsroom.run("site", newsroom.path("tree"));
  newsroom.run("sync", newsroom.path("tree"));
  mirror = await Mirror.start(newsroom.path("tree"));
  phone = await Phone.open(newsroom.path("phone"), [mirror.url]);
  await phone.follows(mirror, address, title(POSTS - 1));
});

after(async () => {
  await phone?.close();
  await mirror?.stop().catch(() => undefined);
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
});

const titles = () => phone.page.locator("article h2").allInnerTexts();
const seenTitles = () =>
  phone.page.locator("article h2").evaluateAll((all) =>
    all.filter((one) => one.getBoundingClientRect().top > 0 && one.getBoundingClientRect().bottom < innerHeight).map((one) => one.innerText),
  );

test("scrolling goes to the first post, past every other, and few are drawn at once", async () => {
  const seen = new Set();
  let drawn = 0;
  await until(async () => {
    const now = await titles();
    now.forEach((one) => seen.add(one));
    drawn = Math.max(drawn, now.length);
    await phone.page.mouse.wheel(0, 700);
    return phone.page.getByText("That is everything on this phone: 70 posts.").isVisible();
  }, "the end of the list");
  assert.deepEqual([...seen].sort(), Array.from({ length: POSTS }, (_, number) => title(number)));
  assert.ok(drawn <= DRAWN_MAX, `${drawn} posts were drawn at once`);
});

test("whoever opens a post comes back to its neighbours", async () => {
  await phone.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await until(async () => (await seenTitles()).length > 0, "posts in the middle");
  const before = await seenTitles();
  await phone.page.getByRole("link", { name: before[0] }).click();
  await until(() => phone.page.getByRole("heading", { level: 1, name: before[0] }).isVisible(), "the post");
  await phone.page.getByRole("navigation").getByRole("link", { name: "News" }).click();
  await until(async () => (await seenTitles()).includes(before[0]), "the same post on the screen");
});

test("news at the top moves no post out of the list, and makes none appear twice", async () => {
  const text = newsroom.file("fresh.md", "Fresh.\n");
  for (const name of ["Fresh 1", "Fresh 2", "Fresh 3"]) {
    newsroom.json("publish", "--lang", "en", "--title", name, "--text", text);
  }
  // What takes back is no post, and is not counted as one: it was, by how many items are held.
  const { id } = newsroom.json("publish", "--lang", "en", "--title", "Wrong", "--text", text);
  newsroom.json("retract", id);
  newsroom.run("sync", newsroom.path("tree"));
  await phone.page.reload();
  await phone.sees("Fresh 3");
  const seen = [];
  await until(async () => {
    seen.push(await titles());
    await phone.page.mouse.wheel(0, 700);
    return phone.page.getByText("That is everything on this phone: 73 posts.").isVisible();
  }, "the end of the list");
  for (const now of seen) {
    assert.deepEqual([...now], [...new Set(now)], "a post stands there twice");
  }
  assert.equal(new Set(seen.flat()).size, POSTS + 3);
  assert.deepEqual(phone.wrong, []);
});
