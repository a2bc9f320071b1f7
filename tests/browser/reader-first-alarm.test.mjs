// A mirror that serves a changed app from the very first visit. What is left of it that is honest has to notice: the worker's
// check names whichever file was changed, also the script that it runs in itself. What a website that replaced the check too
// could hide, the first page says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { blake3 } from "../../web/hash.mjs";
import { list, restamp } from "../../web/release.mjs";
import { Machine } from "./machine.mjs";
import { Mirror } from "./mirror.mjs";
import { Phone } from "./phone.mjs";

const CHANGED = "The website gives a changed app";

const newsroom = new Machine();
const { privateKey } = generateKeyPairSync("ed25519");
const profiles = mkdtempSync(path.join(os.tmpdir(), "longear-profiles-"));
const signed = newsroom.path("signed");
let address, visits = 0;

before(async () => {
  ({ address } = newsroom.json("channel", "new", "Sarybulaq News", "--roots", newsroom.path("roots")));
  newsroom.json("publish", "--lang", "en", "--title", "Roads are open");
  newsroom.run("site", signed);
  newsroom.run("sync", signed);
  const app = path.join(signed, "app");
  list(app).filter((name) => /\.(gz|br)$/.test(name)).forEach((name) => rmSync(path.join(app, name)));
  const hash = await blake3(path.join(process.env.READER, "reader.wasm"));
  restamp(app, { kind: "release", version: 7, privateKey, build: "0000000000000007", patienceMs: 500 }, hash);
});

after(async () => {
  newsroom.stop();
  await rm(newsroom.folder, { recursive: true, force: true });
  await rm(profiles, { recursive: true, force: true });
});

/** What a forger may leave running without a trace that readers see. */
const faults = {
  "the page's script": ["page.js", append],
  "the worker, in which the check itself runs": ["worker.js", append],
  "the script of the check": ["watch.js", append],
  "the service worker": ["service.js", append],
  "what is loaded later": ["later.js", append],
  "the words": ["words/en.json", (bytes) => Buffer.from(String(bytes).replace("by any road", "from us only"))],
  "the core": ["reader-simd.lzma", changeCore],
  "the list": ["files.txt", (bytes) => Buffer.from(String(bytes).replace("version 7", "version 9"))],
};
for (const [name, [file, change]] of Object.entries(faults)) {
  test(`at the first visit already, ${name} as nobody signed it raises the alarm and is not kept`, async () => {
    const forged = (bytes) => {
      const other = change(bytes);
      assert.ok(!other.equals(bytes), "changed");
      return other;
    };
    await visit({ [file]: forged }, async (phone) => {
      await phone.sees(CHANGED);
      await phone.sees("The page that you see may be a part of it.");
      await phone.sees(`${file}: ${file === "files.txt" ? "unsigned" : "changed"}`);
      assert.equal(await phone.page.evaluate(isRefused), true);
    });
  });
}

test("an app without a list of its makers raises the alarm", async () => {
  await visit({ "files.txt": null }, async (phone) => {
    await phone.sees(CHANGED);
    await phone.sees("files.txt: unsigned");
  });
});

test("a website that takes the check out too is not found out, and the first page says that it cannot be", async () => {
  // A development build watches nothing. The honest service worker still keeps none of it.
  const disarmed = (bytes) => Buffer.from(String(bytes).replace("longear-release release", "longear-release development"));
  await visit({ "worker.js": disarmed }, async (phone) => {
    await phone.sees("Whoever runs the website that this app came from could have changed the app itself.");
    assert.equal(await phone.page.evaluate(isRefused), true);
    assert.equal(await phone.page.getByRole("alert").count(), 0);
  });
});

/** Opens the app for the first time at a mirror whose files are changed; `null` takes one away. */
async function visit(changes, look) {
  visits += 1;
  const tree = newsroom.path(`tree-${visits}`);
  cpSync(signed, tree, { recursive: true });
  for (const [name, change] of Object.entries(changes)) {
    const file = path.join(tree, "app", name);
    change ? writeFileSync(file, change(readFileSync(file))) : rmSync(file);
  }
  const mirror = await Mirror.start(tree);
  const phone = await Phone.open(path.join(profiles, String(visits)), [mirror.url]);
  try {
    await phone.page.goto(`${mirror.url}app/`);
    await look(phone);
    assert.deepEqual(phone.wrong, []);
  } finally {
    await phone.close();
    await mirror.stop();
  }
}

function append(bytes) {
  return Buffer.concat([bytes, Buffer.from("\n;globalThis.forged=1")]);
}

/** Another core that works as before: one letter of a message that it could give. */
function changeCore(packed) {
  const core = execFileSync("xz", ["--format=lzma", "-dc"], { input: packed, maxBuffer: 1 << 26 });
  const at = core.indexOf("hash-mismatch");
  assert.ok(at > 0, "the core has that text");
  core[at + 4] = 0x2b;
  return execFileSync("xz", ["--format=lzma", "-9e", "-c"], { input: core, maxBuffer: 1 << 26 });
}

/** Nothing of it was taken for later visits. */
async function isRefused() {
  const registration = await navigator.serviceWorker.getRegistration();
  while (registration?.installing) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return !registration?.active && !registration?.waiting;
}
