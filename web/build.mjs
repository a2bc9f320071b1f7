// Builds the app: node build.mjs OUT WASM [KEY]. Nothing is fetched; OUT is made anew. KEY is a file in PEM with the Ed25519
// key that signs a release; without one the build is a development build, whose key is thrown away.
//
// Ends with one line: the bytes that a first visit loads, packed with gzip.

import { createHash, createPrivateKey, generateKeyPairSync } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";
import { minify } from "terser";

import { checkCatalogues } from "./catalogues.mjs";
import { blake3 } from "./hash.mjs";
import { list, signFolder, stamp } from "./release.mjs";

const [out, wasm, keyFile] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const style = path.join(here, "../crates/longear-pages/style");
const source = (name) => path.join(here, "src", name);

/** One of each is loaded, whichever fits the browser and its reader. */
const MODULES = /^reader(-simd)?\.lzma$/;
/**
 * What no first look needs. The service worker and the list that it checks by come behind the first look as well, and bring all of
 * it for when there is no network.
 */
const LATER = /^(service\.js|files\.txt|(texts|live|rooms)\.lzma|(later|handing|beside|database|journals|room|rooms|watch|broadcasts|codes|kazakh)\.js|later\.css|words\/.*-later\.json)$/;
/** Scripts that are modules of the language, and know no names but those they import. */
const ESM = /^(page|chunk|later|codes|kazakh)\.js$/;
const LANGUAGES = /^words\/.*\.json$/;

const release = {
  kind: keyFile ? "release" : "development",
  version: Number(readFileSync(path.join(here, "version.txt"), "utf8")),
  privateKey: keyFile ? createPrivateKey(readFileSync(keyFile)) : generateKeyPairSync("ed25519").privateKey,
};

checkCatalogues(path.join(here, "words"));
rmSync(out, { recursive: true, force: true });
mkdirSync(path.join(out, "words"), { recursive: true });

const common = { bundle: true, minify: true, target: "es2022", format: "iife", legalComments: "none", logLevel: "warning" };
const stamped = (release) => ({ RELEASE: JSON.stringify(stamp(release)) });
// What the page loads later are modules beside it; what it shares with them is `chunk.js`, which the page tells the browser of.
await build({
  ...common,
  define: stamped(release),
  entryPoints: { page: source("page/main.tsx") },
  outdir: out,
  format: "esm",
  splitting: true,
  chunkNames: "[name]",
  jsx: "automatic",
  jsxImportSource: "preact",
});
await build({ ...common, define: stamped(release), entryPoints: { worker: source("worker/main.ts") }, outdir: out });
// The worker loads each of them at the first need (`worker/scripts.ts`).
for (const name of ["handing", "beside", "database", "journals", "room", "rooms", "watch", "broadcasts"]) {
  await build({ ...common, define: stamped(release), entryPoints: { [name]: source(`worker/${name}.ts`) }, globalName: name, outdir: out });
}
for (const [name, parts] of [["style.css", ["tokens", "reader", "parts", "app"]], ["later.css", ["later", "live", "rooms"]]]) {
  const contents = parts.map((part) => `@import "./${part}.css";`).join("\n");
  await build({ stdin: { contents, resolveDir: style, loader: "css" }, bundle: true, minify: true, outfile: path.join(out, name) });
}
for (const name of list(out).filter((name) => name.endsWith(".js"))) {
  await shrink(name);
}
for (const name of readdirSync(path.join(here, "static"))) {
  cpSync(path.join(here, "static", name), path.join(out, name));
}
const manifest = path.join(out, "manifest.webmanifest");
writeFileSync(manifest, JSON.stringify(JSON.parse(readFileSync(manifest, "utf8"))));
cpSync(path.join(style, "icon.svg"), path.join(out, "icon.svg"));
const isFirst = firstWords(["page.js", "chunk.js"].map((name) => readFileSync(path.join(out, name), "utf8")).join("\n"));
for (const name of readdirSync(path.join(here, "words"))) {
  const words = Object.entries(JSON.parse(readFileSync(path.join(here, "words", name), "utf8")));
  const write = (name, some) => writeFileSync(path.join(out, "words", name), JSON.stringify(Object.fromEntries(some)));
  write(name, words.filter(([key]) => isFirst(key)));
  write(name.replace(".json", "-later.json"), words.filter(([key]) => !isFirst(key)));
}
for (const name of ["reader.lzma", "reader-simd.lzma", "texts.lzma", "live.lzma", "rooms.lzma"]) {
  if (!existsSync(path.join(wasm, name))) {
    throw new Error(`${path.join(wasm, name)} is missing: cargo xtask wasm makes it`);
  }
  cpSync(path.join(wasm, name), path.join(out, name));
}

const hashes = list(out).map((name) => `${name} ${sha256(readFileSync(path.join(out, name)))}`);
await build({
  ...common,
  entryPoints: { service: source("service/main.ts") },
  outdir: out,
  define: stamped({ ...release, build: sha256(hashes.join("\n")).slice(0, 16) }),
});
await shrink("service.js");
signFolder(out, release, await blake3(path.join(wasm, "reader.wasm")));

const packed = new Map(list(out).map((name) => [name, pack(name)]));
const first = weigh([MODULES, LANGUAGES], LATER);
for (const name of [...packed.keys()].filter((name) => LATER.test(name))) {
  console.error(`          ${packed.get(name)} bytes more at the first need: ${name}`);
}
console.error(`          with all languages and all that is loaded later, kept for when there is no network, ${weigh([MODULES], /^$/)} bytes`);
console.log(first);

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Says the same in fewer letters: what the bundler leaves is 2 to 4 % more, after gzip. */
async function shrink(name) {
  const file = path.join(out, name);
  const options = { module: ESM.test(name), ecma: 2020, compress: { passes: 3 } };
  const { code } = await minify(readFileSync(file, "utf8"), options);
  writeFileSync(file, code);
}

/** Which words a script says: those whose keys stand in it, whole or as the beginning of one that is put together. */
function firstWords(script) {
  const beginnings = [...script.matchAll(/`(\w+_)\$\{/g)].map(([, beginning]) => beginning);
  const said = new Set([...script.matchAll(/(["'`])(\w+)\1/g)].map(([, , key]) => key));
  return (key) => said.has(key) || beginnings.some((beginning) => key.startsWith(beginning));
}

/** Puts packed copies beside a file, and tells the size of the one that every server can make. */
function pack(name) {
  const bytes = readFileSync(path.join(out, name));
  const gzip = gzipSync(bytes, { level: 9 });
  writeFileSync(path.join(out, `${name}.gz`), gzip);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(path.join(out, `${name}.br`), brotliCompressSync(bytes, { params: quality }));
  // What is packed already grows by it, and then servers that look do not send the copy.
  return Math.min(gzip.length, bytes.length);
}

/** Bytes of all files but those `without`, packed; of each kind of `alternatives` the largest. */
function weigh(alternatives, without) {
  const names = [...packed.keys()].filter((name) => !without.test(name));
  const always = names.filter((name) => !alternatives.some((kind) => kind.test(name)));
  const largest = alternatives.map((kind) => Math.max(...names.filter((name) => kind.test(name)).map((name) => packed.get(name))));
  return always.reduce((sum, name) => sum + packed.get(name), 0) + largest.reduce((sum, size) => sum + size, 0);
}
