// What was split by kinds of numbers and packed comes out again, and nothing that somebody else packed does more than fail.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { moduleBytes, plainModule } from "./core.mjs";

const { unpack } = await plainModule("web/src/shared/unpack.ts");
const { join } = await plainModule("web/src/shared/join.ts");
const MEBIBYTE = 2 ** 20;
const split = (name) => new Uint8Array(readFileSync(path.join(process.env.READER, `${name}.split`)));
const packed = (name) => new Uint8Array(readFileSync(path.join(process.env.READER, `${name}.lzma`)));

for (const name of ["reader", "reader-simd", "texts"]) {
  test(`${name} comes out as it was built`, () => {
    const unpacked = unpack(packed(name), 4 * MEBIBYTE);
    assert.ok(Buffer.from(unpacked).equals(split(name)));
    assert.ok(Buffer.from(join(unpacked)).equals(moduleBytes(name)));
  });
}

test("what gives more than it may is refused before it does", () => {
  const size = split("texts").length;
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
  const right = Buffer.from(split("texts"));
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

test("parts that break off are not joined, wherever they do", () => {
  const whole = split("texts");
  for (let length = 0; length < whole.length; length += 997) {
    assert.throws(() => join(whole.subarray(0, length)), /not split/, `${length} bytes`);
  }
});

test("a changed byte of the parts gives another module or none, of the same length", () => {
  const whole = split("texts");
  const right = moduleBytes("texts");
  for (let place = 0; place < whole.length; place += 1_999) {
    const changed = whole.slice();
    changed[place] ^= 1 << place % 8;
    try {
      const joined = join(changed);
      assert.ok(joined.length === right.length && !right.equals(joined), `byte ${place}`);
    } catch (error) {
      assert.match(error.message, /not split|breaks off/, `byte ${place}`);
    }
  }
});
