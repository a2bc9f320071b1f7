// Every page and every state of the reader app: it fits three widths, light and dark, from the left and from the right; axe-core
// finds nothing; whatever is touched is large enough, and nothing moves for those who asked for that. A page that is new stands
// in this table before it stands anywhere else: the last test sees to it.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { blake3 } from "../../web/hash.mjs";
import { list, restamp } from "../../web/release.mjs";
import { Machine, makeFilmOf, makePhoto, makeShortFilm } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone, isDrawn, play, until } from "./phone.mjs";
import { StolenKey } from "./stolen-key.mjs";

/** Width in pixels, and the colours that are looked at in it. */
const VIEWS = [
  [320, "light"],
  [768, "dark"],
  [1440, "light"],
];
const LANGUAGES = ["en", "fa"];
/** A finger's width: WCAG 2.2, 2.5.5. */
const TARGET_PIXELS = 44;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures of all of it are put, for whoever wants to look. */
const screenshots = process.env.SCREENSHOTS;
const catalogues = Object.fromEntries(
  LANGUAGES.map((language) => [language, JSON.parse(readFileSync(new URL(`../../web/words/${language}.json`, import.meta.url), "utf8"))]),
);
const newsroom = new Machine();
const namesake = new Machine();
const hidden = new Machine();
const [robbed, divided, rival] = [new Machine(), new Machine(), new Machine()];
const profiles = mkdtempSync(path.join(os.tmpdir(), "longear-profiles-"));
const tree = newsroom.path("tree");
let mirror, second, bare, lacking, changed, gone, address, theirs, unreached, channel, film, photo, archive, foreign, camera;

before(async () => {
  screenshots && mkdirSync(screenshots, { recursive: true });
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  channel = newsroom.json("channel", "show").id;
  const texts = [
    ["kk", "Талды көшесіндегі нан", "Дүкенде **нан** бар.\n"],
    ["fa", "نان در خیابان تالدی", "در مغازه **نان** هست.\n\n- از هشت\n- تا شب\n"],
    ["en", "Bread in Taldy Street", "There is **bread** in the shop.\n\n- from eight\n- until dark\n\n> A line that somebody said.\n\n[A link](https://example.org/)\n"],
  ].flatMap(([tag, title, text]) => ["--lang", tag, "--title", title, "--text", newsroom.file(`${tag}.md`, text)]);
  film = newsroom.json("publish", makeShortFilm(newsroom), ...texts).id;
  photo = newsroom.json("publish", makePhoto(newsroom), "--lang", "en", "--title", "The bridge at noon").id;
  gone = newsroom.json("publish", "--lang", "en", "--title", "What was taken back").id;
  newsroom.json("publish", "--lang", "en", "--title", `A title with a word that is longer than a phone: ${"Donaudampfschifffahrt".repeat(4)}`);
  newsroom.json("retract", gone);
  newsroom.run("site", tree);
  newsroom.run("sync", tree);
  archive = newsroom.path("news.longear");
  newsroom.run("archive", "write", archive);
  foreign = newsroom.path("photo.jpg");
  camera = makeFilmOf(foreign, newsroom);
  theirs = namesake.json("channel", "new", "Sarybulaq News", "--roots", namesake.path("roots")).address;
  unreached = hidden.json("channel", "new", "Nowhere", "--roots", hidden.path("roots")).address;
  namesake.json("publish", "--lang", "en", "--title", "Roads are closed");
  namesake.run("sync", tree);
  const thief = await StolenKey.from(newsroom, tree, channel);
  const page = Buffer.from("<!doctype html><p>no picture");
  thief.publish("Files that are not what they are called", [
    { name: "a.jpg", mime: "image/jpeg", bytes: page },
    { name: "protocol\u202efdp.exe", mime: "application/pdf", bytes: Buffer.from("bytes") },
    { name: "list.pdf", mime: "application/pdf", bytes: Buffer.from("%PDF") },
  ]);
  await publishDisputes();
  mirror = await Mirror.start(tree);
  second = await Mirror.start(newsroom.path("second"));
  newsroom.run("site", newsroom.path("bare"));
  bare = await Mirror.start(newsroom.path("bare"));
  lacking = await Mirror.start(lackingTree());
  changed = await Mirror.start(await changedApp());
});

