// A file handed from phone to phone: saved in one browser, opened in another that has the app and no news, no network and
// no source; then the same between the app and the command.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makeClip, makePhoto } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone, isDrawn, play, until } from "./phone.mjs";

const newsroom = new Machine();
const profiles = mkdtempSync(path.join(os.tmpdir(), "longear-profiles-"));
const handed = path.join(profiles, "news.longear");
const texts = path.join(profiles, "texts.longear");
const phones = [];
let mirror, bare, address, video, photo, taker;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  const text = newsroom.file("en.md", "There is **bread** in the shop.\n");
  video = newsroom.json("publish", makeClip(newsroom), "--lang", "en", "--title", "Bread in Taldy Street", "--text", text).id;
  photo = newsroom.json("publish", makePhoto(newsroom), "--lang", "en", "--title", "The bridge at noon").id;
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  newsroom.run("site", newsroom.path("tree"));
  newsroom.run("sync", newsroom.path("tree"));
  newsroom.run("site", newsroom.path("bare"));
  mirror = await Mirror.start(newsroom.path("tree"));
  // Holds the app's own files, and nothing of any channel.
  bare = await Mirror.start(newsroom.path("bare"));
});

after(async () => {
  await Promise.all(phones.map((phone) => phone.close().catch(() => undefined)));
  await Promise.all([mirror, bare].map((server) => server?.stop().catch(() => undefined)));
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profiles, { recursive: true, force: true });
});

test("what was followed, seen and kept is saved as one file", async () => {
  const giver = await open("giver", mirror);
  const { page } = giver;
  await page.goto(`${mirror.url}app/#${address}`);
  await giver.sees("Sarybulaq News");
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await giver.sees("Roads are open");
  await page.goto(`${mirror.url}app/#/item/${video}`);
  await page.getByRole("button", { name: /Bring it here/ }).click();
  await until(() => page.getByRole("button", { name: "Save as a file" }).isVisible(), "the whole video");
  await page.goto(`${mirror.url}app/#/item/${photo}`);
  await page.getByRole("button", { name: /Show the photo/ }).click();
  await until(() => isDrawn(page.locator("figure img")), "the photo");
  await save(giver, `${mirror.url}app/#/kept`, "Everything that is here", handed);
  const length = (file) => readFileSync(file).length;
  const [clip, picture] = ["clip.mp4", "photo.jpg"].map((name) => newsroom.read(name).length);
  assert.ok(length(handed) > clip + picture, "the video and the photo are in it");
  const { id } = newsroom.json("channel", "show");
  const less = path.join(profiles, "less.longear");
  await save(giver, `${mirror.url}app/#/channel/${id}`, "Without films", less);
  assert.ok(length(less) > picture && length(less) < clip, "the photo is in it, and the video is not");
  await save(giver, `${mirror.url}app/#/channel/${id}`, "Texts only", texts);
  assert.ok(length(texts) < picture, "neither is in it");
  await giver.close();
  await mirror.stop();
});

test("on another phone, without any source, the channel is offered with its digits and not followed silently", async () => {
  taker = await open("taker", bare);
  await taker.page.goto(`${bare.url}app/`);
  await hand(taker, handed);
  await taker.sees("There is a channel in the file that you do not follow. Nothing of it was kept.");
  await taker.sees("Sarybulaq News");
  const digits = newsroom.json("channel", "show").digits.replaceAll(" ", "");
  const shown = await taker.page.locator(".code.digits").innerText();
  assert.equal(shown.replaceAll(/\s/g, ""), digits);
  await taker.page.getByRole("button", { name: "Yes, follow" }).click();
  await taker.sees("3 new posts from Sarybulaq News");
  await taker.sees("2 photos, sounds and films");
  assert.equal(await taker.page.getByText("left out").count(), 0);
});

test("with the server of the app stopped too, the post is read, the photo seen and the video played", async () => {
  const { page } = taker;
  await until(() => page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.active), "the app's own files");
  await taker.close();
  await bare.stop();
  taker = await open("taker", bare);
  await readAndPlay(taker, bare.url);
  // And again from one to the next: the same objects make the same file.
  const onward = path.join(profiles, "onward.longear");
  await save(taker, `${bare.url}app/#/kept`, "Everything that is here", onward);
  assert.ok(readFileSync(onward).equals(readFileSync(handed)), "who handed it on, when and how it came is not in it");
  await taker.close();
});

test("the command reads what the app saved, and the app what the command wrote", async () => {
  const reader = new Machine();
  reader.run("follow", address);
  reader.run("archive", "read", handed);
  assert.deepEqual(reader.list().map(({ title }) => title).sort(), ["Bread in Taldy Street", "Roads are open", "The bridge at noon"]);
  const [{ renditions }] = reader.list().filter(({ id }) => id === video);
  assert.ok(renditions.every(({ have, size }) => have === size), "the video came whole");
  const written = path.join(profiles, "written.longear");
  reader.run("archive", "write", written);
  await rm(reader.folder, { recursive: true, force: true });

  bare = await Mirror.start(newsroom.path("bare"));
  const phone = await open("third", bare);
  await phone.page.goto(`${bare.url}app/`);
  await hand(phone, written);
  await phone.page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("3 new posts from Sarybulaq News");
  await readAndPlay(phone, bare.url);
  await hand(phone, written, "#/kept");
  await phone.sees("Nothing new from Sarybulaq News");
  assert.deepEqual(phone.wrong, []);
  await phone.close();
});

