// A broadcast is on, and the internet is switched off because of it. What has come plays on; what is missing comes by stick,
// from neighbours, and over the internet when it is back; in the end everybody has every segment.
//
// Aigul watches in the app at the box in the east, Bolat with nothing but a browser and Damira in the app in the west, with data
// saver. Between the boxes there is a street, which nobody switches off.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { Country } from "./country.mjs";
import { Machine } from "./machine.mjs";
import { Phone, until } from "./phone.mjs";
import { keptSegments } from "./segments.mjs";

const PORT = 7777;
/** A box that waits for a mirror which is cut off asks its neighbour less often. */
const NEIGHBOUR_MS = 120_000;
/** A sound and two pictures, from one input, as an encoder sends them. */
const LADDER =
  "-re -f lavfi -i testsrc2=size=640x360:rate=12 -re -f lavfi -i sine=frequency=330:sample_rate=48000 " +
  "-filter_complex [0:v]split=2[a][b];[a]scale=-2:144[low] -map [low] -map 1:a -map [b] -map 1:a -map 1:a " +
  "-c:v libx264 -preset ultrafast -g 12 -keyint_min 12 -sc_threshold 0 -pix_fmt yuv420p -b:v:0 90k -b:v:1 400k -c:a aac -b:a 24k -ac 1 " +
  "-f hls -hls_time 1 -hls_list_size 8 -hls_segment_type fmp4 -hls_flags independent_segments -method PUT -http_persistent 1";
const STREAMS = "v:0,a:0,name:144p v:1,a:1,name:360p a:2,name:audio";

/** Networks of one's own need root, or a container that may make them. */
const skip = Country.isPossible() ? false : "this machine does not let us make networks";
const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
let country, newsroom, mirror, east, west, aigul, bolat, damira, live, encoder;

