// What the rules for making room let go, and what they leave.

import assert from "node:assert/strict";
import { test } from "node:test";

import { plainModule } from "./core.mjs";

const { toGo } = await plainModule("web/src/worker/rules.ts");
const DAY_MS = 86_400_000;
const kept = [1, 9, 3, 40].map((days) => ({ name: days, time: (100 - days) * DAY_MS, bytes: 10, lastWord: 100 * DAY_MS }));
const names = (rules, media = kept) => toGo(media, rules).map(({ name }) => name);

test("without rules everything stays", () => {
  assert.deepEqual(names({ days: 0, bytes: 0 }), []);
});

test("what is older than so many days goes, counted to the publisher's last word", () => {
  assert.deepEqual(names({ days: 7, bytes: 0 }), [9, 40]);
  const silent = kept.map((medium) => ({ ...medium, lastWord: null }));
  assert.deepEqual(names({ days: 7, bytes: 0 }, silent), [], "who has said nothing has said no time");
});

test("of more than so many bytes the oldest go", () => {
  assert.deepEqual(names({ days: 0, bytes: 25 }), [9, 40]);
  assert.deepEqual(names({ days: 0, bytes: 5 }), [1, 3, 9, 40]);
  const large = kept.map((medium) => ({ ...medium, bytes: medium.name === 3 ? 30 : 10 }));
  assert.deepEqual(names({ days: 0, bytes: 35 }, large), [3], "a smaller and older one still finds room");
});
