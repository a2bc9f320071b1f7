// Two boxes that were never online together, each with a browser in which no script runs. People write at both; a courier carries one
// stick between them; then both have the same conversation, and what a moderator hid is hidden on both.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { Machine } from "./machine.mjs";

const RULES = "1. No threats.\n2. No names or addresses of private people.\n";
const QUESTION = "Does anybody know whether the lower bridge holds people on foot?";
const ANSWER = "No. A rope is across it, and someone stands there until evening.";
const BAD = "Anna in house 7 has told the police.";
const HOSTILE = '<script>alert(1)</script> **bold** https://spy.example/ \u202eevil\u202c Z\u0337\u0334\u0301\u0302\u0303\u0304\u0305\u0306\u0307algo';

const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
const [newsroom, east, west] = [new Machine(), new Machine(), new Machine()];
let browser, room;
const boxes = {};

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  const { address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots"));
  room = newsroom.json("room", "open", "--title", "After the water: who needs what", "--lang", "en", "--rules", newsroom.file("rules.md", RULES)).id;
  newsroom.run("stick", "write", newsroom.path("stick"));
  for (const [name, machine] of Object.entries({ east, west })) {
    machine.run("follow", address, "--from", newsroom.path("stick"));
    boxes[name] = (await machine.serve()).url;
  }
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
});

after(async () => {
  await browser?.close();
  [newsroom, east, west].forEach((machine) => machine.stop());
  await Promise.all([newsroom, east, west].map((machine) => rm(machine.folder, { recursive: true, force: true })));
});

/** A phone with nothing but a browser in which no script runs. */
async function visitor(box, width = 360) {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "en-GB", viewport: { width, height: 800 } });
  const page = await context.newPage();
  await page.goto(boxes[box]);
  await page.getByRole("link", { name: "After the water" }).click();
  return page;
}

async function write(page, words) {
  await page.locator("textarea").fill(words);
  await page.getByRole("button", { name: "Post the note" }).click();
  await page.locator("li", { hasText: words.slice(0, 20) }).last().waitFor();
}

test("at each box somebody writes, under two words and nothing else", async () => {
  const aigul = await visitor("east");
  assert.match(await aigul.locator("main").innerText(), /This box could read and change/);
  const me = (await aigul.locator("form").filter({ has: aigul.locator("textarea") }).locator("b").first().innerText()).trim();
  assert.match(me, /^\S+ \S+$/);
  await write(aigul, QUESTION);
  await write(aigul, BAD);
  assert.match(await aigul.locator("main").innerText(), new RegExp(me), "the note stands under the name that was promised");
  assert.match(await aigul.locator("main").innerText(), /18 of 20 notes left today/);
  const bolat = await visitor("west");
  await write(bolat, HOSTILE);
  assert.doesNotMatch(await bolat.locator("main").innerText(), /lower bridge/, "nothing has come from the east yet");
  const main = bolat.locator("main");
  assert.equal(await main.locator("script, a[href*='spy']").count(), 0);
  assert.match(await main.innerText(), /<script>alert\(1\)<\/script> \*\*bold\*\* https:\/\/spy\.example\//);
  assert.doesNotMatch(await main.innerText(), /\u202e/);
  await aigul.screenshot({ path: path.join(screenshots, "room-box.png"), fullPage: true });
});

test("one stick carries the talk both ways", async () => {
  const stick = newsroom.path("courier");
  east.run("stick", "write", stick);
  west.run("stick", "read", stick);
  const bolat = await visitor("west");
  await bolat.locator("li", { hasText: "lower bridge" }).getByRole("link", { name: /Answer/ }).first().click();
  await write(bolat, ANSWER);
  west.run("stick", "write", stick);
  east.run("stick", "read", stick);
  newsroom.run("stick", "read", stick);
  const said = (machine) => machine.run("room", "show").trim().split("\n").map((line) => JSON.parse(line).id);
  assert.equal(said(east).length, 4);
  assert.deepEqual(said(east), said(west), "the same notes in the same order");
  assert.deepEqual(said(newsroom), said(west));
  const aigul = await visitor("east");
  assert.match(await aigul.locator("li", { hasText: ANSWER }).last().innerText(), /lower bridge/, "with what it answers");
});

test("the command shows nothing with a muted word until it is unmuted", async () => {
  const shown = () => west.run("room", "show");
  const all = shown();
  west.run("room", "mute", "--word", "BRIDGES", "--word", "rope");
  assert.match(shown(), /lower bridge/, "a longer word than the one that is written");
  assert.doesNotMatch(shown(), /rope/);
  west.run("room", "mute", "--word", "Bridg");
  assert.doesNotMatch(shown(), /lower bridge/);
  assert.match(shown(), /house 7/);
  west.run("room", "unmute", "--word", "bridges", "--word", "rope", "--word", "bridg");
  assert.equal(shown(), all);
});

test("what a moderator hid is hidden on both, with the rule, and can be looked at by choice", async () => {
  const bad = newsroom.run("room", "show").split("\n").find((line) => line.includes("house 7"));
  newsroom.run("room", "hide", JSON.parse(bad).id, "--reason", "2");
  newsroom.run("stick", "write", newsroom.path("courier"));
  for (const [name, machine] of Object.entries({ east, west })) {
    machine.run("stick", "read", newsroom.path("courier"));
    const page = await visitor(name);
    await page.getByText(/Hidden by a moderator/).waitFor();
    assert.match(await page.locator("main").innerText(), /No names or addresses of private people/);
    assert.doesNotMatch(await page.locator("main").innerText(), /house 7/);
    await page.getByRole("link", { name: "Show anyway" }).click();
    await page.getByText("house 7").waitFor();
    await page.screenshot({ path: path.join(screenshots, `room-hidden-${name}.png`), fullPage: true });
  }
});

test("what was purged is gone from both boxes", async () => {
  const bad = newsroom.run("room", "show", "--hidden").split("\n").find((line) => line.includes("house 7"));
  newsroom.run("room", "purge", JSON.parse(bad).id, "--reason", "personal-data");
  newsroom.run("stick", "write", newsroom.path("courier"));
  for (const machine of [east, west]) {
    machine.run("stick", "read", newsroom.path("courier"));
    assert.doesNotMatch(machine.run("room", "show", "--hidden"), /house 7/);
  }
});

test("a form that another page sends is not taken", async () => {
  const form = { text: "not mine", parent: "", token: "00".repeat(16) };
  const before = east.run("room", "show");
  for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
    const answer = await fetch(`${boxes.east}/room/${room}/write`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ ...form, token: "ab".repeat(32) }),
    });
    assert.equal(answer.status, 200, "a page that says so");
    assert.equal(answer.headers.get("set-cookie"), null, "who has written nothing is given nothing to be known by");
  }
  const stale = await fetch(`${boxes.east}/room/${room}/write`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: `room-${room.slice(0, 12)}=${"cd".repeat(32)}.` },
    body: new URLSearchParams(form),
  });
  assert.equal(stale.status, 200);
  assert.equal(east.run("room", "show"), before, "nothing was said");
});

test("what is longer than a note may be comes back with its words", async () => {
  const page = await visitor("west");
  await page.locator("textarea").fill("ұзақ сөз ".repeat(150));
  await page.getByRole("button", { name: "Post the note" }).click();
  assert.match(await page.locator("textarea").inputValue(), /^ұзақ сөз/);
});
