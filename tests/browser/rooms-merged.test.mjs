// Two phones at two boxes that never were online together: what is said at both becomes one conversation by a stick, what a moderator
// hides is hidden at both, and a wipe leaves nothing at one of them.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine } from "./machine.mjs";
import { Phone, until } from "./phone.mjs";
import { Talk, keptFiles, wipe } from "./rooms.mjs";

const TITLE = "After the water";
const [newsroom, upper, lower] = [new Machine(), new Machine(), new Machine()];
/** One stick goes round. */
const stick = newsroom.path("stick");
const sides = {};
let address, room;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  const rules = newsroom.file("rules", "Be kind.\n\nNo names or addresses of private people.\n");
  room = newsroom.json("room", "open", "--title", TITLE, "--lang", "en", "--rules", rules).id;
  newsroom.run("stick", "write", stick);
  for (const [name, box] of Object.entries({ upper, lower })) {
    box.run("follow", address);
    box.run("stick", "read", stick);
    sides[name] = await open(box);
  }
});

after(async () => {
  for (const { phone, profile } of Object.values(sides)) {
    await phone?.close();
    await rm(profile, { recursive: true, force: true });
  }
  for (const machine of [newsroom, upper, lower]) {
    machine.stop();
    await rm(machine.folder, { recursive: true, force: true });
  }
});

test("what two phones say at two boxes becomes one conversation by one stick", async () => {
  const { upper: up, lower: low } = sides;
  await up.talk.says("Does the lower bridge hold people?");
  await up.talk.says("Water is at the mill.");
  await low.talk.says("The clinic opens its upper door.");
  await low.talk.says("Murat lives at 12 Mill Street.");
  await isAtBox(upper, 2);
  await isAtBox(lower, 2);
  carry(upper, lower);
  carry(lower, upper);
  await up.talk.sees("Murat lives at 12 Mill Street.");
  await low.talk.sees("Water is at the mill.");
  await low.talk.answers("Does the lower bridge hold people?", "No. A rope is across it.");
  await isAtBox(lower, 5);
  carry(lower, upper);
  await up.talk.sees("No. A rope is across it.");
  const [above, below] = [await up.talk.words(), await low.talk.words()];
  assert.equal(above.length, 5);
  assert.deepEqual(above, below);
});

test("what a moderator hid is hidden on both, and shown by choice with the rule", async () => {
  carry(lower, newsroom);
  const { id } = notesAt(newsroom).find(({ text }) => text.includes("Murat"));
  newsroom.json("room", "hide", id, "--reason", "2");
  carry(newsroom, upper);
  carry(newsroom, lower);
  for (const { phone, talk } of Object.values(sides)) {
    await phone.page.reload();
    await talk.open();
    await phone.sees("Rule 2: No names or addresses of private people.");
  }
  // Whose words they are sees them all the same.
  await sides.lower.talk.sees("Murat lives at 12 Mill Street.");
  const { phone, page } = sides.upper.talk;
  assert.equal(await page.getByText("Murat lives").count(), 0);
  await page.getByRole("button", { name: "Show anyway" }).click();
  await phone.sees("Murat lives at 12 Mill Street.");
});

test("a wipe leaves nothing at one phone, and the other keeps the conversation", async () => {
  const { upper: up, lower: low } = sides;
  const kept = await keptFiles(up.phone.page);
  const own = Object.keys(kept).find((name) => name.endsWith(`${room}/own`));
  const { seed } = JSON.parse(kept[own]);
  await up.phone.page.goto(`${up.url}/app/#/kept`);
  await wipe(up.phone.page);
  await up.phone.page.goto(`${up.url}/app/icon.svg`);
  const left = Object.values(await keptFiles(up.phone.page)).join("");
  assert.ok(!left.includes(seed) && !left.includes("Water is at the mill."));
  const words = (await low.talk.words()).join("\n");
  assert.ok(words.includes("Water is at the mill.") && words.includes("A rope is across it."));
  assert.deepEqual([...up.phone.wrong, ...low.phone.wrong], []);
});

async function open(box) {
  const { url } = await box.serve();
  const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
  const phone = await Phone.open(profile, [url]);
  await phone.follows({ url: `${url}/` }, address, "Roads are open");
  const talk = new Talk(phone, `${url}/app/`, room);
  await talk.open();
  return { phone, profile, talk, url };
}

function carry(from, to) {
  from.run("stick", "write", stick);
  to.run("stick", "read", stick);
}

function notesAt(machine) {
  const lines = machine.run("room", "show").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function isAtBox(box, count) {
  await until(() => notesAt(box).length >= count, `${count} notes at a box`);
}
