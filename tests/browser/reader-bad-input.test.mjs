// What a hostile mirror, a hostile post, a wrong clock and a full phone do to the reader app: nothing false is shown, nothing that is
// held is lost, and the honest mirror's news comes all the same.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine, makePhoto } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Mischief } from "./mischief.mjs";
import { Phone, until } from "./phone.mjs";

/** What may go to a phone of an object that is longer than it may be: the longest pack of one item, some 0.3 MiB, and what is under way. */
const FLOOD_BYTES_MAX = 4 << 20;
/**
 * A flood comes at 6 MiB a second. As fast as the socket takes it, the kernel's buffers took it, up to 32 MiB of them, while a busy
 * machine had yet to tell the phone: the test counted the buffers, and was red with a phone that had long hung up.
 */
const FLOOD_PIECE_BYTES = 64 << 10;
const FLOOD_PAUSE_MS = 10;
const ASIDE = "Set aside: it gave something that does not fit";

const newsroom = new Machine();
const profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
const [good, bad] = [newsroom.path("good"), newsroom.path("bad")];
let honest, liar, bystander, phone, page, channel, address;
let flooded = 0;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  newsroom.json("publish", makePhoto(newsroom), "--lang", "en", "--title", "The bridge at noon");
  newsroom.run("site", good);
  newsroom.run("sync", good);
  cpSync(good, bad, { recursive: true });
  honest = await Mirror.start(good);
  [liar, bystander] = await Promise.all([Mischief.start(bad), Mischief.start(good)]);
  phone = await Phone.open(profile, [honest.url, liar.url, bystander.url]);
  page = phone.page;
  page.on("dialog", (dialog) => phone.wrong.push(`a post spoke: ${dialog.message()}`));
  await page.goto(`${liar.url}app/#${address}?at=${encodeURIComponent(honest.url)}`);
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees("The bridge at noon");
  channel = (await page.locator('.side a[href^="#/channel/"]').getAttribute("href")).split("/").at(-1);
});

after(async () => {
  await phone?.close();
  await honest?.stop();
  await liar?.stop();
  await bystander?.stop();
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profile, { recursive: true, force: true });
});

const isHead = (name) => name.endsWith("/head");
const isPack = (name) => /\/p\/[0-9a-f]{32}\/\d-\d+$/.test(name);
const truth = (name) => readFileSync(path.join(good, name));

const harms = {
  "sends the reader elsewhere": {
    harm: (name, response) => answer(response, 302, { location: new URL(name, bystander.url).href }),
    says: "Sent us on to another address.",
  },
  "gives a web page for everything": {
    harm: (_, response) => answer(response, 200, { "content-type": "text/html; charset=utf-8" }, "<!doctype html><p>Sign in"),
    says: "Gave a web page instead of news.",
  },
  "drips a byte a second": {
    harm: (name, response) => drip(response, isHead(name) ? truth(name) : Buffer.alloc(1)),
    says: "Has not answered since the app was opened",
  },
  "cuts heads short": {
    harm: (name, response) => isHead(name) && answer(response, 200, {}, truth(name).subarray(0, 60)),
    says: ASIDE,
  },
  "gives one pack in place of another": {
    harm: (name, response) => (isHead(name) || isPack(name)) && answer(response, 200, {}, isHead(name) ? truth(name) : firstPack(name)),
    says: ASIDE,
  },
  "gives packs without end": {
    harm: (name, response) => (isHead(name) && answer(response, 200, {}, truth(name))) || (isPack(name) && flood(response, {})),
    says: ASIDE,
  },
  "declares packs of 1 GiB": {
    harm: (name, response) => (isHead(name) && answer(response, 200, {}, truth(name))) || (isPack(name) && flood(response, { "content-length": 1 << 30 })),
    says: ASIDE,
  },
  "gives heads without end": { harm: (name, response) => isHead(name) && flood(response, {}), says: ASIDE },
  "plays an old head again": { harm: () => false, says: "Answered" },
};
for (const [name, { harm, says }] of Object.entries(harms)) {
  test(`a mirror that ${name} keeps no news away`, async () => {
    const title = `After one that ${name}`;
    newsroom.json("publish", "--lang", "en", "--title", title);
    newsroom.run("sync", good);
    liar.harm = harm;
    bystander.asked = [];
    flooded = 0;
    await open("#/");
    await phone.sees(title);
    await phone.sees("Roads are open");
    await page.goto(`${liar.url}app/#/kept`);
    await until(() => page.locator("li", { hasText: liar.url }).getByText(says).isVisible(), `“${says}” beside the mirror`);
    assert.deepEqual(bystander.asked, [], "nobody is asked who was not named");
    assert.ok(flooded <= FLOOD_BYTES_MAX, `${flooded} bytes went to the phone`);
    assert.deepEqual(phone.wrong, []);
  });
}

