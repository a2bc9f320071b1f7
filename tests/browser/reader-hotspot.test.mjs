// A neighbour's hotspot, with no internet behind it: what its box shows to a phone with nothing installed, and what an app
// that was installed before takes from it.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makePhoto } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone, isDrawn, until } from "./phone.mjs";

/** Names as a hotspot and a website have them. Neither is this machine's own, to which browsers grant more. */
const [BOX, WEBSITE] = ["box.lan", "mirror.example"];

const box = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
let address, website, boxUrl, phone;

before(async () => {
  ({ address } = box.json("channel", "new", "Sarybulaq News", "--roots", box.path("roots")));
  box.json("publish", makePhoto(box), "--lang", "en", "--title", "The bridge at noon");
  // The app alone: no news comes from there.
  box.run("site", box.path("site"));
  website = await Mirror.startEncrypted(box.path("site"), WEBSITE);
  const { port } = new URL((await box.serve()).url);
  boxUrl = `http://${BOX}:${port}/`;
  phone = await Phone.open(profile, [website.url, boxUrl], [
    `--host-resolver-rules=MAP ${BOX} 127.0.0.1, MAP ${WEBSITE} 127.0.0.1`,
    // To the browser the website is far away, and the box in the local network.
    `--ip-address-space-overrides=127.0.0.1:${website.port}=public,127.0.0.1:${port}=local`,
    "--ignore-certificate-errors",
  ]);
});

after(async () => {
  await phone?.close();
  await website?.stop();
  box.stop();
  await rm(box.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

test("with nothing installed the box shows its pages, and says what they are worth", async () => {
  await phone.page.goto(boxUrl);
  await phone.sees("The bridge at noon");
  await phone.sees("Checked by this box; this page cannot check the box.");
  assert.equal(await phone.page.evaluate(() => window.isSecureContext), false, "as over any hotspot");
});

test("an app that is opened from the box reads along, and says that it keeps nothing", async () => {
  await phone.page.goto(`${boxUrl}app/#${address}`);
  await phone.page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("The bridge at noon");
  await phone.page.goto(`${boxUrl}app/#/kept`);
  await phone.sees("Nothing is kept here");
});

test("an app that was installed before takes the news from the box, and keeps it", async () => {
  const { page } = phone;
  await page.goto(`${website.url}app/#${address}`);
  await phone.sees("No source has this channel now.");
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await until(() => page.evaluate(async () => !!(await navigator.serviceWorker.getRegistration())?.active), "the app's own files");
  await website.stop();
  await phone.anew();
  // What the reader answers when the browser asks.
  await phone.context.grantPermissions(["local-network-access"], { origin: new URL(website.url).origin });
  await phone.page.goto(`${website.url}app/#/kept`);
  await phone.page.getByLabel("A box near by").fill("somewhere else");
  await phone.page.getByRole("button", { name: "Ask this box" }).click();
  await phone.sees("This is no address of a box.");
  await phone.page.getByLabel("A box near by").fill(boxUrl.replace("http://", ""));
  await phone.page.getByRole("button", { name: "Ask this box" }).click();
  await until(() => phone.page.getByText(/^Answered/).first().isVisible(), "the box to answer");
  await phone.page.goto(`${website.url}app/#/`);
  await phone.page.getByRole("link", { name: "The bridge at noon" }).click();
  await phone.page.getByRole("button", { name: /Show the photo/ }).click();
  await until(() => isDrawn(phone.page.locator("figure img")), "the photo");
  await phone.sees("From the publisher, unchanged");
  assert.deepEqual(phone.wrong, []);
});
