// What a post does whose newsroom lost its key: file names that lie, drawings with scripts, files that are not what they are
// declared to be. They are signed, so they come through; nothing of them acts, and the page says what it does not show.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makePhoto, makeShortFilm } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Mischief } from "./mischief.mjs";
import { Phone, isDrawn, play, until } from "./phone.mjs";
import { StolenKey } from "./stolen-key.mjs";

const UNSHOWN = "This cannot be shown here";
const RENAMED = "The publisher gave it another name.";

const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const tree = newsroom.path("tree");
let mirror, spy, phone, page, address, thief, photo, film;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  [photo, film] = [readFileSync(makePhoto(newsroom)), readFileSync(makeShortFilm(newsroom))];
  spy = await Mischief.start(tree);
  thief = await StolenKey.from(newsroom, tree);
  publishAll();
  mirror = await Mirror.start(tree);
  phone = await Phone.open(profile, [mirror.url]);
  page = phone.page;
  page.on("dialog", (dialog) => phone.wrong.push(`a post spoke: ${dialog.message()}`));
  await page.goto(`${mirror.url}app/#${address}`);
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.scrollsTo("Files of all kinds");
  await phone.keepsApp();
});

after(async () => {
  await phone?.close();
  await mirror?.stop();
  await spy?.stop();
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

/** What a file is called by its publisher, and what it is called here. */
const NAMES = {
  "report.pdf": "report.pdf",
  "Қаңтар: 5?.txt": "Қаңтар 5.txt",
  "../../../etc/passwd.pdf": "etcpasswd.pdf",
  "a/b\\c.pdf": "abc.pdf",
  "..": "file.bin",
  "protocol\u202efdp.exe": "protocolfdp.bin",
  "list\u2067\u200b\ufeff.pdf": "list.pdf",
  "line\u0001\u001b[31m\u007f\u0085.pdf": "line[31m.pdf",
  "nul.txt": "_nul.txt",
  "COM1.notes.txt": "_COM1.notes.txt",
  "letter.html": "letter.bin",
  "map.svg": "map.bin",
  "Longear.apk": "Longear.bin",
  "photo.jpg.exe": "photo.jpg.bin",
  "-rf . ": "rf.bin",
  "осы-өте-ұзын-атау-болса-да-қысқа.txt": "осы-өте-ұзын-атау-болса-да-қысқа.txt",
};

function publishAll() {
  const page = (words) => `<!doctype html><script>${acting(words)}</script>`;
  const drawing = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720" onload="${acting("svg")}"><script>${acting("svg")}</script>` +
      `<image href="${spy.url}b/spy.png"/><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="${spy.url}b/spy.html"/></foreignObject></svg>`,
  );
  const file = (name, mime, bytes, shape = {}) => ({ name, mime, bytes: Buffer.from(bytes), ...shape });
  thief.publish("Files of all kinds", Object.keys(NAMES).map((name) => file(name, "application/octet-stream", `bytes of ${name}`)));
  thief.publish("A name without end", [file("a".repeat(10_000), "application/pdf", "endless")]);
  thief.publish("A drawing as a photo", [file("map.svg", "image/svg+xml", drawing)]);
  thief.publish("A drawing as a document", [file("map.svg", "application/pdf", drawing), file("page.html", "text/html", page("document"))]);
  thief.publish("A page as a photo", [file("a.jpg", "image/jpeg", page("photo"))]);
  thief.publish("A page as a film", [file("a.mp4", "video/mp4", page("film"))]);
  thief.publish("A photo as a film", [file("b.mp4", "video/mp4", photo)]);
  thief.publish("A photo as sound", [file("b.mp3", "audio/mpeg", photo)]);
  thief.publish("A film as sound", [file("c.mp3", "audio/mpeg", film)]);
  thief.publish("A film as a photo", [file("c.jpg", "image/jpeg", film)]);
  thief.publish("A photo and a page in one", [file("both.jpg", "image/jpeg", Buffer.concat([photo, Buffer.from(page("both"))]))]);
  thief.publish("A kind that nobody knows", [file("d", "image/x-unheard,text/html", page("unheard")), file("e", "video/mp4;codecs=\"text/html\"", page("codecs"))]);
}

/** A script that would be noticed, whatever it may do. */
function acting(words) {
  return `try{alert('${words}')}catch(e){};fetch('${spy.url}b/spy');new Image().src='${spy.url}b/spy.gif'`;
}

test("a file is shown and saved under a name that cannot lie, leave its folder or start anything", async () => {
  await read("Files of all kinds");
  for (const [given, expected] of Object.entries(NAMES)) {
    const part = page.getByRole("region", { name: expected, exact: true });
    await until(async () => (await part.count()) === 1, `${JSON.stringify(given)} as ${expected}`);
    if (!/[\p{Cc}\u2067]/u.test(given)) {
      assert.equal(await part.getByText(RENAMED).count(), given === expected ? 0 : 1, given);
    }
    await part.getByRole("button", { name: /Bring it here/ }).click();
    const saved = await save(part);
    assert.equal(saved.suggestedFilename(), expected);
    assert.equal(readFileSync(await saved.path(), "utf8"), `bytes of ${given}`);
  }
  assert.doesNotMatch(await page.locator("main").innerText(), /[\u202a-\u202e\u2066-\u2069\u200b\ufeff]/);
  nothingActed();
});

test("a post with a name without end is not shown, and is held against no source", async () => {
  await page.goto(`${mirror.url}app/#/`);
  await phone.scrollsTo("Roads are open");
  assert.equal(await page.getByText("A name without end").count(), 0);
  await page.goto(`${mirror.url}app/#/kept`);
  await phone.sees(/^Answered/);
  assert.equal(await page.getByText("Set aside").count(), 0);
});

for (const title of ["A drawing as a photo", "A page as a photo", "A film as a photo", "A kind that nobody knows"]) {
  test(`${title} is not drawn, and the page says so`, async () => {
    await read(title);
    await bringAll();
    await until(() => page.getByText(UNSHOWN).first().isVisible(), "why it is not shown");
    assert.equal(await page.locator("main img").count(), 0);
    await isNoPage();
  });
}

test("a drawing and a page as documents are saved, and open nowhere in the app", async () => {
  await read("A drawing as a document");
  await bringAll(2);
  const pages = phone.context.pages().length;
  for (const name of ["map.bin", "page.bin"]) {
    const saved = await save(page.getByRole("region", { name }));
    assert.equal(saved.suggestedFilename(), name);
  }
  assert.equal(phone.context.pages().length, pages);
  await isNoPage();
});

for (const title of ["A page as a film", "A photo as a film", "A photo as sound"]) {
  test(`${title} is not played, and the page says so`, async () => {
    await read(title);
    await play(page.locator("video, audio")).catch(() => undefined);
    await until(() => page.getByText(UNSHOWN).isVisible(), "why it is not played");
    assert.equal(await page.locator("video, audio").count(), 0, "no player that does nothing");
    await bringAll();
    assert.ok(await page.getByRole("button", { name: "Save as a file" }).isVisible(), "it can be had all the same");
    await isNoPage();
  });
}

test("a film that is declared to be sound is heard", async () => {
  await read("A film as sound");
  const player = page.locator("audio");
  await play(player);
  await until(() => player.evaluate((element) => element.currentTime > 0.5), "its sound");
  assert.equal(await page.getByText(UNSHOWN).count(), 0);
});

test("a photo that is a page as well is a photo, also when it is opened by its address", async () => {
  await read("A photo and a page in one");
  await page.getByRole("button", { name: /Show the photo/ }).click();
  const image = page.locator("figure img");
  await until(() => isDrawn(image), "the photo");
  const opened = phone.context.waitForEvent("page");
  await page.evaluate((url) => void window.open(url), await image.getAttribute("src"));
  const tab = await opened;
  tab.on("dialog", (dialog) => phone.wrong.push(`a post spoke: ${dialog.message()}`));
  await until(() => tab.evaluate(() => document.contentType === "image/jpeg"), "the photo in a tab of its own");
  await tab.close();
  await isNoPage();
});

async function read(title) {
  await page.goto(`${mirror.url}app/#/`);
  await phone.scrollsTo(title);
  await page.getByRole("link", { name: title, exact: true }).click();
  await until(() => page.getByRole("heading", { level: 1, name: title }).isVisible(), title);
}

/** The app asks for each file whether it is here, and shows it when it knows. */
async function bringAll(files = 1) {
  const button = page.getByRole("button", { name: /Bring it here/ });
  await until(async () => {
    const count = await button.count();
    await (count > 0 && button.first().click({ timeout: 1_000 }).catch(() => undefined));
    return (await page.getByRole("button", { name: "Save as a file" }).count()) >= files;
  }, "everything to be here");
}

/** A browser that is busy may take a click of a moment ago for none, and then lets no second file through. */
async function save(part) {
  let saved = null;
  await until(async () => {
    const coming = page.waitForEvent("download", { timeout: 5_000 }).catch(() => null);
    await part.getByRole("button", { name: "Save as a file" }).click();
    saved = await coming;
    return saved !== null;
  }, "the file to be saved");
  return saved;
}

/** Neither a tab nor a frame gets the files of the post from the app's own origin. */
async function isNoPage() {
  const item = page.url().split("/").at(-1);
  const tab = await phone.context.newPage();
  for (const index of [0, 1]) {
    await assert.rejects(tab.goto(`${mirror.url}app/media/${item}/${index}`), /ERR_HTTP_RESPONSE_CODE_FAILURE/);
  }
  await tab.close();
  const framed = await page.evaluate(async (url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    const loaded = new Promise((done) => (frame.onload = done));
    document.body.append(frame);
    await loaded;
    const text = frame.contentDocument?.documentElement.innerHTML ?? "";
    frame.remove();
    return text;
  }, `media/${item}/0`);
  assert.doesNotMatch(framed, /script|svg/);
  nothingActed();
}

function nothingActed() {
  assert.deepEqual(spy.asked, []);
  assert.deepEqual(phone.wrong, []);
}