test("of a changed file what fits is kept, what does not is named, and nothing false is shown", async () => {
  const bytes = readFileSync(handed);
  const clip = newsroom.read("clip.mp4");
  // A byte of a text, and one in the middle of the video.
  bytes[bytes.indexOf("Roads are open")] ^= 1;
  bytes[bytes.indexOf(clip.subarray(0, 4096)) + (3 << 20) + 7] ^= 1;
  const changed = path.join(profiles, "changed.longear");
  writeFileSync(changed, bytes);
  const phone = await open("fourth", bare);
  const { page } = phone;
  await page.goto(`${bare.url}app/`);
  await hand(phone, changed);
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("2 new posts from Sarybulaq News");
  await phone.sees("2 things did not fit and were left out");
  await page.getByText("What was left out").click();
  const named = await page.locator("details li").allInnerTexts();
  assert.match(named.join("\n"), /\/p\/[0-9a-f]+\/.*text of item 2: hash-mismatch/);
  assert.match(named.join("\n"), /^b\/..\/[0-9a-f]{64}: hash-mismatch/m);
  await page.goto(`${bare.url}app/#/item/${photo}`);
  await until(() => isDrawn(page.locator("figure img")), "the photo");
  await page.goto(`${bare.url}app/#/`);
  await phone.sees("The bridge at noon");
  assert.equal(await page.getByText(/oads are open/).count(), 0);

  // The good file brings the rest, without a network.
  await hand(phone, handed, "#/kept");
  await phone.sees("1 new post from Sarybulaq News");
  await readAndPlay(phone, bare.url);
  await phone.close();
});

test("what is no file of Longear is said to be none, and a file that ends early gives what it has", async () => {
  const phone = await open("fifth", bare);
  await phone.page.goto(`${bare.url}app/`);
  await hand(phone, newsroom.path("photo.jpg"));
  await phone.sees("This is no file of Longear");
  const cut = path.join(profiles, "cut.longear");
  writeFileSync(cut, readFileSync(handed).subarray(0, -(1 << 20)));
  await hand(phone, cut, "#/kept");
  await phone.page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("3 new posts from Sarybulaq News");
  await phone.sees("1 thing did not fit and was left out");
  await phone.close();
});

async function open(profile, server) {
  const phone = await Phone.open(path.join(profiles, profile), [server.url]);
  phones.push(phone);
  return phone;
}

test("a file that is dropped on the page is opened, also one without photos and films", async () => {
  const phone = await open("sixth", bare);
  const { page } = phone;
  await page.goto(`${bare.url}app/`);
  await phone.sees("Open a file from somebody");
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "news.longear"));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  }, readFileSync(texts).toString("base64"));
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("3 new posts from Sarybulaq News");
  await page.goto(`${bare.url}app/#/item/${video}`);
  await phone.sees("There is bread in the shop.");
  await phone.close();
});

test("a file that another app of the phone shares to it is opened, and waits nowhere", async () => {
  // As the phone's list of apps sends it. That list itself is the system's.
  const form = '<form method="post" enctype="multipart/form-data" action="app/share"><input type="file" name="file"><button>Share</button></form>';
  writeFileSync(path.join(newsroom.path("bare"), "other-app.html"), form);
  const phone = await open("seventh", bare);
  const { page } = phone;
  await page.goto(`${bare.url}app/`);
  await phone.keepsApp();
  await page.goto(`${bare.url}other-app.html`);
  await page.locator("input").setInputFiles(texts);
  await page.getByRole("button", { name: "Share" }).click();
  await phone.sees("There is a channel in the file that you do not follow. Nothing of it was kept.");
  await page.reload();
  await phone.sees("Open a file from somebody");
  assert.equal(await page.getByText("There is a channel in the file").count(), 0, "it came once");
  await page.goto(`${bare.url}other-app.html`);
  await page.locator("input").setInputFiles(newsroom.path("photo.jpg"));
  await page.getByRole("button", { name: "Share" }).click();
  await phone.sees("This is no file of Longear");
  await phone.close();
});

/** Saves a file at a page that offers it. */
async function save({ page, sees }, place, choice, to) {
  await page.goto(place);
  await page.getByLabel(choice).check();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as one file" }).click()]);
  assert.equal(saved.suggestedFilename(), "news.longear");
  await saved.saveAs(to);
}

/** Opens a file as somebody does who was given one. */
async function hand(phone, file, place) {
  const { page } = phone;
  if (place) {
    await page.goto(`${bare.url}app/${place}`);
  }
  await phone.sees("Open a file from somebody");
  await page.locator('input[type="file"][multiple]').first().setInputFiles(file);
  await phone.sees("A file from somebody");
}

async function readAndPlay(phone, url) {
  const { page } = phone;
  await page.goto(`${url}app/#/item/${photo}`);
  await until(() => isDrawn(page.locator("figure img")), "the photo");
  await page.goto(`${url}app/#/item/${video}`);
  await phone.sees("There is bread in the shop.");
  const player = page.locator("video");
  await play(player);
  await until(async () => (await player.evaluate((element) => element.currentTime)) > 1, "the video to play");
  assert.equal(await player.evaluate((element) => element.error?.message ?? null), null);
  await player.evaluate((element) => void (element.currentTime = 17));
  await until(async () => (await player.evaluate((element) => element.currentTime)) > 17.5, "the seek");
}
