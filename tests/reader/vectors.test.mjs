// Every vector of tests/vectors through the reader as WebAssembly: in Node and in Chromium, with and without vector
// instructions. The runners are those of the core's own tests, built into the module; what they give is compared here.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { Core, launch, moduleBytes, pageWithCore, root } from "./core.mjs";

const VARIANTS = ["vectors/reader", "vectors/reader-simd"];

const folder = path.join(root, "tests/vectors");
const files = readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => {
  const text = readFileSync(path.join(folder, name), "utf8");
  return { name: name.replace(".json", ""), text, cases: JSON.parse(text).cases };
});

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Compares what a file's cases gave with what they state. */
function compare(file, outcomes) {
  assert.equal(outcomes.length, file.cases.length);
  file.cases.forEach((one, index) => {
    const stated = one.expect === "accepted" ? { accepted: one.result ?? null } : { refused: one.expect };
    assert.deepEqual(outcomes[index], stated, `${file.name}: ${one.name}`);
  });
}

test("there are vectors of every kind", () => {
  assert.ok(files.length >= 15 && files.every((file) => file.cases.length > 0));
});

for (const variant of VARIANTS) {
  test(`${variant} in Node gives what every vector states`, async () => {
    const core = await Core.load(moduleBytes(variant));
    for (const file of files) {
      compare(file, file.cases.map((_, index) => core.vector(file.name, file.text, index)));
    }
  });

  test(`${variant} in Chromium gives what every vector states`, async () => {
    const page = await pageWithCore(browser, variant);
    for (const file of files) {
      const run = ({ name, text, count }) => Array.from({ length: count }, (_, at) => window.core.vector(name, text, at));
      compare(file, await page.evaluate(run, { name: file.name, text: file.text, count: file.cases.length }));
    }
    await page.close();
  });
}
