// A film whose middle is forged at the mirror it plays from: the reader app plays up to there, never shows a forged byte,
// and goes on with another mirror's.

import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makeClip } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { play, until } from "./phone.mjs";
import { TwoMirrors } from "./two-mirrors.mjs";
import { judgeGiven, storedBlob, watchMedia } from "./watched.mjs";

const WAITING = "No source gives this now. Waiting, not lost.";
/** Not the first second of the film, and not the last. */
const FORGED_FROM = 3_000_000;
/** Two requests' worth: neighbours are asked of different mirrors. */
const FORGED_BYTES = 512 << 10;
/** The film is played this much faster than it was made. */
const HURRY = 8;

const newsroom = new Machine();
let mirrors, honest, liar, phone, page, address, video, film, hash;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  video = newsroom.json("publish", makeClip(newsroom), "--lang", "en", "--title", "Bread in Taldy Street").id;
  film = newsroom.read("clip.mp4");
  mirrors = await TwoMirrors.start(newsroom);
  ({ honest, liar, phone } = mirrors);
  hash = newsroom.list()[0].renditions.find((rendition) => rendition.size === film.length).blob;
  await watchMedia(phone.context);
  page = phone.page;
});

after(() => mirrors?.stop());

test("with no other mirror a film stops before the forged place, and goes on when one appears", async () => {
  forge();
  const { port } = honest;
  await honest.stop();
  await page.goto(mirrors.linkTo(address));
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await page.getByRole("link", { name: "Bread in Taldy Street" }).click();
  const player = page.locator("video");
  await hurry(player);
  await phone.sees(WAITING);
  await phone.sees("One part arrived damaged and was thrown away. It was never shown.");
  await until(() => player.evaluate((element) => element.currentTime > 4 && element.readyState < 3), "the film to stop");
  assert.equal(await player.evaluate((element) => element.error), null);
  honest = mirrors.honest = await Mirror.start(mirrors.good, port);
  await endsTrue(player);
  await isNamed();
});

test("a film whose block is forged at one mirror plays through with the other's", async () => {
  await anew();
  forge();
  const player = page.locator("video");
  await hurry(player);
  await endsTrue(player);
  await isNamed();
});

test("a film that is cut off at one mirror plays through with the other's", async () => {
  await anew();
  writeFileSync(blobAt(mirrors.bad), film);
  truncateSync(blobAt(mirrors.bad), FORGED_FROM);
  const player = page.locator("video");
  await hurry(player);
  await endsTrue(player);
  await isNamed();
});

function blobAt(tree) {
  return path.join(tree, "b", hash.slice(0, 2), hash);
}

/** Other bytes in the middle, as many as before. */
function forge() {
  const bytes = Buffer.from(film);
  bytes.fill(0x2a, FORGED_FROM, FORGED_FROM + FORGED_BYTES);
  writeFileSync(blobAt(mirrors.bad), bytes);
}

/** The same phone in a new session, without the film. */
async function anew() {
  await page.goto(`${liar.url}app/#/item/${video}`);
  await page.getByRole("button", { name: "Remove from this phone" }).click();
  await phone.anew();
  page = phone.page;
  await page.goto(`${liar.url}app/#/item/${video}`);
  await page.waitForSelector("video");
}

async function hurry(player) {
  await phone.keepsApp();
  await player.evaluate((element, rate) => void (element.defaultPlaybackRate = element.playbackRate = rate), HURRY);
  await play(player);
}

/** It comes to its end, and neither the player nor the disk was given anything but the true film. */
async function endsTrue(player) {
  await until(() => player.evaluate((element) => element.ended), "the end of the film");
  assert.equal(await player.evaluate((element) => element.error), null);
  await until(() => page.getByRole("button", { name: "Save as a file" }).isVisible(), "the whole film");
  const trueUrl = `${honest.url}b/${hash.slice(0, 2)}/${hash}`;
  assert.deepEqual(await judgeGiven(page, trueUrl), { given: film.length, forged: 0 });
  assert.ok((await storedBlob(page, hash)).equals(film), "kept byte for byte");
  assert.ok(!readFileSync(blobAt(mirrors.bad)).equals(film), "the mirror is still lying");
  assert.deepEqual(phone.wrong, []);
}

function isNamed() {
  return mirrors.isNamed(page, new RegExp(`${hash}: (hash-mismatch|truncated)`));
}
