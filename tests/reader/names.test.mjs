// The name under which the app shows and saves a file is the one that the core would give it: both read the same table.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { plainModule, root } from "./core.mjs";

const { plainName } = await plainModule("web/src/page/plain-name.ts");

test("names keep their script and lose the danger, as in the core", () => {
  for (const [name, expected] of JSON.parse(readFileSync(path.join(root, "tests/names/plain.json"), "utf8"))) {
    assert.equal(plainName(name), expected);
  }
});
