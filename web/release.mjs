// Signs the app's files: makes the list of docs/spec/app.md. With `restamp` the tests make versions of their own.

import { createPublicKey, sign } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const LIST = "files.txt";
const LABEL = "longear 1 app-files\0";
const PACKED = /\.(gz|br)$/;
/** The scripts that know of which release they are. */
const STAMPED = ["later.js", "worker.js", "watch.js", "service.js"];
const STAMP = /longear-release (?:development|release) \d+ [0-9a-f]{64} [0-9a-f-]+ \d+/;
/** How long a website may take to put a new version in place of the old one, before it is called a forger. */
const PATIENCE_MS = 10_000;

/** What the scripts of a release are built with; the name of a build is known only when all but one of them stand. */
export function stamp({ kind, version, privateKey, build = "-", patienceMs = PATIENCE_MS }) {
  const key = createPublicKey(privateKey).export({ format: "jwk" }).x;
  return `longear-release ${kind} ${version} ${Buffer.from(key, "base64url").toString("hex")} ${build} ${patienceMs}`;
}

/** Writes the list of all files of a folder that are not packed copies; `hash` is BLAKE3, as hexadecimal. */
export function signFolder(folder, { version, privateKey }, hash) {
  const paths = list(folder).filter((name) => name !== LIST && !PACKED.test(name));
  const lines = paths.map((name) => {
    const bytes = readFileSync(path.join(folder, name));
    return `${name} ${bytes.length} ${hash(bytes)}\n`;
  });
  const body = `longear app files 1\nversion ${version}\n${lines.join("")}`;
  const message = Buffer.concat([Buffer.from(LABEL), Buffer.from(hash(Buffer.from(body)), "hex")]);
  const signature = sign(null, message, privateKey).toString("hex");
  writeFileSync(path.join(folder, LIST), `${body}signature ${signature}\n`);
}

/** Makes another release of a built app, in place. */
export function restamp(folder, release, hash) {
  for (const name of STAMPED) {
    const file = path.join(folder, name);
    const build = name === "service.js" ? release.build : "-";
    writeFileSync(file, readFileSync(file, "utf8").replace(STAMP, stamp({ ...release, build })));
  }
  signFolder(folder, release, hash);
}

/** Every file below a folder, in the order of the list. */
export function list(folder, below = "") {
  return readdirSync(path.join(folder, below))
    .flatMap((name) => {
      const inner = path.posix.join(below, name);
      return statSync(path.join(folder, inner)).isDirectory() ? list(folder, inner) : [inner];
    })
    .sort();
}
