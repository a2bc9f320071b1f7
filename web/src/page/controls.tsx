// What plays a film or a sound, under it: its line, on which one seeks, and what to do where a part is missing.

import { useEffect, useState } from "preact/hooks";
import type { Holding, Item, Rendition } from "../shared/protocol";
import { useReader } from "./context";
import { addStyle } from "./controls-style";
import { Icon, Line } from "./drawing";
import { Say } from "./frame";
import { textFor } from "./item-parts";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
/** How far the keys of a phone's lock screen and headset go. */
const STEP_S = 10;
/** How long a player stands still before somebody is asked what to do. */
const PATIENCE_MS = 3_000;

/** The same film with fewer bytes, or its sound. */
export interface Smaller {
  name: string;
  /** Goes on with it at this moment. */
  choose(at: number): void;
}

interface Shown {
  media: HTMLMediaElement;
  item: Item;
  rendition: Rendition;
  holding: Holding;
  smaller: Smaller | null;
}

export function Controls({ media, item, rendition, holding, smaller }: Shown) {
  const { words } = useReader();
  const { at, length, isPaused, isStill } = useMedia(media, rendition.ms / 1000);
  useEffect(addStyle, []);
  usePhonesKeys(media, item);
  const isHere = holding.ranges.some(([from, to]) => from <= byteAt(holding, at, length) && byteAt(holding, at, length) < to);
  const place = words.say("media_played", { at: words.length(at * 1000), length: words.length(length * 1000) });
  return (
    <div class="playing">
      <div class="seek">
        <div aria-hidden="true">
          <Line holding={holding} words={words} />
        </div>
        <input
          type="range"
          min={0}
          max={length || 1}
          step="any"
          value={at}
          aria-label={words.say("media_seek")}
          aria-valuetext={`${place}${words.say("separator")}${words.say(isHere ? "here" : "not_here")}`}
          onInput={(event) => seek(media, event.currentTarget.valueAsNumber)}
          onKeyDown={(event) => stepByKey(event, media)}
        />
      </div>
      <div class="bar">
        <button type="button" class="btn square" aria-label={words.say(isPaused ? "media_play" : "pause")} onClick={() => void (isPaused ? media.play() : media.pause())}>
          <Icon name={isPaused ? "play" : "pause"} />
        </button>
        <span class="small">{place}</span>
        <select class="in" aria-label={words.say("media_speed")} onChange={(event) => setSpeed(media, Number(event.currentTarget.value))}>
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed} selected={speed === 1}>
              {words.number(speed)}×
            </option>
          ))}
        </select>
        {media instanceof HTMLVideoElement && "requestFullscreen" in media && (
          <button type="button" class="btn" onClick={() => void media.requestFullscreen()}>
            {words.say("full_screen")}
          </button>
        )}
      </div>
      {isStill && !isPaused && <Gap media={media} holding={holding} at={at} length={length} smaller={smaller} />}
    </div>
  );
}

/** The next part is not here, and nothing brings it: never a player that says nothing. */
function Gap(props: { media: HTMLMediaElement; holding: Holding; at: number; length: number; smaller: Smaller | null }) {
  const { words } = useReader();
  const { media, holding, at, length, smaller } = props;
  const here = byteAt(holding, at, length);
  const next = holding.ranges.find(([from]) => from > here)?.[0];
  if (holding.doing !== "waiting" && holding.doing !== "spoiled") {
    return null;
  }
  return (
    <Say icon="clock" kind="warm" title={words.say("gap_title")}>
      <p>{words.say(smaller || next !== undefined ? "gap_text" : "gap_wait")}</p>
      <div class="does">
        {smaller && (
          <button type="button" class="btn main" onClick={() => smaller.choose(at)}>
            {words.say("gap_smaller", { form: smaller.name })}
          </button>
        )}
        {next !== undefined && (
          <button type="button" class="btn" onClick={() => seek(media, (next / holding.size) * length + 1)}>
            {words.say("gap_skip")}
          </button>
        )}
      </div>
    </Say>
  );
}

/** Where in the file a moment lies, about: players alone know where exactly. */
function byteAt(holding: Holding, at: number, length: number): number {
  return length > 0 ? Math.min(holding.size - 1, (at / length) * holding.size) : 0;
}

/** Where it plays and whether it stands still, kept up to date. */
function useMedia(media: HTMLMediaElement, signedLength: number) {
  const read = () => ({ at: media.currentTime, length: lengthOf(media) || signedLength, isPaused: media.paused });
  const [now, setNow] = useState(read);
  const [isStill, setStill] = useState(false);
  useEffect(() => {
    let timer = 0;
    const changed = () => {
      setNow(read());
      window.clearTimeout(timer);
      const isStarved = media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
      isStarved ? (timer = window.setTimeout(() => setStill(true), PATIENCE_MS)) : setStill(false);
    };
    const events = ["timeupdate", "durationchange", "play", "pause", "waiting", "playing", "seeking", "seeked", "canplay"];
    events.forEach((name) => media.addEventListener(name, changed));
    changed();
    return () => {
      window.clearTimeout(timer);
      events.forEach((name) => media.removeEventListener(name, changed));
    };
  }, [media]);
  return { ...now, isStill };
}

/** 0 as long as the player does not know it. */
function lengthOf({ duration }: HTMLMediaElement): number {
  return Number.isFinite(duration) ? duration : 0;
}

function seek(media: HTMLMediaElement, to: number): void {
  media.currentTime = Math.max(0, Math.min(to, lengthOf(media) || to));
}

/** Steps of seconds, forwards by the arrow that points to the end of the line. */
function stepByKey(event: KeyboardEvent, media: HTMLMediaElement): void {
  const forwards = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backwards = forwards === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
  const steps: Record<string, number> = { [forwards]: STEP_S, ArrowUp: STEP_S, [backwards]: -STEP_S, ArrowDown: -STEP_S };
  const step = steps[event.key];
  if (step) {
    event.preventDefault();
    seek(media, media.currentTime + step);
  }
}

function setSpeed(media: HTMLMediaElement, speed: number): void {
  media.defaultPlaybackRate = speed;
  media.playbackRate = speed;
}

/** The keys on a phone's lock screen and headset; it plays on when the app is not seen. */
function usePhonesKeys(media: HTMLMediaElement, item: Item): void {
  const { words, settings } = useReader();
  useEffect(() => {
    const session = "mediaSession" in navigator ? navigator.mediaSession : null;
    if (!session) {
      return undefined;
    }
    const keys: [MediaSessionAction, (details: MediaSessionActionDetails) => void][] = [
      ["play", () => void media.play()],
      ["pause", () => media.pause()],
      ["seekbackward", ({ seekOffset }) => seek(media, media.currentTime - (seekOffset ?? STEP_S))],
      ["seekforward", ({ seekOffset }) => seek(media, media.currentTime + (seekOffset ?? STEP_S))],
      ["seekto", ({ seekTime }) => seek(media, seekTime ?? 0)],
    ];
    const begin = () => {
      session.metadata = new MediaMetadata({ title: textFor(item, settings.language)?.title || words.say("untitled"), artist: words.say("brand") });
      keys.forEach(([name, act]) => session.setActionHandler(name, act));
    };
    media.addEventListener("play", begin);
    return () => {
      media.removeEventListener("play", begin);
      session.metadata = null;
      keys.forEach(([name]) => session.setActionHandler(name, null));
    };
  }, [media, item.id]);
}
