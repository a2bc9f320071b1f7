// P13: how long after the end of a segment it plays on another box's viewer, in our player and in hls.js beside it.
//
// `cargo xtask bench latency` runs it: two real boxes on loopback, the second one following the first, and an encoder that sends
// segments of one second in real time. A segment's end is what the newsroom's clock showed then, as the playlist tells it
// (EXT-X-PROGRAM-DATE-TIME); the viewer's clock is the same machine's.

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

import { Machine } from "../../tests/browser/machine.mjs";

/** Viewers that come one after the other: who has begun keeps its distance, so that each counts once. */
const VIEWERS = 20;
const SEGMENT_MS = 1000;
/** After this, a player has caught up if it ever does. */
const SETTLING_MS = 6_000;
const PATIENCE_MS = 120_000;
const TITLE = "Evening news";
const ENCODER =
  "-re -f lavfi -i testsrc2=size=640x360:rate=25 -re -f lavfi -i sine=frequency=330:sample_rate=48000 -map 0:v -map 1:a " +
  "-c:v libx264 -preset ultrafast -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p -b:v 400k -c:a aac -b:a 24k -ac 1 " +
  "-f hls -hls_time 1 -hls_list_size 8 -hls_segment_type fmp4 -hls_flags independent_segments -method PUT -http_persistent 1 " +
  "-hls_fmp4_init_filename init.mp4";

const require = createRequire(new URL("../../tests/browser/package.json", import.meta.url));
const { chromium } = require("playwright-core");

/** One of the players, or both. */
const chosen = process.argv[2];
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function until(look, what) {
  for (const since = performance.now(); performance.now() - since < PATIENCE_MS; await sleep(200)) {
    const found = await look();
    if (found) {
      return found;
    }
  }
  throw new Error(`${what} did not come`);
}

/** A newsroom that is on the air, and a box that follows it. */
async function begin() {
  const [newsroom, box] = [new Machine(), new Machine()];
  const { address } = newsroom.json("channel", "new", "Newsroom", "--roots", newsroom.path("roots"));
  const live = newsroom.json("live", "start", "--title", TITLE, "--lang", "en");
  const { url } = await newsroom.serve();
  const place = `${url}/live/in/${live.token}/360p`;
  newsroom.startOther("ffmpeg", "-nostdin", "-v", "error", ...ENCODER.split(" "), "-hls_segment_filename", `${place}/%06d.m4s`, `${place}/index.m3u8`);
  const list = `/live/${live.id}/360p.m3u8`;
  await until(() => read(url + list), "the broadcast");
  box.json("follow", address);
  const viewed = await box.serve("127.0.0.1:0", "--sync", url);
  const playlist = await until(() => read(viewed.url + list), "the broadcast at the second box");
  return { machines: [newsroom, box], address, live, url: viewed.url, list, zeroMs: zero(await read(`${viewed.url}${list}?from=0`) || playlist) };
}

async function read(url) {
  const answer = await fetch(url);
  return answer.ok ? answer.text() : "";
}

/** When the broadcast began, by the newsroom's clock. */
function zero(playlist) {
  return Date.parse(playlist.match(/^#EXT-X-PROGRAM-DATE-TIME:(.+)$/m)[1]);
}

/** hls.js as it comes, on a page of its own. */
async function hlsJs(page, { url, list }) {
  await page.setContent("<video muted playsinline width=640></video>");
  await page.addScriptTag({ path: require.resolve("hls.js") });
  await page.evaluate((source) => {
    const video = document.querySelector("video");
    const hls = new window.Hls();
    window.playingMs = () => hls.playingDate?.getTime();
    hls.loadSource(source);
    hls.attachMedia(video);
    hls.on(window.Hls.Events.MANIFEST_PARSED, () => video.play());
  }, url + list);
}

/** Our player, on the page of the broadcast in the app. */
async function own(page, { url, address, live, zeroMs }) {
  await page.goto(`${url}/app/#${address}`);
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await page.getByText(TITLE).first().waitFor({ timeout: PATIENCE_MS });
  await page.goto(`${url}/app/#/item/${live.id}`);
  await page.locator(".still .go").click();
  await page.evaluate((zeroMs) => {
    const video = document.querySelector("video");
    video.muted = true;
    // Its time counts from the beginning of the broadcast.
    window.playingMs = () => zeroMs + video.currentTime * 1000;
  }, zeroMs);
}

/** From the end of a segment to its first picture, in milliseconds. */
async function delay(page, zeroMs) {
  await until(() => page.evaluate(() => document.querySelector("video").currentTime > 0), "the picture");
  await sleep(SETTLING_MS);
  return page.evaluate(
    ({ segmentMs, zeroMs }) =>
      new Promise((done) => {
        let last;
        const look = () => {
          const at = window.playingMs();
          const segment = Math.floor((at - zeroMs) / segmentMs);
          if (last !== undefined && segment !== last) {
            done(Date.now() - at - segmentMs);
            return;
          }
          last = Number.isNaN(segment) ? last : segment;
          requestAnimationFrame(look);
        };
        look();
      }),
    { segmentMs: SEGMENT_MS, zeroMs },
  );
}

async function measure(browser, scene, subject) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 640, height: 740 } });
  try {
    const page = await context.newPage();
    await subject(page, scene);
    return await delay(page, scene.zeroMs);
  } finally {
    await context.close();
  }
}

function report(name, values, peer) {
  const spread = `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`;
  const ratio = peer ? (median(values) / median(peer)).toFixed(3) : "NaN";
  console.log(`${name} ratio=${ratio} ours=${median(values).toFixed(0)} peer=${peer ? median(peer).toFixed(0) : "NaN"} unit=ms viewers=${values.length} (${spread})`);
}

console.log("\np13: latency");
const scene = await begin();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
});
try {
  const subjects = Object.entries({ "hls.js": hlsJs, own }).filter(([name]) => chosen === undefined || chosen === name);
  const found = Object.fromEntries(subjects.map(([name]) => [name, []]));
  for (let viewer = 0; viewer < VIEWERS; viewer++) {
    for (const [name, subject] of subjects) {
      found[name].push(await measure(browser, scene, subject));
    }
  }
  for (const [name] of subjects) {
    report(`latency-${name}`, found[name], name === "own" ? found["hls.js"] : undefined);
  }
} finally {
  await browser.close();
  scene.machines.forEach((machine) => machine.stop());
}
