// The search while it has not learnt every post yet.
//
// A year of a newsroom is ten thousand posts. While they were learnt, every question first learnt for a twentieth of a second,
// and waited for the one before to do the same: a search took longer than what it searched.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, mock, test } from "node:test";

import { bundledModule } from "./core.mjs";

const { Reading } = await bundledModule("web/src/worker/reading.ts");
/** How many articles may be learnt before a question is answered. */
const LEARNT_FIRST_MAX = 10;
/** A look at the clock takes so long, and nothing else does. */
const TICK_MS = 0.1;

before(() => {
  const packed = readFileSync(path.join(process.env.READER, "texts.lzma"));
  mock.method(globalThis, "fetch", async () => new Response(packed));
  let now = 0;
  mock.method(performance, "now", () => (now += TICK_MS));
});
after(() => mock.restoreAll());

/** Stands for a core with so many posts, all with the same word. */
class LongChannel {
  given = 0;

  constructor(posts) {
    this.posts = posts;
  }

  unsearched(count) {
    const fresh = Array.from({ length: Math.min(count, this.posts - this.given) }, (_, place) => {
      const id = (this.given + place).toString(16).padStart(64, "0");
      return { id, words: "Токаев" };
    });
    this.given += fresh.length;
    return fresh;
  }

  found(ids, count) {
    return Array.from({ length: Math.min(count, ids.length / 32) });
  }
}

test("a question is answered from what is learnt, and does not wait for the rest", async () => {
  const channel = new LongChannel(Infinity);
  const reading = new Reading(channel, "https://news.example/app/");
  for (let asked = 1; asked <= 3; asked += 1) {
    const { items, isLearning } = await reading.search("tokayev", 1_000);
    assert.ok(isLearning);
    assert.ok(channel.given <= asked * LEARNT_FIRST_MAX, `${channel.given} posts were learnt for ${asked} questions`);
    assert.equal(items.length, channel.given, "what is learnt is found");
  }
  const { given } = channel;
  const { items, isLearning } = await reading.search("", 8);
  assert.ok(isLearning && items.length === 0);
  assert.ok(channel.given > given + 10 * LEARNT_FIRST_MAX, "who asks for nothing gives time to learn");
});

test("questions alone learn everything in the end", async () => {
  const channel = new LongChannel(95);
  const reading = new Reading(channel, "https://news.example/app/");
  let answer;
  do {
    answer = await reading.search("tokayev", 1_000);
  } while (answer.isLearning);
  assert.equal(answer.items.length, 95);
});
