// Which media go to make room: by rules that the reader chose, the oldest first. Texts always stay.

const DAY_MS = 86_400_000;

/** Nothing is ruled where it says 0. */
export interface Rules {
  days: number;
  bytes: number;
}

/** A medium on the disk, with what it belongs to. */
export interface KeptMedium {
  time: number;
  bytes: number;
  /** When its channel's publisher spoke last. */
  lastWord: number | null;
}

/**
 * What goes. A medium is as old as the time from its post to the publisher's last word: the clock of this phone may be years
 * off, and must not delete anything.
 */
export function toGo<Medium extends KeptMedium>(kept: Medium[], rules: Rules): Medium[] {
  let bytes = 0;
  const newestFirst = [...kept].sort((a, b) => b.time - a.time);
  return newestFirst.filter((medium) => {
    const isOld = rules.days > 0 && medium.lastWord !== null && medium.lastWord - medium.time > rules.days * DAY_MS;
    const isTooMuch = rules.bytes > 0 && bytes + medium.bytes > rules.bytes;
    const goes = isOld || isTooMuch;
    bytes += goes ? 0 : medium.bytes;
    return goes;
  });
}
