// The module for rooms by itself: it starts, says what is wrong by its code, and takes nothing that does not fit.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bundledModule, moduleBytes } from "./core.mjs";

const { Rooms } = await bundledModule("web/src/shared/rooms.ts");
const rooms = await Rooms.load(moduleBytes("rooms"));
const CHANNEL = "11".repeat(32);
const ROOM = "22".repeat(32);
const code = (call) => {
  try {
    return call();
  } catch (error) {
    return error.code;
  }
};

test("a channel without rooms has none, and what is cut off is refused", () => {
  assert.deepEqual(rooms.record(CHANNEL, new Uint8Array(24), null), []);
  assert.equal(code(() => rooms.record(CHANNEL, new Uint8Array(23), null)), "truncated");
  assert.equal(code(() => rooms.record(CHANNEL, new Uint8Array(27), null)), "truncated");
  assert.equal(code(() => rooms.record("nothing", new Uint8Array(24), null)), "bad-value");
});

test("a room that is not known is not held, whatever is asked of it", () => {
  const asked = [
    () => rooms.page(ROOM, "", "en", 0, 10),
    () => rooms.take(ROOM, new Uint8Array(50), 0, 10, false),
    () => rooms.say(ROOM, "", "hello"),
    () => rooms.changed(ROOM, 1),
    () => rooms.lacking(ROOM),
  ];
  assert.deepEqual(asked.map(code), asked.map(() => "not-held"));
  assert.equal(code(() => rooms.page("x", "", "en", 0, 10)), "bad-value");
});
