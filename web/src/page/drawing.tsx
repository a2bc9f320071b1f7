// Icons, marks and lines. All are hidden from those who listen, where the words beside them say the same.

import type { Holding } from "../shared/protocol";
import type { Words } from "./words";

const CIRCLE = "M18 10a8 8 0 1 1-16 0 8 8 0 0 1 16 0z";

const ICONS = {
  news: "M2.5 4h10v13h-9a1 1 0 0 1-1-1zM12.5 8H17v7.5a1.5 1.5 0 0 1-3 0M5 7.5h5M5 10.5h5M5 13.5h3",
  search: "M14.5 8.5a6 6 0 1 1-12 0 6 6 0 0 1 12 0zM13 13l4.5 4.5",
  channels: "M6.5 9.5a5 5 0 0 1 7 0M3.5 6.5a9.2 9.2 0 0 1 13 0M10 13v5M7 18h6M10 13h.01",
  kept: "M3 8h14v9H3zM2 3.5h16V8H2zM8 11.5h4",
  leave: "M8 3H3.5v14H8M8.5 10H17M13.5 6l4 4-4 4",
  checked: `${CIRCLE}M6.5 10.3l2.4 2.4 4.8-5.2`,
  struck: `${CIRCLE}M4.5 15.5l11-11`,
  again: "M17.5 8A8 8 0 1 0 18 11M18 3.5V8h-4.5",
  warning: "M10 2.5l8 14.5H2zM10 8v4M10 14.5h.01",
  clock: `${CIRCLE}M10 5.5V10l3 2`,
  full: "M17 5c0 1.4-3.1 2.5-7 2.5S3 6.4 3 5s3.1-2.5 7-2.5S17 3.600 17 5zM3 5v10c0 1.4 3.1 2.5 7 2.5s7-1.1 7-2.5V5M3 10c0 1.4 3.1 2.5 7 2.5s7-1.1 7-2.5",
  phone: "M5 2h10v16H5zM9 15.5h2",
  play: "M5.5 3.5v13l11-6.5z",
  sound: "M4 8v4M7.5 5.5v9M11 3v14M14.5 6.5v7M18 9v2",
  video: "M2 4.5h16v11H2zM8.5 7.7v4.6l4-2.3z",
  photo: "M2 3.5h16v13H2zM2.5 14l4.5-4.5 3.5 3.5 2.5-2.5 4.5 4.5M13 7.5h.01",
  file: "M4.5 2h7l4 4v12h-11zM11.5 2v4h4",
  bring: "M10 3v10M5.5 9l4.5 4.5L14.5 9M3 17.5h14",
  pause: "M6.5 4v12M13.5 4v12",
  languages: "M2.5 5h9M7 3v2c0 4-2 6.5-4.5 8M4.5 7.5c1 2.5 3 4 5.5 5M10 17.5l3.7-9 3.8 9M11.2 14.7h5",
  back: "M12.5 4L6.5 10l6 6",
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name, flip }: { name: IconName; flip?: boolean }) {
  return (
    <svg class={flip ? "i flip" : "i"} viewBox="0 0 20 20" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

/** The dotted ring of what is being checked. */
export function Ring() {
  return (
    <svg class="i" viewBox="0 0 20 20" aria-hidden="true">
      <circle cx="10" cy="10" r="8" stroke-dasharray="2.6 3.68" />
    </svg>
  );
}

export function Ear() {
  return (
    <svg class="ear flip" viewBox="0 0 44 48" aria-hidden="true">
      <path d="M0 46.8H9C15 46.8 16 42.5 16.5 36.5L18 22.5C19 13.5 24 7.5 32 4.5C37 12.5 38.5 21.5 37 29.5C36 35.5 30.5 38.5 27 35C24.5 32 26.5 28 30 29" />
    </svg>
  );
}

/** The ear and its mirror image, at the end of a list and where nothing is. */
export function Horns() {
  return (
    <svg class="horns" viewBox="0 0 88 30" aria-hidden="true">
      <path d="M0 28H36C42 28 44 22 43 15C42 7 36 2 29 3C22 4 20 12 25 15C29 17 33 14 31 10M88 28H52C46 28 44 22 45 15C46 7 52 2 59 3C66 4 68 12 63 15C59 17 55 14 57 10" />
    </svg>
  );
}

/** A channel's mark, as the core draws it. */
export function Tamga({ mark, big }: { mark: string; big?: boolean }) {
  return (
    <svg class={big ? "tamga big" : "tamga"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={mark} />
    </svg>
  );
}

/** The rule under an item: solid is here, dots are not here yet, and what is whole is quiet. */
export function Line({ holding, words }: { holding: Holding | null; words: Words }) {
  const have = holding ? held(holding) : 0;
  if (!holding || have >= holding.size) {
    return <div class="line whole" role="img" aria-label={words.say("whole")} />;
  }
  const place = (byte: number) => Math.round((byte / holding.size) * 1000) / 10;
  const path = holding.ranges.map(([from, to]) => `M${place(from)} 2.5H${place(to)}`).join("");
  const kind = holding.doing === "damaged" ? "line fix" : "line";
  return (
    <svg class={kind} viewBox="0 0 100 5" preserveAspectRatio="none" role="img" aria-label={share(holding, words)}>
      <path d={path || "M0 2.5H0"} />
    </svg>
  );
}

/** Bytes of a holding that are here. */
export function held(holding: Holding): number {
  return holding.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** "43 % here, 12 of 28 MB" */
export function share(holding: Holding, words: Words): string {
  const have = held(holding);
  const size = words.size(holding.size);
  if (have === 0) {
    return words.say("not_here_of", { size });
  }
  return words.say("here_of", { percent: words.percent(have, holding.size), have: words.size(have), size });
}
