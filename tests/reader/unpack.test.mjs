// What xz packs comes out again, and nothing that was packed by somebody else does more than fail.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { moduleBytes, plainModule } from "./core.mjs";

const { unpack } = await plainModule("web/src/shared/unpack.ts");
const MEBIBYTE = 2 ** 20;
const packed = (name) => new Uint8Array(readFileSync(path.join(process.env.READER, `${name}.lzma`)));

for (const name of ["reader", "reader-simd", "texts"]) {
  test(`${name} comes out as it was built`, () => {
    assert.ok(Buffer.from(unpack(packed(name), 4 * MEBIBYTE)).equals(moduleBytes(name)));
  });
}

test("what gives more than it may is refused before it does", () => {
  const size = moduleBytes("texts").length;
  assert.equal(unpack(packed("texts"), size).length, size);
  assert.throws(() => unpack(packed("texts"), size - 1), /too long/);
});

test("what breaks off is refused, wherever it does", () => {
  const whole = packed("texts");
  for (let length = 0; length < whole.length; length += 997) {
    assert.throws(() => unpack(whole.subarray(0, length), MEBIBYTE), /not packed|breaks off/);
  }
});

test("a changed byte gives other bytes or none, within the bound", () => {
  const whole = packed("texts");
  const right = moduleBytes("texts");
  for (let place = 0; place < whole.length; place += 1_999) {
    const changed = whole.slice();
    changed[place] ^= 1 << place % 8;
    try {
      const given = unpack(changed, MEBIBYTE);
      assert.ok(given.length <= MEBIBYTE && !right.equals(given), `byte ${place}`);
    } catch (error) {
      assert.match(error.message, /not packed|breaks off|too long|refers to what never was/, `byte ${place}`);
    }
  }
});