after(async () => {
  await mirror?.stop();
  await Promise.all([second, bare, lacking, changed].map((server) => server?.stop()));
  newsroom.stop();
  namesake.stop();
  const folders = [newsroom, namesake, hidden, robbed, divided, rival].map(({ folder }) => folder);
  await Promise.all([...folders, profiles].map((folder) => rm(folder, { recursive: true, force: true })));
});

/**
 * Two channels that contradict themselves where two mirrors are asked: of one a thief's post stands in the place of the newsroom's,
 * of the other the holders of its root keys have signed two different second charters.
 */
async function publishDisputes() {
  const others = newsroom.path("second");
  robbed.address = robbed.json("channel", "new", "Taldy Radio", "--roots", robbed.path("roots")).address;
  divided.address = divided.json("channel", "new", "Karasu Weekly", "--roots", divided.path("roots")).address;
  robbed.json("publish", "--lang", "en", "--title", "The market is open");
  divided.json("publish", "--lang", "en", "--title", "The water is safe to drink");
  robbed.run("sync", tree);
  divided.run("sync", tree);
  cpSync(tree, others, { recursive: true });
  cpSync(divided.folder, rival.folder, { recursive: true });
  const thief = await StolenKey.from(robbed, others, robbed.json("channel", "show").id);
  thief.publish("The market is closed from Sunday", [{ name: "market.jpg", mime: "image/jpeg", bytes: newsroom.read("photo.jpg") }]);
  robbed.json("publish", "--lang", "en", "--title", "The market stays open on Sunday");
  robbed.run("sync", tree);
  for (const [holders, at] of [[divided, tree], [rival, others]]) {
    holders.run("channel", "rotate", ...[1, 2].flatMap((number) => ["--root", holders.path(`roots/root-${number}-of-3.key`)]));
    holders.run("sync", at);
  }
}

/** The tree without one post and without any file. */
function lackingTree() {
  const lacking = newsroom.path("lacking");
  cpSync(tree, lacking, { recursive: true });
  rmSync(path.join(lacking, "b"), { recursive: true });
  const logs = path.join(lacking, "c", channel, "p");
  rmSync(path.join(logs, readdirSync(logs)[0], "0-1"));
  return lacking;
}

/** An app that its makers signed, and somebody changed. */
async function changedApp() {
  const folder = newsroom.path("changed");
  cpSync(newsroom.path("bare"), folder, { recursive: true });
  const app = path.join(folder, "app");
  list(app).filter((name) => /\.(gz|br)$/.test(name)).forEach((name) => rmSync(path.join(app, name)));
  const release = { kind: "release", version: 7, privateKey: generateKeyPairSync("ed25519").privateKey, build: "0000000000000007", patienceMs: 100 };
  restamp(app, release, await blake3(path.join(process.env.READER, "reader.wasm")));
  appendFileSync(path.join(app, "page.js"), "\n");
  return folder;
}

