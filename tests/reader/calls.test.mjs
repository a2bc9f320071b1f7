// The calls across the border: what JavaScript hands over arrives, and nothing that comes over a network stops the core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { Core, CoreError, Texts, moduleBytes, root } from "./core.mjs";

const vectors = (name) => JSON.parse(readFileSync(path.join(root, `tests/vectors/${name}.json`), "utf8"));
const { charters, cases } = vectors("charter");
const first = Buffer.from(charters.first, "hex");
const { channel } = cases.find((one) => one.name === "first").result;
const code = (wanted) => (error) => error instanceof CoreError && error.code === wanted;

for (const variant of ["reader", "reader-simd"]) {
  const load = () => Core.load(moduleBytes(variant));

  test(`${variant} reads an address and hashes`, async () => {
    const core = await load();
    const vector = vectors("address").cases[0];
    assert.deepEqual(core.address(vector.text), vector.result);
    assert.throws(() => core.address("longear:abc"), code("truncated"));
    assert.equal(core.hash(new Uint8Array(0)).slice(0, 16), "af1349b9f5f9a1a6");
    assert.throws(() => core.verify(new Uint8Array(31), new Uint8Array(64), new Uint8Array(0)), code("truncated"));
  });

  test(`${variant} takes a charter, and gives back what to keep`, async () => {
    const core = await load();
    core.open(channel);
    const charter = `c/${channel}/charter/1`;
    assert.deepEqual(core.take(channel, charter, first), { news: 1, kept: true, refused: [], released: [], waiting: 0 });
    assert.deepEqual(Buffer.from(core.keep(channel, charter)), first);
    assert.equal(core.channel(channel).charter, 1);
    assert.equal(core.take(channel, charter, first).kept, false, "it is here already");
    assert.throws(() => core.keep(channel, charter), code("not-held"));
    assert.equal(core.take(channel, charter, first.subarray(1)).refused[0].code, "bad-magic");
    assert.deepEqual(core.feed("", null, 10), { items: [], cursor: null });
    core.close(channel);
    assert.throws(() => core.channel(channel), code("not-open"));
  });

  test(`${variant} grows its memory while it is handed large things`, async () => {
    const core = await load();
    core.open(channel);
    for (const mebibytes of [1, 8, 64]) {
      const taken = core.take(channel, `c/${channel}/head`, new Uint8Array(mebibytes << 20));
      assert.equal(taken.refused[0].code, "too-long");
    }
    assert.equal(core.hash(new Uint8Array(64 << 20)).length, 64);
  });
}

test("texts makes safe HTML and finds words in other spellings", async () => {
  const texts = await Texts.load(moduleBytes("texts"));
  assert.equal(texts.html("**Нан** <script>", "Table"), "<p><strong>Нан</strong> &lt;script&gt;</p>");
  const [first, second] = ["01", "02"].map((byte) => byte.repeat(32));
  const found = (query) => Buffer.from(texts.search(query)).toString("hex");
  texts.learn(first, "Тоқаевтың сөзі");
  texts.learn(second, "Токаев и хлеб");
  assert.equal(found("Tokayev"), first + second);
  assert.equal(found("хлеб"), second);
  assert.equal(found("нан"), "");
  assert.throws(() => texts.learn("01", "сөз"), code("bad-value"));
});
