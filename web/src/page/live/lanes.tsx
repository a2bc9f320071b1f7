// What of a broadcast is here, over time: one line for each quality, the playhead and the cut across them.

import type { LiveView, Span, Track } from "../../shared/live";
import { useReader } from "../context";
import type { Words } from "../words";

export function Lanes({ view, at, cut }: { view: LiveView; at: number | null; cut: number | null }) {
  const { words } = useReader();
  const rows = lanesOf(view.tracks);
  const place = (ms: number) => `${Math.round((Math.min(ms, view.end) / Math.max(1, view.end)) * 1000) / 10}%`;
  const clock = (ms: number) => words.clock((view.zero ?? 0) + ms);
  const isCutApart = cut !== null && cut > view.end * 0.15 && cut < view.end * 0.85;
  return (
    <div class="lanes" role="group" aria-label={words.say("live_here")}>
      {rows.map((track, row) => (
        <Lane key={track.name} track={track} row={row + 1} end={view.end} />
      ))}
      <div class="over" style={{ gridRow: `1/${rows.length + 1}` }}>
        {cut !== null && <i class="cut" style={{ "--at": place(cut) }} />}
        {at !== null && <i class="head" style={{ "--at": place(at) }} />}
      </div>
      <div class="marks" aria-hidden="true">
        <span style={{ "--at": "0%" }}>{clock(0)}</span>
        {cut !== null && isCutApart && (
          <span style={{ "--at": place(cut) }}>
            <b>{clock(cut)}</b>
          </span>
        )}
        <span class="end" style={{ "--at": "100%" }}>
          {view.phase === "live" ? words.say("live_now") : clock(view.end)}
        </span>
      </div>
    </div>
  );
}

function Lane({ track, row, end }: { track: Track; row: number; end: number }) {
  const { words } = useReader();
  const name = trackName(track, words);
  const place = (ms: number) => Math.round((ms / Math.max(1, end)) * 1000) / 10;
  const path = track.held.map(([from, to]) => `M${place(from)} 2.5H${place(to)}`).join("");
  const here = words.say("live_lane", { name, percent: words.percent(lengthOf(track.held), Math.max(1, lengthOf(track.known))) });
  return (
    <>
      <span style={{ gridRow: `${row}` }}>{name}</span>
      <span style={{ gridRow: `${row}` }}>
        <svg class="line" viewBox="0 0 100 5" preserveAspectRatio="none" role="img" aria-label={here}>
          <path d={path || "M0 2.5H0"} />
        </svg>
      </span>
    </>
  );
}

/** One line for the sound: of several forms of it the one of which most is here. */
function lanesOf(tracks: Track[]): Track[] {
  const [sound] = tracks.filter(({ height }) => height === 0).sort((a, b) => lengthOf(b.held) - lengthOf(a.held));
  const pictures = tracks.filter(({ height }) => height > 0);
  return sound ? [sound, ...pictures] : pictures;
}

export function trackName({ height }: Track, words: Words): string {
  return height === 0 ? words.say("sound") : `${words.number(height)}p`;
}

export function lengthOf(spans: Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}
