// The reader app among carriers that lie: what does not fit is never shown, and comes from somebody honest instead.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makeClip, makePhoto } from "./machine.mjs";
import { isDrawn, play, until } from "./phone.mjs";
import { TwoMirrors } from "./two-mirrors.mjs";

const newsroom = new Machine();
let mirrors, liar, phone, page, address, video;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  video = newsroom.json("publish", makeClip(newsroom), "--lang", "en", "--title", "Bread in Taldy Street").id;
  newsroom.json("publish", makePhoto(newsroom), "--lang", "en", "--title", "The bridge at noon");
  mirrors = await TwoMirrors.start(newsroom);
  ({ liar, phone } = mirrors);
  page = phone.page;
});

after(() => mirrors?.stop());

test("a damaged file is thrown away and comes from another source", async () => {
  spoil(path.join(mirrors.bad, "b"), (name) => /^[0-9a-f]{64}$/.test(name));
  await page.goto(mirrors.linkTo(address));
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await page.getByRole("link", { name: "The bridge at noon" }).click();
  await page.getByRole("button", { name: /Show the photo/ }).click();
  await until(() => isDrawn(page.locator("figure img")), "the photo");
  await page.goto(`${liar.url}app/#/item/${video}`);
  const player = page.locator("video");
  await play(player);
  await until(() => player.evaluate((element) => element.currentTime > 1), "the video to play");
  await page.getByRole("button", { name: /Bring|Save/ }).first().click();
  await until(() => page.getByRole("button", { name: "Save as a file" }).isVisible(), "the whole video");
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  assert.ok(readFileSync(await saved.path()).equals(newsroom.read("clip.mp4")), "saved byte for byte");
  assert.deepEqual(phone.wrong, []);
});

test("a source that changes a post is set aside, and the post comes from another", async () => {
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  newsroom.run("sync", mirrors.good);
  newsroom.run("sync", mirrors.bad);
  spoil(path.join(mirrors.bad, "c"), (name) => /^\d-\d+$/.test(name));
  await page.goto(`${liar.url}app/#/`);
  await page.reload();
  await phone.sees("Roads are open");
  await page.goto(`${liar.url}app/#/kept`);
  await phone.sees("Set aside: it gave something that does not fit");
  assert.deepEqual(phone.wrong, []);
});

test("another key under the same name is another channel", async () => {
  const forger = new Machine();
  try {
    const forged = forger.json("channel", "new", "Sarybulaq News", "--roots", forger.path("roots")).address;
    forger.json("publish", "--lang", "en", "--title", "The roads are closed for ever");
    forger.run("sync", mirrors.good);
    await page.goto(mirrors.linkTo(forged));
    await phone.sees("Another channel with this name");
  } finally {
    forger.stop();
    await rm(forger.folder, { recursive: true, force: true });
  }
});

test("wiping leaves nothing", async () => {
  await page.goto(`${liar.url}app/#/kept`);
  const wipe = page.getByRole("button", { name: "Hold for 2 seconds to wipe" });
  await wipe.scrollIntoViewIfNeeded();
  await wipe.hover();
  await page.mouse.down();
  await until(() => page.url() === "about:blank", "the app to be left");
  await page.goto(`${liar.url}app/`);
  await phone.sees("News that comes by any road");
  const kept = await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("longear");
    return Array.fromAsync(folder.values(), async (entry) => [entry.name, (await entry.getFile()).size]);
  });
  assert.deepEqual(kept, [["probe", 0]], "only the empty file that the app, opened anew, tries private files with");
});

/** Turns over the last byte of every file below a folder whose name fits. */
function spoil(folder, fits) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && fits(entry.name)) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      const bytes = readFileSync(file);
      bytes[bytes.length - 1] ^= 1;
      writeFileSync(file, bytes);
    }
  }
}
