// A broadcast is on, and the internet is switched off because of it. What has come plays on; what is missing comes by stick,
// from neighbours, and over the internet when it is back; in the end everybody has every segment.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { Country } from "./country.mjs";
import { Machine } from "./machine.mjs";
import { until } from "./phone.mjs";

const PORT = 7777;
/** A sound and two pictures, from one input, as an encoder sends them. */
const LADDER =
  "-re -f lavfi -i testsrc2=size=640x360:rate=25 -re -f lavfi -i sine=frequency=330:sample_rate=48000 " +
  "-filter_complex [0:v]split=2[a][b];[a]scale=-2:144[low] -map [low] -map 1:a -map [b] -map 1:a -map 1:a " +
  "-c:v libx264 -preset ultrafast -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p -b:v:0 90k -b:v:1 400k -c:a aac -b:a 24k -ac 1 " +
  "-f hls -hls_time 1 -hls_list_size 8 -hls_segment_type fmp4 -hls_flags independent_segments -method PUT -http_persistent 1";
const STREAMS = "v:0,a:0,name:144p v:1,a:1,name:360p a:2,name:audio";

const screenshots = path.join(path.dirname(process.env.LONGEAR), "..", "screenshots");
let country, newsroom, mirror, east, west, browsers, live, encoder;

before(async () => {
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
  live = newsroom.json("live", "start", "--title", "Town meeting", "--lang", "en");
  await newsroom.serve(`0.0.0.0:${PORT}`);
  const at = (place, network) => `http://${country.address(place, network)}:${PORT}`;
  mirror.json("follow", address);
  await mirror.serve(`0.0.0.0:${PORT}`, "--sync", at("newsroom", "internet"));
  encode();
  // Whoever is told of a broadcast follows it every second; being told takes a round of a minute.
  await until(() => listed("mirror", "index.m3u8") !== "", "the mirror to have something of it");
  for (const [box, neighbour] of [[east, "west"], [west, "east"]]) {
    box.json("follow", address);
    await box.serve(`0.0.0.0:${PORT}`, "--sync", at("mirror", "internet"), "--sync", at(neighbour, "street"));
  }
  browsers = await Promise.all(["east", "west"].map((box) => watch(box)));
});

after(async () => {
  await Promise.all((browsers ?? []).map(({ browser }) => browser.close()));
  const machines = [newsroom, mirror, east, west].filter(Boolean);
  machines.forEach((machine) => machine.stop());
  country?.remove();
  await Promise.all(machines.map(({ folder }) => rm(folder, { recursive: true, force: true })));
});

test("viewers of two boxes watch it as it runs", async () => {
  for (const { page } of browsers) {
    await until(async () => (await playing(page)) > 3, "three seconds to play");
    assert.equal(await page.locator(".live").innerText(), "LIVE");
  }
  await browsers[0].page.screenshot({ path: path.join(screenshots, "live-1-before-360.png"), fullPage: true });
});

test("the internet is cut: what has come plays on, and the page says since when there is no word", async () => {
  const [{ page }] = browsers;
  for (const place of ["newsroom", "mirror"]) {
    country.cut(place, "internet");
  }
  const before = await playing(page);
  await until(async () => (await playing(page)) > before + 1, "it to play on");
  await until(async () => {
    await page.reload();
    return page.getByText("Connection to the publisher lost").isVisible();
  }, "the page to say so");
  assert.equal(await page.locator(".live.off").innerText(), "Waiting");
  assert.ok(await page.getByText("Waiting, not lost.").isVisible());
  await page.screenshot({ path: path.join(screenshots, "live-2-cut-360.png"), fullPage: true });
  assert.ok(segments("newsroom").length > segments("east").length + 60, "the newsroom goes on recording");
});

test("a stick fills the hole in one box, and its neighbour gets it from there", async () => {
  const stick = newsroom.path("stick");
  newsroom.run("stick", "write", stick);
  // The newest seconds were still coming in while the stick was written.
  west.runPartly("stick", "read", stick);
  const brought = segments("west");
  assert.ok(brought.length > segments("mirror").length + 60, "the west has what was missed");
  await until(() => isSubset(brought, segments("east")), "all of it in the east");
  const [{ page }] = browsers;
  await page.goto(`${page.url().split("?")[0]}?play=past`);
  await page.evaluate(() => void document.querySelector("video").play());
  await until(async () => (await playing(page)) > 1, "what was missed to play");
});

test("the internet is back: it is live again, and in the end everybody has every segment", async () => {
  for (const place of ["newsroom", "mirror"]) {
    country.mend(place, "internet");
  }
  for (const { page, url } of browsers) {
    await until(async () => {
      await page.goto(url);
      return (await page.locator(".live").innerText()) === "LIVE";
    }, "live to be live again");
  }
  encoder.kill("SIGINT");
  await new Promise((ended) => encoder.on("exit", ended));
  newsroom.json("live", "stop");
  await until(() => listed("newsroom", "audio.m3u8").includes("#EXT-X-ENDLIST"), "the end of the broadcast");
  const all = segments("newsroom");
  assert.ok(all.length > 3 * 40, `${all.length} segments`);
  for (const place of ["mirror", "east", "west"]) {
    await until(() => listed(place, "audio.m3u8").includes("#EXT-X-ENDLIST"), "the end to be known");
    await until(() => isSubset(all, segments(place)), `every segment in ${place}`);
    assert.deepEqual(segments(place), all);
  }
  const [{ page, url }] = browsers;
  await page.goto(url);
  await until(() => page.getByText("Recording").isVisible(), "the recording");
  await page.evaluate(() => void document.querySelector("video").play());
  const middle = await page.evaluate(() => document.querySelector("video").duration / 2);
  await page.evaluate((time) => void (document.querySelector("video").currentTime = time), middle);
  await until(async () => (await playing(page)) > middle + 1, "the middle of the recording, which was missed, to play");
  await page.screenshot({ path: path.join(screenshots, "live-3-after-360.png"), fullPage: true });
});

/** The segments of every rendition that are here, by their hashes, as the box lists them to any player. */
function segments(place) {
  return ["audio", "144p", "360p"].flatMap((name) => listed(place, `${name}.m3u8?from=0`).match(/^[0-9a-f]{64}(?=\.m4s$)/gm) ?? []);
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

async function watch(box) {
  const starter = country.starter("viewer", process.env.CHROMIUM, newsroom.path(`chromium-${box}`));
  const browser = await chromium.launch({
    executablePath: starter,
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu"],
  });
  const page = await browser.newPage({ locale: "en-GB", viewport: { width: 360, height: 740 } });
  const url = `http://${country.address(box, "street")}:${PORT}/item/${live.id}`;
  await until(async () => {
    await page.goto(url).catch(() => undefined);
    return (await page.locator("video").count()) > 0;
  }, "something to play");
  await page.evaluate(() => {
    const video = document.querySelector("video");
    video.muted = true;
    return video.play();
  });
  return { browser, page, url };
}

function isSubset(some, all) {
  const known = new Set(all);
  return some.every((one) => known.has(one));
}

function playing(page) {
  return page.evaluate(() => document.querySelector("video")?.currentTime ?? 0);
}
