// BLAKE3 by the core, as the app itself computes it.

import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { transform } from "esbuild";

const CORE = path.join(path.dirname(fileURLToPath(import.meta.url)), "src/shared/core.ts");

/** A function from bytes to their hash in hexadecimal; `module` is the file of a built core. */
export async function blake3(module) {
  const { code } = await transform(readFileSync(CORE, "utf8"), { loader: "ts", format: "esm" });
  const { Core } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
  const core = await Core.load(readFileSync(module));
  return (bytes) => core.hash(bytes);
}
