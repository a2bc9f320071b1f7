// The core as the app loads it, for Node and for a page: `web/src/shared/core.ts` without its types.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

// The packages of the browser tests are these tests' too.
const require = createRequire(new URL("../browser/package.json", import.meta.url));
const { buildSync, transformSync } = require("esbuild");
export const { chromium } = require("playwright-core");

export const root = fileURLToPath(new URL("../..", import.meta.url));
const plain = (file) => transformSync(readFileSync(path.join(root, file), "utf8"), { loader: "ts", target: "es2022" }).code;
const load = (source) => import(`data:text/javascript,${encodeURIComponent(source)}`);
/** The core as a module of plain JavaScript. */
export const coreSource = plain("web/src/shared/core.ts");

export const { Core, CoreError, Texts } = await load(coreSource);

/** Loads a file of the app that imports nothing. */
export const plainModule = (file) => load(plain(file));

/** Loads a file of the app with all that it imports. */
export function bundledModule(file) {
  const built = buildSync({ entryPoints: [path.join(root, file)], bundle: true, write: false, format: "esm", target: "es2022" });
  return load(built.outputFiles[0].text);
}

/** The bytes of a built module: `reader` or `reader-simd`, or the same in `vectors/`. */
export function moduleBytes(name) {
  return readFileSync(path.join(process.env.READER, `${name}.wasm`));
}

/** Opens a page that has `Core` and a started core of this module as `core`. */
export async function pageWithCore(browser, name) {
  const page = await browser.newPage();
  await page.addScriptTag({ type: "module", content: `${coreSource}\nwindow.Core = Core;` });
  await page.waitForFunction("window.Core !== undefined");
  await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    window.core = await window.Core.load(bytes);
  }, moduleBytes(name).toString("base64"));
  return page;
}

export function launch() {
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  const more = ["--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: [...quiet, ...more] });
}