before(async () => {
  if (skip) {
    return;
  }
  mkdirSync(screenshots, { recursive: true });
  country = new Country(["internet", "street"], {
    newsroom: ["internet"],
    mirror: ["internet"],
    east: ["internet", "street"],
    west: ["internet", "street"],
    viewer: ["street"],
  });
  [newsroom, mirror, east, west] = ["newsroom", "mirror", "east", "west"].map((place) => new Machine(country.at(place)));
  const { address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots"));
  live = newsroom.json("live", "start", "--title", "Town meeting: the bridge, the power, the vote", "--lang", "en");
  await newsroom.serve(`0.0.0.0:${PORT}`);
  mirror.json("follow", address);
  await mirror.serve(`0.0.0.0:${PORT}`, "--sync", at("newsroom", "internet"));
  encode();
  // Whoever is told of a broadcast follows it every second; being told takes a round of a minute.
  await until(() => listed("mirror", "index.m3u8") !== "", "the mirror to have something of it");
  for (const [box, neighbour] of [[east, "west"], [west, "east"]]) {
    box.json("follow", address);
    await box.serve(`0.0.0.0:${PORT}`, "--sync", at("mirror", "internet"), "--sync", at(neighbour, "street"));
  }
  [aigul, damira] = await Promise.all([openApp("east", address), openApp("west", address)]);
});

after(async () => {
  await Promise.all([aigul, damira, bolat].map((viewer) => viewer?.close()));
  const machines = [newsroom, mirror, east, west].filter(Boolean);
  machines.forEach((machine) => machine.stop());
  country?.remove();
  await Promise.all(machines.map(({ folder }) => rm(folder, { recursive: true, force: true })));
});

test("viewers of two boxes watch it as it runs", { skip }, async () => {
  await aigul.page.locator(".still .go").click();
  await aigul.page.locator("select").last().selectOption("360");
  await damira.page.locator(".still .go").click();
  for (const { page } of [aigul, damira]) {
    await plays(page, 3);
    assert.equal(await page.locator("main .live").innerText(), "LIVE");
  }
  await until(async () => (await label(aigul.page)) === "360p", "the larger picture in the east");
  assert.equal(await label(damira.page), "144p", "with data saver");
  bolat = await openPage("west");
  await until(() => bolat.plays(2), "the browser to play as well");
  await picture(aigul.page, "live-1-before");
});

test("the internet is cut: what has come plays on, and the page says since when there is no word", { skip }, async () => {
  const heard = await needle(aigul.page);
  for (const place of ["newsroom", "mirror"]) {
    country.cut(place, "internet");
  }
  await until(async () => (await needle(aigul.page)) > heard + 0.5, "it to play on");
  for (const { page } of [aigul, damira]) {
    await until(() => page.getByText(/^Connection to the publisher lost at \d\d:\d\d$/).isVisible(), "the page to say so");
    assert.match(await page.locator("main .live.off").innerText(), /^Waiting since \d\d:\d\d$/);
    assert.ok(await page.getByText("Waiting, not lost.").isVisible());
  }
  await until(async () => {
    await bolat.page.reload();
    return bolat.page.getByText("Connection to the publisher lost").isVisible();
  }, "the page without script to say so");
  await picture(aigul.page, "live-2-cut");
  // What was heard before can be heard again, without anybody but the phone.
  await aigul.page.getByRole("button", { name: "From the beginning" }).click();
  await plays(aigul.page, 2);
  assert.ok(segments("newsroom").length > segments("east").length + 60, "the newsroom goes on recording");
});

test("a stick with room for the sound brings it first: where the picture ends, the sound goes on without a pause", { skip }, async () => {
  const stick = newsroom.path("small");
  const sound = bytesOf("newsroom", "audio");
  const missed = hashes("newsroom", "audio").slice(0, -2);
  newsroom.run("stick", "write", stick, "--budget", `${Math.ceil((sound * 1.3) / 1000) + 120}kB`);
  west.runPartly("stick", "read", stick);
  await until(() => isSubset(missed, hashes("east", "audio")), "the sound of what was missed in the east, from its neighbour", NEIGHBOUR_MS);
  assert.ok(hashes("east", "360p").length < missed.length - 10, "but not its picture");
  await until(async () => (await here(aigul.page, "Sound")) > (await here(aigul.page, "360p")), "the phone to have it");
  // From shortly before the picture ends. One of the two players may be changing what it plays at this very moment.
  const hasSome = () => [...document.querySelectorAll("video")].some((video) => video.buffered.length > 0);
  await until(() => aigul.page.evaluate(hasSome), "something to be there to play");
  await until(async () => (await label(aigul.page)) === "Sound only", "the sound to take over");
  const pause = await longestPause(aigul.page, 4);
  assert.ok(pause < 700, `it stood still for ${pause} ms`);
  await picture(aigul.page, "live-3-sound");
});

test("a whole stick fills the hole in one box, and its neighbour gets it from there", { skip }, async () => {
  const stick = newsroom.path("stick");
  newsroom.run("stick", "write", stick);
  // The newest seconds were still coming in while the stick was written.
  west.runPartly("stick", "read", stick);
  const brought = segments("west");
  assert.ok(brought.length > segments("mirror").length + 60, "the west has what was missed");
  await until(() => isSubset(brought, segments("east")), "all of it in the east", NEIGHBOUR_MS);
  await until(async () => /\d+p/.test(await label(aigul.page)), "the picture to come back to what was missed");
});

test("the internet is back: it is live again, and in the end everybody has every segment", { skip }, async () => {
  for (const place of ["newsroom", "mirror"]) {
    country.mend(place, "internet");
  }
  for (const { page } of [aigul, damira]) {
    await until(async () => (await page.locator("main .live").innerText()) === "LIVE", "live to be live again");
  }
  await until(() => damira.page.getByText(/^The .* from \d\d:\d\d are here$/).isVisible(), "what was missed to be offered");
  await picture(damira.page, "live-4-filled");
  await aigul.page.getByRole("button", { name: "Go live" }).click();
  await until(async () => /behind the newsroom/.test(await aigul.page.locator("main p.soft.small").first().innerText()), "the edge");
  await plays(aigul.page, 2);
  encoder.kill("SIGINT");
  await new Promise((ended) => encoder.on("exit", ended));
  newsroom.json("live", "stop");
  await until(() => isOver("newsroom"), "the end of the broadcast");
  const all = segments("newsroom");
  assert.ok(all.length > 3 * 60, `${all.length} segments`);
  for (const place of ["mirror", "east", "west"]) {
    await until(() => isOver(place), "the end to be known");
    await until(() => isSubset(all, segments(place)), `every segment in ${place}`);
    assert.deepEqual(segments(place), all);
  }
  await until(() => aigul.page.getByText("Recording").isVisible(), "the recording");
  // It may have brought all of it while it played.
  const rest = aigul.page.getByRole("button", { name: "Bring the rest" });
  (await rest.isVisible()) && (await rest.click());
  const wanted = [...hashes("newsroom", "audio"), ...hashes("newsroom", "360p")];
  await until(async () => isSubset(wanted, await kept(aigul.page)), "every segment in the phone");
  await picture(aigul.page, "live-5-after");
  assert.deepEqual([...aigul.wrong, ...damira.wrong], []);
});

function at(place, network) {
  return `http://${country.address(place, network)}:${PORT}`;
}

/** The segments of every rendition that are here, by their hashes, as the box lists them to any player. */
function segments(place) {
  return ["audio", "144p", "360p"].flatMap((name) => hashes(place, name));
}

function hashes(place, name) {
  return listed(place, `${name}.m3u8?from=0`).match(/^[0-9a-f]{64}(?=\.m4s$)/gm) ?? [];
}

function isOver(place) {
  return listed(place, "audio.m3u8").includes("#EXT-X-ENDLIST");
}

/** Bytes of a rendition, from the blobs of the machine. */
function bytesOf(place, name) {
  const blobs = path.join({ newsroom }[place].path("home"), "store", "blobs");
  const sizes = execFileSync("find", [blobs, "-type", "f", "-size", "-16k", "-printf", "%f %s\n"], { encoding: "utf8" });
  const known = new Set(hashes(place, name));
  const lines = sizes.split("\n").map((line) => line.split(" "));
  return lines.filter(([file]) => known.has(file)).reduce((sum, [, size]) => sum + Number(size), 0);
}

function listed(place, file) {
  const url = `http://127.0.0.1:${PORT}/live/${live.id}/${file}`;
  const script = `fetch(${JSON.stringify(url)}).then((answer) => answer.ok ? answer.text() : "").then(console.log)`;
  const [program, ...before] = country.at(place);
  return execFileSync(program, [...before, process.execPath, "-e", script], { encoding: "utf8" });
}

function encode() {
  const place = `http://127.0.0.1:${PORT}/live/in/${live.token}`;
  const last = ["-hls_fmp4_init_filename", "init_%v.mp4", "-hls_segment_filename", `${place}/%v/%05d.m4s`];
  const words = [...LADDER.split(" "), "-var_stream_map", STREAMS, ...last, `${place}/%v/index.m3u8`];
  encoder = newsroom.startOther("ffmpeg", "-nostdin", "-v", "error", ...words);
}

function starter(name) {
  return country.starter("viewer", process.env.CHROMIUM, newsroom.path(`chromium-${name}`));
}

/** A phone that follows the channel, with the page of the broadcast open. */
async function openApp(box, address) {
  const url = `${at(box, "street")}/`;
  // As it is where the app came by HTTPS and is kept.
  const kept = [`--unsafely-treat-insecure-origin-as-secure=${url}`];
  const phone = await Phone.open(newsroom.path(`profile-${box}`), [url], kept, starter(box));
  await phone.follows({ url }, address, "Town meeting");
  await phone.page.goto(`${url}app/#/item/${live.id}`);
  await until(() => phone.page.locator(".still .go").isVisible(), "something to play");
  return phone;
}

/** The box's own page, in a browser in which no script runs. */
async function openPage(box) {
  const args = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu"];
  const browser = await chromium.launch({ executablePath: starter(`${box}-page`), args });
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
  const page = await context.newPage();
  /** Whether so much played. Chromium's own player of playlists gives up at times; whoever watches opens the page again. */
  const plays = async (seconds) => {
    const { time, failed } = await page.evaluate(() => {
      const video = document.querySelector("video");
      video && video.paused && ((video.muted = true), void video.play().catch(() => undefined));
      return { time: video?.played.length ? video.played.end(0) - video.played.start(0) : 0, failed: !video || video.error !== null };
    });
    failed && (await page.goto(`${at(box, "street")}/item/${live.id}`));
    return time > seconds;
  };
  await page.goto(`${at(box, "street")}/item/${live.id}`);
  return { page, plays, close: () => browser.close() };
}

function isSubset(some, all) {
  const known = new Set(all);
  return some.every((one) => known.has(one));
}

/** Where the one of the two elements plays that does play, in seconds. */
function needle(page) {
  return page.evaluate(() => [...document.querySelectorAll("video, audio")].find((media) => !media.paused)?.currentTime ?? 0);
}

async function plays(page, seconds) {
  let before = 0;
  await until(async () => (before = await needle(page)) > 0, "it to begin");
  await until(async () => (await needle(page)) > before + seconds, `${seconds} seconds to play`);
}

/** How long it stood still at most, in milliseconds, while so many seconds played. */
function longestPause(page, seconds) {
  return page.evaluate(async (seconds) => {
    const needle = () => [...document.querySelectorAll("video, audio")].find((media) => !media.paused)?.currentTime ?? 0;
    let [first, last, moved, longest] = [needle(), needle(), performance.now(), 0];
    while (last < first + seconds && longest < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const now = needle();
      longest = Math.max(longest, performance.now() - moved);
      if (now > last) {
        [last, moved] = [now, performance.now()];
      }
    }
    return Math.round(longest);
  }, seconds);
}

function label(page) {
  return page.locator(".still .len").innerText().catch(() => "");
}

/** How many percent of a rendition the phone says are here. */
async function here(page, name) {
  const said = await page.getByRole("img", { name: `${name}: ` }).getAttribute("aria-label");
  return Number(said.match(/(\d+)/g).at(-1));
}

/** The hashes of what the phone keeps; what it reads it checks once more. */
async function kept(page) {
  return (await keptSegments(page, live.id)).map(({ hash }) => hash);
}

async function picture(page, name) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width, height: 1000 });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: path.join(screenshots, `${name}-360.png`) });
  await page.setViewportSize({ width, height });
}
