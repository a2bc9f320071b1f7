// A room in the app, at a plain mirror: read, checked here, written in, kept for when there is no network, moderated, wiped.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Machine } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone, until } from "./phone.mjs";
import { Talk, keptFiles, wipe } from "./rooms.mjs";

const TITLE = "After the water: who needs what";
const ASKED = "Does the lower bridge hold people on foot?";
/** What a stranger may write: it stays text. */
const HOSTILE = 'See <img src=x onerror="document.title=1"> **now** https://example.org/ \u202eetihw';
const NAMED = "Murat lives at 12 Mill Street";

/** A sheet of paper, in points of a screen. */
const A4 = { width: 794, height: 1123 };

const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const tree = newsroom.path("tree");
const sheets = newsroom.path("tickets.html");
let mirror, phone, page, address, channel, room, byTicket, talk, named;

before(async () => {
  ({ address, id: channel } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  const rules = newsroom.file("rules", "Be kind.\n\nNo names or addresses of private people.\n");
  room = newsroom.json("room", "open", "--title", TITLE, "--lang", "en", "--rules", rules).id;
  for (const words of [ASKED, HOSTILE, NAMED]) {
    named = newsroom.json("room", "say", "--words", words).id;
  }
  byTicket = newsroom.json("room", "open", "--title", "Who can drive", "--lang", "en", "--rules", rules, "--admission", "tickets").id;
  newsroom.run("room", "tickets", byTicket, "--batch", "9", "--out", sheets);
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  mirror = await Mirror.start(tree);
  phone = await Phone.open(profile, [mirror.url]);
  page = phone.page;
  await phone.follows(mirror, address, "Roads are open");
  talk = new Talk(phone, `${mirror.url}app/`, room);
});

after(async () => {
  await phone?.close();
  await mirror?.stop();
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

test("a channel's page names its room, and the room shows what was written, as text", async () => {
  await page.goto(`${mirror.url}app/#/channel/${channel}`);
  await page.getByRole("link", { name: TITLE }).click();
  await talk.sees(ASKED);
  await talk.sees("**now** https://example.org/");
  assert.equal(await talk.note("onerror").locator("img, a, strong").count(), 0);
  assert.match(await talk.note("onerror").innerText(), /<img src=x/);
  assert.doesNotMatch(await talk.note("onerror").innerText(), /\u202e/);
  await page.getByText("Rules of this room").click();
  await phone.sees("No names or addresses of private people.");
});

test("a reader writes as somebody of this room only, and answers; what is left of the day is counted", async () => {
  await phone.sees("20 of 20 notes left today");
  await talk.says("Two pumps are free at the school.");
  await phone.sees("19 of 20 notes left today");
  await talk.answers(ASKED, "No. A rope is across it.");
  const answer = talk.note("No. A rope is across it.");
  assert.match(await answer.locator(".q").innerText(), /Does the lower bridge/);
  assert.equal(await answer.getByText("you", { exact: true }).count(), 1);
});

test("a note is taken back, and its place stays used", async () => {
  await talk.says("Meet me at nine.");
  const note = talk.note("Meet me at nine.");
  await note.getByText("More", { exact: true }).click();
  await note.getByRole("button", { name: "Take back" }).click();
  await until(async () => (await talk.note("Meet me at nine.").count()) === 0, "the note to go");
  await phone.sees("17 of 20 notes left today");
});

test("search finds a note however it is spelled, and shows the others again", async () => {
  await page.getByLabel("Search the notes of this room").fill("bridg");
  await phone.sees("1 note found");
  assert.equal(await page.locator('form[role="search"] .note').count(), 1);
  await page.getByLabel("Search the notes of this room").fill("");
  await talk.sees(ASKED);
});

test("a writer whom the reader does not want to see is not shown on this phone", async () => {
  const note = talk.note(ASKED).first();
  await note.getByText("More", { exact: true }).click();
  await note.getByRole("button", { name: "Do not show this writer here" }).click();
  await phone.sees("By a writer whom you do not want to see.");
  assert.equal(await talk.note("onerror").count(), 0);
  await page.getByRole("button", { name: "Show this writer again" }).first().click();
  await talk.sees(ASKED);
});

test("notes with a word that the reader does not want to see are shown by choice, also after a reload", async () => {
  await page.getByText("Words that you do not want to see").click();
  await page.getByLabel("Words, with spaces between them").fill("Bridge");
  await page.getByRole("button", { name: "Keep these words" }).click();
  await phone.sees("It has a word that you do not want to see.");
  assert.equal(await talk.note(ASKED).count(), 0);
  await page.reload();
  await talk.open();
  await phone.sees("It has a word that you do not want to see.");
  await page.getByRole("button", { name: "Show anyway" }).first().click();
  await phone.sees(ASKED);
  await page.getByText("Words that you do not want to see").click();
  await page.getByLabel("Words, with spaces between them").fill("");
  await page.getByRole("button", { name: "Keep these words" }).click();
  await talk.sees(ASKED);
});

test("what a moderator hid is shown by choice, with the rule", async () => {
  newsroom.json("room", "hide", named, "--reason", "2");
  newsroom.run("sync", tree);
  await page.goto(`${mirror.url}app/#/kept`);
  await page.reload();
  await talk.open();
  await phone.sees("Rule 2: No names or addresses of private people.");
  assert.equal(await page.getByText(NAMED).count(), 0);
  await page.getByRole("button", { name: "Show anyway" }).click();
  await phone.sees(NAMED);
});

test("without a network the room opens from what is kept, and what is written then is kept too", async () => {
  await phone.keepsApp();
  await mirror.stop();
  await page.reload();
  await talk.open();
  await talk.sees(ASKED);
  await talk.sees("Two pumps are free at the school.");
  await talk.says("Written without a network.");
  await page.reload();
  await talk.open();
  await talk.sees("Written without a network.");
  mirror = await Mirror.start(tree, mirror.port);
});

test("a sheaf that was forged at the mirror shows nothing", async () => {
  const folder = path.join(tree, "c", readdirSync(path.join(tree, "c"))[0], "r", room.slice(0, 32));
  const [sheaf] = readdirSync(folder).filter((name) => name !== "notes");
  const bytes = readFileSync(path.join(folder, sheaf));
  bytes.write("FORGED", bytes.indexOf("lower bridge"));
  writeFileSync(path.join(folder, sheaf), bytes);
  await page.reload();
  await talk.open();
  await talk.sees(ASKED);
  assert.equal(await page.getByText("FORGED").count(), 0);
});

test("a printed ticket that is held in front of a camera askew lets its holder write", async () => {
  const sheet = await page.context().newPage();
  await sheet.setViewportSize(A4);
  await sheet.emulateMedia({ media: "print" });
  await sheet.goto(pathToFileURL(sheets).href);
  assert.equal(await sheet.locator(".ticket").count(), 9);
  const { width, height } = await sheet.locator(".sheet").first().boundingBox();
  assert.ok(width <= A4.width && height <= A4.height, `eight tickets are on a page: ${width} × ${height}`);
  const photo = newsroom.path("ticket.png");
  const ticket = sheet.locator(".ticket").nth(5);
  await ticket.evaluate((element) => (element.style.transform = "rotate(7deg)"));
  await ticket.screenshot({ path: photo });
  await sheet.screenshot({ path: path.join(path.dirname(process.env.LONGEAR), "..", "screenshots", "tickets-printed.png") });
  await sheet.close();
  const gated = new Talk(phone, `${mirror.url}app/`, byTicket);
  await gated.open();
  await phone.sees("To write here you need a ticket");
  await page.getByLabel("Read a code from a picture").setInputFiles(photo);
  await phone.sees("The ticket is kept here. Your notes carry it from now on.");
  await gated.says("A small bus, from noon on.");
  assert.equal(await page.getByText("To write here you need a ticket").count(), 0);
});

test("wiping leaves nothing of a room: no notes, and not the key", async () => {
  const kept = await keptFiles(page);
  const own = Object.keys(kept).find((name) => name.endsWith(`${room}/own`));
  const { seed } = JSON.parse(kept[own]);
  assert.match(seed, /^[0-9a-f]{64}$/);
  assert.ok(Object.values(kept).some((text) => text.includes("Written without a network.")));
  await page.goto(`${mirror.url}app/#/kept`);
  await wipe(page);
  await page.goto(`${mirror.url}app/stamp.txt`).catch(() => undefined);
  const left = Object.values(await keptFiles(page)).join("");
  assert.ok(!left.includes(seed) && !left.includes("Written without"));
  assert.deepEqual(phone.wrong, []);
});