const followAt = async ({ page, button }, link) => {
  await page.goto(`${mirror.url}app/#${link}`);
  await button("follow_yes").click();
  await page.waitForSelector("article");
};
const follow = (phone) => followAt(phone, address);
/** Follows a channel at both mirrors, which contradict each other. */
const followAtBoth = (phone, { address }) => followAt(phone, `${address}?at=${encodeURIComponent(second.url)}`);
const allowNoMore = async ({ context, page }) => {
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(mirror.url).origin, quotaSize: 1 });
};
const openItem = async ({ page }, title) => {
  await page.goto(`${mirror.url}app/#/`);
  await page.getByRole("link", { name: title }).click();
  await page.waitForSelector("article h1");
};
const hand = async ({ page }, file, url = mirror.url) => {
  await page.goto(`${url}app/#/kept`);
  await page.locator('input[type="file"][multiple]').first().setInputFiles(file);
  await page.waitForURL(/#\/file$/);
};
const place = (hash, waits = "main h1") => async ({ page }) => {
  await page.goto(`${mirror.url}app/${hash}`);
  await page.waitForSelector(waits);
};

/** How each state is reached; those of one table in their order, on one phone. */
const NEWCOMER = {
  first: place("#/", "form"),
  "follow, no address": place("#longear:nonsense", '[role="alert"]'),
  "follow, no source has it": (phone) => place(`#${unreached}`, ".code")(phone),
  "channels, none": place("#/channels"),
  "kept, nothing": place("#/kept"),
  "search, nothing here": place("#/search"),
  file: place("#/file"),
  "file, offered": async (phone) => {
    await hand(phone, archive);
    await phone.button("follow_yes").waitFor();
  },
  "file, foreign": async (phone) => {
    await hand(phone, foreign);
    await phone.text("file_foreign").waitFor();
  },
  "scan, no code": async (phone) => {
    await place("#/", "form")(phone);
    await phone.page.locator('input[accept="image/*"]').setInputFiles(foreign);
    await phone.page.waitForSelector('[role="alert"]');
  },
  scan: async (phone) => {
    await place("#/", "form")(phone);
    await phone.button("scan_camera").click();
    await phone.page.waitForSelector(".camera video");
  },
  follow: async ({ page, button }) => {
    await page.goto(`${mirror.url}app/#${address}`);
    await button("follow_yes").waitFor();
  },
  "file, with damage": async (phone) => {
    const bytes = readFileSync(archive);
    const damaged = newsroom.path("damaged.longear");
    bytes[bytes.indexOf("The bridge at noon")] ^= 1;
    writeFileSync(damaged, bytes);
    // At a website that has the app and no news: what is here already is not looked at again.
    await hand(phone, damaged, bare.url);
    await phone.button("follow_yes").click();
    await phone.text("file_which").click();
  },
};
const READER = {
  feed: follow,
  "follow, already": async ({ page, text }) => {
    await page.goto(`${mirror.url}app/#${address}`);
    await text("follow_already").waitFor();
  },
  "follow, the same name": async ({ page, text }) => {
    await page.goto(`${mirror.url}app/#${theirs}`);
    await text("follow_same_name").waitFor();
  },
  channels: place("#/channels"),
  channel: ({ page }) => place(`#/channel/${channel}`, ".feed article")({ page }),
  "channel, not here": place(`#/channel/${"0".repeat(64)}`),
  item: (phone) => place(`#/item/${film}`, "article h1")(phone),
  "item, taken back": (phone) => place(`#/item/${gone}`, "article h1")(phone),
  "item, not here": place(`#/item/${"0".repeat(64)}`),
  player: async (phone) => {
    await place(`#/item/${film}`, "video")(phone);
    await play(phone.page.locator("video")).catch(() => undefined);
    await until(() => phone.page.locator("video").evaluate((element) => element.currentTime > 0.2), "the film");
    await phone.page.locator("video").evaluate((element) => element.pause());
  },
  photo: async (phone) => {
    await place(`#/item/${photo}`, "article h1")(phone);
    await phone.button("show_photo").click();
    await until(() => isDrawn(phone.page.locator("figure img")), "the photo");
  },
  "files, unshown and renamed": async (phone) => {
    await openItem(phone, "Files that are not");
    await phone.text("unshown_title").or(phone.button("show_photo")).first().waitFor();
    await phone.text("unshown_title").waitFor();
  },
  code: async (phone) => {
    await place(`#/item/${film}`, "article h1")(phone);
    await phone.button("code_show").click();
    await phone.page.waitForSelector(".qr svg");
  },
  "search, found": async (phone) => {
    await place("#/search")(phone);
    await phone.page.getByRole("searchbox").fill("brid");
    await phone.page.waitForSelector(".feed article");
  },
  "search, nothing found": async (phone) => {
    await place("#/search")(phone);
    await phone.page.getByRole("searchbox").fill("xylophone");
    await phone.text("search_none").waitFor();
  },
  kept: place("#/kept"),
  checked: place("#/checked"),
  "file, read": async (phone) => {
    await hand(phone, archive);
    await phone.text("file_read").first().waitFor();
  },
  "near, no address": async (phone) => {
    await place("#/kept")(phone);
    const field = phone.page.locator("input.in[inputmode=url]");
    await field.fill("not an address");
    await field.press("Enter");
    await phone.text("box_wrong").waitFor();
  },
};
/** Each on a phone of its own, because something is wrong with it. */
const TROUBLED = {
  alarm: async (phone) => {
    await phone.page.goto(`${changed.url}app/`);
    await phone.page.waitForSelector('.alarm');
  },
  "part failed": async (phone) => {
    await phone.page.route(/\/later\.js/, (route) => route.abort());
    await phone.page.goto(`${mirror.url}app/#/kept`);
    await phone.text("part_failed").waitFor();
  },
  failed: async (phone) => {
    await phone.page.route(/\.lzma$/, (route) => route.abort());
    await phone.page.goto(`${mirror.url}app/#/`);
    await phone.text("failed_title").waitFor();
  },
  starting: async (phone) => {
    await phone.page.route(/\.lzma$/, () => undefined);
    await phone.page.goto(`${mirror.url}app/#/`);
    await phone.text("starting").waitFor();
  },
};

/** The browser gives no more room than was in use when it had to bring a photo. */
const FULL = {
  "item, phone full": async (phone) => {
    await followAt(phone, theirs);
    await follow(phone);
    await phone.keepsApp();
    await place(`#/item/${photo}`, "article h1")(phone);
    await allowNoMore(phone);
    await phone.button("show_photo").click();
    await phone.text("full_text").waitFor();
  },
  "player, phone full": async (phone) => {
    await place(`#/item/${film}`, "video")(phone);
    await play(phone.page.locator("video")).catch(() => undefined);
    await phone.text("full_text").waitFor();
    await phone.page.locator("video").waitFor({ state: "detached" });
  },
  "follow, phone full": async (phone) => {
    await place(`#${robbed.address}`, ".code")(phone);
    await phone.button("follow_yes").click();
    await phone.text("full").first().waitFor();
  },
  // Started on a full phone the app used to take it for one that gives no private files, and showed an empty shelf.
  "feed, phone full": async (phone) => {
    namesake.json("publish", "--lang", "en", "--title", "What does not fit");
    namesake.run("sync", tree);
    await place("#/", "h1")(phone);
    await phone.page.reload();
    await phone.text("full").first().waitFor();
    await phone.page.getByRole("link", { name: "The bridge at noon" }).waitFor();
  },
  "kept, phone full": async (phone) => {
    await place("#/kept", ".store")(phone);
    await phone.text("full").first().waitFor();
  },
};
/** A browser that is told to let no website keep anything: no private files, no database, no locks, no service worker. */
const KEEPING_NOTHING = { profile: { default_content_setting_values: { cookies: 2 } } };
// Such a browser refuses locks too: the app used to say that it was open in another tab.
const FORGETFUL = {
  "feed, memory only": async (phone) => {
    await place("#/", "form")(phone);
    await phone.page.locator(`.tongues [lang="${phone.language}"]`).click();
    await phone.page.waitForFunction((wanted) => document.documentElement.lang === wanted, phone.language);
    await follow(phone);
    await phone.text("memory_title").waitFor();
  },
  "item, memory only": async (phone) => {
    await place(`#/item/${film}`, "article h1")(phone);
    await phone.button("bring").click();
    await phone.page.waitForSelector("video");
  },
  "kept, memory only": async (phone) => {
    await place("#/kept", ".store")(phone);
    await phone.text("memory_title").waitFor();
    await phone.text("offline_not").waitFor();
  },
};
/** The mirror has neither one of the posts nor any file. */
const LACKING = {
  "feed, with a hole": async (phone) => {
    await phone.page.goto(`${lacking.url}app/#${address}`);
    await phone.button("follow_yes").click();
    await phone.button("look_for_them").waitFor();
  },
  "item, waiting": async (phone) => {
    await phone.page.goto(`${lacking.url}app/#/item/${film}`);
    await phone.button("bring").click();
    await phone.page.waitForSelector(".say.warm");
  },
};
const IN_DISPUTE = {
  "feed, disputed": async (phone) => {
    await followAtBoth(phone, robbed);
    await until(async () => (await phone.text("disputed").count()) === 2, "both posts of one place");
    assert.equal(await phone.text("badge_unchanged").count(), 1, "what stands before them is not in dispute");
  },
  "item, disputed": async (phone) => {
    await openItem(phone, "The market stays open");
    await phone.text("disputed").waitFor();
    await phone.page.locator("summary").click();
    await phone.text("signed_disputed").waitFor();
  },
  "feed, stopped": async (phone) => {
    await followAtBoth(phone, divided);
    await phone.page.locator(".say.stop", { hasText: "Karasu Weekly" }).waitFor();
  },
  "item, stopped": async (phone) => {
    await openItem(phone, "The water is safe");
    await phone.page.locator(".say.stop", { hasText: "Karasu Weekly" }).waitFor();
  },
  "channels, stopped": async (phone) => {
    await place("#/channels")(phone);
    await phone.text("stopped_short").waitFor();
  },
};

/** The tables of which each is gone through on one phone. */
const PHONES = {
  newcomer: NEWCOMER,
  reader: READER,
  "reader whose mirror lacks something": LACKING,
  "phone that is full": FULL,
  "browser that keeps nothing": FORGETFUL,
  "reader of channels in dispute": IN_DISPUTE,
};

for (const language of LANGUAGES) {
  for (const [who, states] of Object.entries(PHONES)) {
    test(`every page of a ${who} fits and breaks no rule, ${language}`, async () => {
      await onAPhone(language, async (phone) => {
        const faults = [];
        for (const [name, reach] of Object.entries(states)) {
          await reach(phone).catch((error) => faults.push(`${name}, ${language}: ${error}`));
          faults.push(...(await look(phone, name, language)));
        }
        assert.deepEqual(faults, []);
        assert.deepEqual(phone.wrong, []);
      }, states === FORGETFUL ? KEEPING_NOTHING : {});
    });
  }
  test(`every page of an app that is in trouble fits and breaks no rule, ${language}`, async () => {
    const faults = [];
    for (const [name, reach] of Object.entries(TROUBLED)) {
      await onAPhone(language, async (phone) => {
        await reach(phone).catch((error) => faults.push(`${name}, ${language}: ${error}`));
        faults.push(...(await look(phone, name, language)));
      });
    }
    assert.deepEqual(faults, []);
  });
}

/** By which state each page of the app stands in the tables above. */
const PAGES = {
  news: "feed", search: "search, found", channels: "channels", kept: "kept", checked: "checked", file: "file, read", item: "item",
  channel: "channel", follow: "follow",
};

/** Pages that are tried in a file of their own. */
const ELSEWHERE = { room: "reader-room.test.mjs" };

test("every page of the app stands in a table here, or is tried elsewhere", () => {
  const routes = readFileSync(new URL("../../web/src/page/route.ts", import.meta.url), "utf8");
  const known = [...routes.matchAll(/page: ((?:"\w+"(?: \| )?)+)/g)].flatMap(([, names]) => names.match(/\w+/g));
  assert.deepEqual([...new Set(known)].sort(), Object.keys({ ...PAGES, ...ELSEWHERE }).sort());
  Object.values(ELSEWHERE).forEach((file) => readFileSync(new URL(file, import.meta.url)));
  const states = Object.values({ ...PHONES, TROUBLED }).flatMap(Object.keys);
  assert.deepEqual(Object.values(PAGES).filter((state) => !states.includes(state)), []);
});

test("a keyboard alone follows a channel by its address, opens a post, plays it and leaves", async () => {
  await onAPhone("en", async (phone) => {
    const { page } = phone;
    const words = catalogues.en;
    await page.goto(`${mirror.url}app/`);
    await page.waitForSelector("form");
    const reach = async (what, isIt) => {
      for (let pressed = 0; pressed < 60; pressed += 1) {
        await page.keyboard.press("Tab");
        if (await page.evaluate(isIt, what)) {
          const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");
          assert.ok(seen, `${what} shows that it has the keyboard`);
          return;
        }
      }
      assert.fail(`no way to ${what} by the keyboard`);
    };
    const hasName = (name) => document.activeElement?.closest("label, a, button")?.textContent.includes(name) === true;
    await reach(words.follow_type, hasName);
    await page.keyboard.type(address);
    await page.keyboard.press("Enter");
    await phone.button("follow_yes").waitFor();
    await reach(words.follow_yes, hasName);
    await page.keyboard.press("Enter");
    await page.waitForSelector("article");
    await reach("Bread in Taldy Street", hasName);
    await page.keyboard.press("Enter");
    await page.waitForSelector("video");
    await reach(words.media_play, (name) => document.activeElement?.getAttribute("aria-label") === name);
    await page.keyboard.press("Space");
    await until(() => page.locator("video").evaluate((element) => element.currentTime > 0.2), "the film to play");
    await reach(words.leave, hasName);
    await page.keyboard.press("Enter");
    await until(() => page.url() === "about:blank", "the empty page");
    assert.deepEqual(phone.wrong, []);
  });
});

/** A new phone that speaks a language, with what finds its words. */
async function onAPhone(language, use, preferences = {}) {
  const args = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${camera}`];
  const profile = mkdtempSync(path.join(profiles, "phone-"));
  mkdirSync(path.join(profile, "Default"));
  writeFileSync(path.join(profile, "Default/Preferences"), JSON.stringify(preferences));
  const phone = await Phone.open(profile, [mirror, second, bare, lacking, changed].map(({ url }) => url), args);
  try {
    if (preferences !== KEEPING_NOTHING) {
      await phone.context.addInitScript((chosen) => localStorage.setItem("longear", JSON.stringify({ language: chosen })), language);
    }
    await phone.context.addInitScript(axe);
    await phone.page.emulateMedia({ reducedMotion: "reduce" });
    const words = catalogues[language];
    phone.language = language;
    phone.text = (key) => phone.page.getByText(words[key].other ?? words[key]);
    phone.button = (key) => phone.page.getByRole("button", { name: words[key] });
    await use(phone);
  } finally {
    await phone.close();
  }
}

async function look(phone, name, language) {
  const faults = [];
  const { page } = phone;
  for (const [width, colorScheme] of VIEWS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const at = `${name}, ${language}, ${width} ${colorScheme}`;
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    needed <= width || faults.push(`${at}: needs ${needed} pixels`);
    const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
    faults.push(...violations.map(({ id, nodes }) => `${at}: ${id}: ${nodes.map((node) => node.html).join(" ")}`));
    const small = await page.evaluate(smallTargets, TARGET_PIXELS);
    faults.push(...small.map((what) => `${at}: too small for a finger: ${what}`));
    const moving = await page.evaluate(() => document.getAnimations().filter((one) => one.playState === "running").map((one) => String(one.animationName ?? one.transitionProperty)));
    faults.push(...moving.map((what) => `${at}: moves: ${what}`));
    if (screenshots) {
      await page.screenshot({ path: path.join(screenshots, `${name.replaceAll(/[ ,]+/g, "-")}-${language}-${width}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 360, height: 740 });
  return faults;
}

/** Whatever can be touched and is smaller than a finger, but for links within a text. */
function smallTargets(pixels) {
  const all = [...document.querySelectorAll("a[href], button, input, select, summary, textarea")];
  const measured = all.flatMap((element) => {
    const target = element.closest("label") ?? element;
    const { width, height } = target.getBoundingClientRect();
    const isInText = element.matches("a") && getComputedStyle(element).display === "inline" && element.closest("p, li, .prose");
    const isHidden = width <= 1 || height <= 1 || element.tabIndex < 0 || !element.checkVisibility();
    const fits = width >= pixels - 0.5 && height >= pixels - 0.5;
    return isInText || isHidden || fits ? [] : [`${Math.round(width)} × ${Math.round(height)} ${element.outerHTML.slice(0, 90)}`];
  });
  return [...new Set(measured)];
}
