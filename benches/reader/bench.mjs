// P14: the reader as WebAssembly, in Node and in Chromium, beside @noble/hashes, hash-wasm and @noble/curves.
//
// `cargo xtask bench reader` runs it. The lines are those of the other benchmarks.

import { createRequire } from "node:module";
import path from "node:path";

import { Core, launch, moduleBytes, pageWithCore, root } from "../../tests/reader/core.mjs";

const TARGETS = { blake3: { "reader-simd": 200 }, verify: { "reader-simd": 1000, reader: 1000 } };
const UNITS = { blake3: "MB/s", verify: "checks/s" };
const turns = Number(process.argv[2] ?? 5);

const require = createRequire(new URL("../../tests/browser/package.json", import.meta.url));
const { buildSync } = require("esbuild");

/** `measure` with all libraries in one file. */
function bundled(format) {
  const built = buildSync({
    stdin: { contents: 'export { measure } from "./measure.mjs";', resolveDir: path.join(root, "benches/reader") },
    nodePaths: [path.join(root, "tests/browser/node_modules")],
    bundle: true,
    write: false,
    format,
    globalName: "bench",
    target: "es2022",
  });
  return built.outputFiles[0].text;
}

async function inNode() {
  const { measure } = await import(`data:text/javascript,${encodeURIComponent(bundled("esm"))}`);
  const cores = {};
  for (const name of ["reader", "reader-simd"]) {
    cores[name] = await Core.load(moduleBytes(name));
  }
  return measure(cores, turns);
}

async function inChromium() {
  const browser = await launch();
  try {
    const page = await pageWithCore(browser, "reader");
    await page.addScriptTag({ content: bundled("iife") });
    const simd = moduleBytes("reader-simd").toString("base64");
    return await page.evaluate(async ({ simd, turns }) => {
      const bytes = Uint8Array.from(atob(simd), (letter) => letter.charCodeAt(0));
      const cores = { reader: window.core, "reader-simd": await window.Core.load(bytes) };
      return window.bench.measure(cores, turns);
    }, { simd, turns });
  } finally {
    await browser.close();
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function report(where, speeds) {
  for (const [what, sides] of Object.entries(speeds)) {
    const peers = Object.keys(sides).filter((side) => !side.startsWith("reader"));
    for (const ours of Object.keys(sides).filter((side) => side.startsWith("reader"))) {
      for (const peer of peers) {
        const [speed, theirs] = [median(sides[ours]), median(sides[peer])];
        const ratio = (speed / theirs).toFixed(3);
        console.log(`${where}-${ours}-${what}/${peer} ratio=${ratio} ours=${speed.toFixed(3)} peer=${theirs.toFixed(3)} unit=${UNITS[what]}`);
      }
      const least = TARGETS[what][ours];
      if (least !== undefined) {
        const verdict = median(sides[ours]) >= least ? "reached" : "not reached";
        console.log(`  target: at least ${least} ${UNITS[what]}: ${verdict}`);
      }
    }
  }
}

console.log("\np14: reader");
report("node", await inNode());
report("chromium", await inChromium());