test("a post that tries to act does nothing", async () => {
  const text = [
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)></svg><iframe src=javascript:alert(4)></iframe>",
    `[tap](javascript:alert(5)) ![look](${bystander.url}b/spy.png) <style>body{display:none}</style>`,
    "last line",
  ];
  const file = newsroom.file("hostile.md", text.join("\n\n"));
  newsroom.json("publish", "--lang", "en", "--title", "<img src=x onerror=alert(6)>", "--text", file);
  newsroom.run("sync", good);
  liar.harm = () => false;
  bystander.asked = [];
  await open("#/");
  await page.getByRole("link", { name: "onerror" }).click();
  await phone.sees("last line");
  const acting = page.locator("main").locator("script, iframe, object, style, img[src^='http'], a[href^='javascript'], [onerror], [onload]");
  assert.equal(await acting.count(), 0);
  assert.deepEqual(bystander.asked, []);
  assert.deepEqual(phone.wrong, []);
});

const YEAR_MS = 365 * 86_400_000;
for (const [name, off] of Object.entries({ behind: -10 * YEAR_MS, ahead: 10 * YEAR_MS })) {
  test(`a clock that is ten years ${name}, the worker's too, hides nothing and makes nothing newer than it is`, async () => {
    // The phone has one clock. Pages have theirs set by the test; the worker gets its own with its script, from a mirror that
    // gives one nobody signed: no service worker keeps that.
    const skewed = newsroom.path(`skewed-${name}`);
    cpSync(good, skewed, { recursive: true });
    const script = path.join(skewed, "app/worker.js");
    const clock = `{const now=Date.now;Date.now=()=>now()+(${off});const wound=performance.now.bind(performance);performance.now=()=>wound()+1e12}`;
    writeFileSync(script, clock + readFileSync(script, "utf8"));
    const mirror = await Mirror.start(skewed);
    const other = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
    const wrong = await Phone.open(other, [mirror.url]);
    try {
      await wrong.page.clock.setFixedTime(Date.now() + off);
      await wrong.page.goto(`${mirror.url}app/#${address}`);
      await wrong.page.getByRole("button", { name: "Yes, follow" }).click();
      const lastWord = new RegExp(`Last word from the publisher: \\d+ \\w+ ${new Date().getFullYear()}`);
      for (const again of [false, true]) {
        if (again) {
          await wrong.page.reload();
        }
        await wrong.sees("Roads are open");
        await wrong.sees("The bridge at noon");
        await until(async () => lastWord.test(await wrong.page.locator(".word").innerText()), "the date of the last word");
        assert.equal(await wrong.page.getByText(/just now|ago/).count(), 0, "nothing is called new by a clock that is wrong");
      }
      await wrong.page.goto(`${mirror.url}app/#/kept`);
      await wrong.sees("Answered just now");
      assert.deepEqual(wrong.wrong, []);
    } finally {
      await wrong.close();
      await mirror.stop();
      await rm(other, { recursive: true, force: true });
    }
  });
}

test("a full phone says so and loses nothing", async () => {
  const cdp = await phone.context.newCDPSession(page);
  const { origin } = new URL(liar.url);
  await open("#/");
  await page.getByRole("link", { name: "The bridge at noon" }).click();
  await page.waitForSelector("main h1");
  await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  await page.getByRole("button", { name: /Bring/ }).first().click();
  await phone.sees("The phone is full. Nothing that is here was lost.");
  await cdp.send("Storage.overrideQuotaForOrigin", { origin });
  await open("#/");
  await phone.sees("Roads are open");
  assert.deepEqual(phone.wrong, []);
});

/** The app in a new session: who was set aside is asked again. */
async function open(hash) {
  await page.goto(`${liar.url}app/${hash}`);
  await page.reload();
}

function answer(response, status, headers, body = "") {
  response.writeHead(status, headers);
  response.end(body);
  return true;
}

function drip(response, bytes) {
  let at = 0;
  const timer = setInterval(() => response.write(bytes.subarray(at, (at += 1))), 1_000);
  response.on("close", () => clearInterval(timer));
  return true;
}

/** Writes at its pace for as long as it is read, and counts what went out. */
function flood(response, headers) {
  response.writeHead(200, headers);
  const piece = Buffer.alloc(FLOOD_PIECE_BYTES, "LEP\x01");
  const before = response.socket.bytesWritten;
  const pouring = setInterval(() => response.writableNeedDrain || response.write(piece), FLOOD_PAUSE_MS);
  response.on("close", () => {
    clearInterval(pouring);
    flooded = Math.max(flooded, response.socket.bytesWritten - before);
  });
  return true;
}

/** The first item's pack under every name. */
function firstPack(name) {
  return truth(`${path.posix.dirname(name)}/0-0`);
}
