// Draws a channel's mark from its ID. It helps recognition and proves nothing: the full ID decides.
// The same strokes as in crates/longear-pages/src/tamga.rs; they are nobody's clan, faith or state.

const HEADS = [
  "M6 3a6 6 0 0 0 12 0",
  "M6 9a6 6 0 0 1 12 0",
  "M7 4l5 5 5-5",
  "M6 5h12M12 5v4",
  "M12 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  "M12 9V4h6",
  "M5 4v1.5a3.5 3.5 0 0 0 7 0 3.5 3.5 0 0 0 7 0V4M12 5.5V9",
  "M12 9l4-3-4-3-4 3z",
];
const FEET = [
  "M6 21a6 6 0 0 1 12 0M12 15v-1",
  "M6 15a6 6 0 0 0 12 0M12 15v6",
  "M7 21l5-5 5 5",
  "M6 20h12M12 20v-5",
  "M12 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  "M8 21v-5h8v5",
  "M12 15v2.5a3.5 3.5 0 0 0 7 0",
  "M12 15l4 3-4 3-4-3z",
];
const STEMS = [
  "M12 9v6",
  "M12 9v6M7 12h10",
  "M12 9v6M12 12h5",
  "M9.5 12a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M12 9v.5M12 14.5v.5",
];
const DOTS = ["", "M4 12h.01", "M20.5 12h.01", "M3.5 12h.01M20.5 12h.01"];

/** Path data in a 24 × 24 box, from the first four bytes of the channel ID in hexadecimal. */
export function tamga(channel: string): string {
  const pick = (set: string[], index: number) => set[parseInt(channel.slice(index * 2, index * 2 + 2), 16) % set.length];
  return [pick(HEADS, 0), pick(STEMS, 1), pick(FEET, 2), pick(DOTS, 3)].join("");
}
