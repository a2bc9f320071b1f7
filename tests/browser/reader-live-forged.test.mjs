// A broadcast whose segments, or whose newest ticks, are forged at the mirror that the app came from: nothing of it plays or is kept,
// the mirror is named, and the other one's are played.

import assert from "node:assert/strict";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { Machine } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { until } from "./phone.mjs";
import { keptSegments } from "./segments.mjs";
import { TwoMirrors } from "./two-mirrors.mjs";

const TITLE = "Town meeting";
/** Six seconds of sound alone, in segments of one second. */
const SOUND =
  "-re -f lavfi -i sine=frequency=330:sample_rate=48000:duration=6 -c:a aac -b:a 24k -ac 1 -f hls -hls_time 1 -hls_list_size 8 " +
  "-hls_segment_type fmp4 -method PUT -http_persistent 1 -hls_fmp4_init_filename init.mp4";

const newsroom = new Machine();
let mirrors, liar, phone, page, address, live;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  live = newsroom.json("live", "start", "--title", TITLE, "--lang", "en");
  const { url } = await newsroom.serve();
  const place = `${url}/live/in/${live.token}/audio`;
  const words = ["-nostdin", "-v", "error", ...SOUND.split(" "), "-hls_segment_filename", `${place}/%d.m4s`, `${place}/index.m3u8`];
  const encoder = newsroom.startOther("ffmpeg", ...words);
  await new Promise((ended) => encoder.on("exit", ended));
  const listed = async () => ((await (await fetch(`${url}/live/${live.id}/audio.m3u8?from=0`)).text()).match(/m4s/g) ?? []).length;
  await until(async () => (await listed()) >= 6, "six segments");
  mirrors = await TwoMirrors.start(newsroom);
  ({ liar, phone } = mirrors);
  page = phone.page;
  await page.goto(mirrors.linkTo(address));
  await page.getByRole("button", { name: "Yes, follow" }).click();
  await phone.sees(TITLE);
});

after(() => mirrors?.stop());

test("a segment that is another one at the mirror is not played and not kept, and the other mirror's is", async () => {
  const [other] = segments(mirrors.good);
  const forged = segments(mirrors.bad).slice(1);
  // Each a segment of the same encoder, of about the same length: what a player would not notice.
  forged.forEach((file) => cpSync(path.join(mirrors.bad, other), path.join(mirrors.bad, file)));
  const { port } = mirrors.honest;
  await mirrors.honest.stop();
  await page.goto(`${liar.url}app/#/item/${live.id}`);
  await page.locator(".still .go").click();
  await page.getByRole("button", { name: "From the beginning" }).click();
  await mirrors.isNamed(page, /b\/[0-9a-f]{2}\/[0-9a-f]{64}: hash-mismatch/);
  await areTrue();
  mirrors.honest = await Mirror.start(mirrors.good, port);
  await page.goto(`${liar.url}app/#/item/${live.id}`);
  await page.locator(".still .go").click();
  await page.getByRole("button", { name: "From the beginning" }).click();
  await until(() => page.evaluate(() => document.querySelector("audio").currentTime > 4.5), "it to play past what is forged");
  await until(async () => (await keptSegments(page, live.id)).length === 7, "all of it, with what it plays behind");
  await areTrue();
});

test("ticks that are not signed are refused by name, and change nothing", async () => {
  const folder = path.join("c", readdirSync(path.join(mirrors.bad, "c"))[0], "live");
  const file = path.join(mirrors.bad, folder, readdirSync(path.join(mirrors.bad, folder))[0]);
  const bytes = readFileSync(file);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(file, bytes);
  // The sources of a new session, to whom nobody has lied yet; and nothing is known of the broadcast but that it was announced.
  await page.goto(`${liar.url}app/#/kept`);
  await phone.anew();
  page = phone.page;
  await page.goto(`${liar.url}app/#/item/${live.id}`);
  await page.locator("video").waitFor();
  await mirrors.isNamed(page, /live\/[0-9a-f]{32}: bad-signature/);
  assert.deepEqual(phone.wrong, []);
});

/** Whatever the phone keeps is what the newsroom signed. */
async function areTrue() {
  for (const { hash, bytes } of await keptSegments(page, live.id)) {
    assert.ok(Buffer.from(bytes, "base64").equals(readFileSync(path.join(mirrors.good, "b", hash.slice(0, 2), hash))), hash);
  }
}

/** The files of all segments in a tree, the shortest first: the first is what all others play behind. */
function segments(tree) {
  const files = readdirSync(path.join(tree, "b"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => path.join(entry.parentPath ?? entry.path, entry.name)).filter((file) => !file.endsWith(".o"));
  const bySize = paths.map((file) => ({ file: path.relative(tree, file), size: readFileSync(file).length })).sort((a, b) => a.size - b.size);
  return bySize.slice(1).map(({ file }) => file);
}
