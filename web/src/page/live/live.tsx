// The page of a broadcast, while it is on, while it is waited for, and when it is over.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LiveAnswers, LiveView, LiveWish, Span, Track } from "../../shared/live";
import type { Item } from "../../shared/protocol";
import { useReader } from "../context";
import { download } from "../download";
import { Icon } from "../drawing";
import { Say } from "../frame";
import { PLAYER_HEIGHT_MAX } from "../item-parts";
import type { Link } from "../link";
import type { Words } from "../words";
import { Engine, type Playing } from "./engine";
import { Lanes, lengthOf, trackName } from "./lanes";

/** How often the page asks how it stands. */
const LOOK_MS = 400;
/** The same for a tag in a list. */
const TAG_MS = 5_000;
const BACK_MS = 600_000;
const HOUR_MS = 3_600_000;
/** From what length on moments are offered that have no name. */
const MARKED_MS_MIN = 1_200_000;
/** Holes that are shorter are not worth a word. */
const HOLE_MS_MIN = 5_000;
/** The tallest picture with the data saver. */
const HEIGHT_SAVED = 144;
/** What is missing of a rendition and not worth a button. */
const MISSING_MS_MIN = 500;
/** With less left to play there is nothing to say of it. */
const LEFT_MS_MIN = 1_000;

type Seen = LiveAnswers["view"];

function asker(link: Link, item: string) {
  return <Wish extends LiveWish>(wish: Wish) => link.call("live", { item, wish }) as Promise<LiveAnswers[Wish["wish"]]>;
}

/** How a broadcast stands, asked again and again; undefined until it is known. */
function useView(item: string, wish: Extract<LiveWish, { wish: "view" | "glance" }>, everyMs: number): Seen | undefined {
  const { link } = useReader();
  const [view, setView] = useState<Seen>();
  const wished = useRef(wish);
  wished.current = wish;
  useEffect(() => {
    let wanted = true;
    const ask = asker(link, item);
    const look = async () => {
      while (wanted) {
        const view = await ask(wished.current).catch(() => undefined);
        if (wanted && view !== undefined) {
          setView(view);
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    };
    void look();
    return () => {
      wanted = false;
    };
  }, [item]);
  return view;
}

/** "LIVE" only while it is fresh. */
export function LiveTag({ item }: { item: Item }) {
  const view = useView(item.id, { wish: "glance" }, TAG_MS);
  return view ? <Tag view={view} /> : null;
}

function Tag({ view }: { view: LiveView }) {
  const { words } = useReader();
  switch (view.phase) {
    case "live":
      return <span class="live">{words.say("live_tag")}</span>;
    case "waiting":
      return <span class="live off">{words.say("live_waiting_since", { time: words.clock(view.newest ?? 0) })}</span>;
    case "soon":
      return <span class="live off">{words.say("live_soon")}</span>;
    case "over":
      return <span class="small soft">{words.say("live_over") + words.say("separator") + words.length(view.end)}</span>;
  }
}

export function Broadcast({ item }: { item: Item }) {
  const { words, link, settings } = useReader();
  const ask = useMemo(() => asker(link, item.id), [item.id]);
  const [playing, setPlaying] = useState<Playing | null>(null);
  const [height, setHeight] = useState(settings.dataSaver ? HEIGHT_SAVED : PLAYER_HEIGHT_MAX);
  const [keep, setKeep] = useState<string[]>([]);
  const alongside = useRef<string[]>([]);
  const view = useView(item.id, { wish: "view", fill: [...alongside.current, ...keep] }, LOOK_MS);
  const { video, audio, engine } = useEngine(ask, view ?? null, setPlaying, height);
  const cut = useCut(view ?? null);
  if (!view) {
    return view === null ? <p>{words.say("not_found_text")}</p> : null;
  }
  // Whoever watches it live gets the sound of what was missed besides; what else is brought is for him to say.
  const sounds = view.tracks.filter((track) => track.height === 0).map(({ name }) => name);
  alongside.current = playing && view.phase !== "over" ? sounds.slice(0, 1) : [];
  const begin = () => engine.current?.play(view.phase === "over" ? 0 : "edge");
  return (
    <>
      <div class="bar">
        <Tag view={view} />
      </div>
      {view.phase === "soon" && <p>{words.say("live_soon_text")}</p>}
      <div class={playing?.isSound ? "still mute" : "still"} hidden={view.tracks.length === 0}>
        <video ref={video} playsInline onClick={() => (playing && !playing.isPaused ? engine.current?.pause() : engine.current?.play("here"))} />
        <audio ref={audio} />
        {!playing && (
          <button type="button" class="go" aria-label={words.say("media_play")} onClick={begin}>
            <Icon name="play" />
          </button>
        )}
        {playing?.isSound && (
          <svg class="voice" viewBox="0 0 20 20" stroke-width="1.4" aria-hidden="true">
            <path d="M4 8v4M7.500 5.500v9M11 3v14M14.500 6.500v7M18 9v2" />
          </svg>
        )}
        {playing?.track && <span class="len">{playing.isSound ? words.say("sound_only") : formOf(view, playing.track, words)}</span>}
      </div>
      {view.tracks.length > 0 && <Lanes view={view} at={playing ? playing.at : null} cut={cut.at} />}
      <Word view={view} playing={playing} cut={cut} engine={engine.current} />
      {playing && <Where view={view} playing={playing} />}
      {view.full && (
        <Say icon="full" kind="warm" title={words.say("full")}>
          <p>{words.say("full_text")}</p>
        </Say>
      )}
      {playing && <Controls view={view} playing={playing} engine={engine.current} height={height} setHeight={setHeight} />}
      <Chapters view={view} play={(at) => engine.current?.play(at)} />
      <Keep view={view} ask={ask} keep={keep} setKeep={setKeep} engine={engine.current} />
    </>
  );
}

/** The engine that feeds the two elements, made when they are there. */
function useEngine(ask: ReturnType<typeof asker>, view: LiveView | null, tell: (playing: Playing) => void, height: number) {
  const video = useRef<HTMLVideoElement>(null);
  const audio = useRef<HTMLAudioElement>(null);
  const engine = useRef<Engine | null>(null);
  const isThere = view !== null;
  useEffect(() => {
    if (!video.current || !audio.current || !("MediaSource" in window)) {
      return undefined;
    }
    let hasBegun = false;
    const made = new Engine(video.current, audio.current, ask, (playing) => {
      // As long as nobody pressed anything there is nothing to say.
      hasBegun ||= !playing.isPaused;
      hasBegun && tell(playing);
    });
    engine.current = made;
    return () => made.stop();
  }, [isThere]);
  if (engine.current && view) {
    [engine.current.view, engine.current.heightMax] = [view, height];
  }
  return { video, audio, engine };
}

interface Cut {
  /** Where the last word broke off, in milliseconds since the broadcast began; null where it never did. */
  at: number | null;
  /** Where it went on; null as long as it did not. */
  until: number | null;
  /** How much of what was missed is not here yet. */
  missing: number;
}

/** Remembers where the word broke off while this page was open. */
function useCut(view: LiveView | null): Cut {
  const [lost, setLost] = useState<{ at: number; until: number | null } | null>(null);
  const phase = view?.phase;
  const before = useRef(0);
  useEffect(() => {
    if (view && phase === "waiting") {
      setLost((known) => (known && known.until === null ? known : { at: view.end, until: null }));
    } else if (view && lost && lost.until === null) {
      // What came first behind it is where it went on.
      setLost({ at: lost.at, until: before.current > lost.at ? before.current : view.end });
    }
    before.current = view?.end ?? 0;
  }, [phase, view?.end]);
  if (!view || !lost) {
    return { at: null, until: null, missing: 0 };
  }
  const missing = lost.until === null ? 0 : missingOf(view.tracks, [lost.at, lost.until]);
  return { at: lost.at, until: lost.until, missing };
}

/** How much of a span is not here in any form. */
function missingOf(tracks: Track[], [from, to]: Span): number {
  const here = tracks.map(({ held }) => lengthOf(held.map(([a, b]): Span => [Math.max(a, from), Math.min(b, to)]).filter(([a, b]) => a < b)));
  return Math.max(0, to - from - Math.max(0, ...here));
}

function Word({ view, playing, cut, engine }: { view: LiveView; playing: Playing | null; cut: Cut; engine: Engine | null }) {
  const { words } = useReader();
  const [isRead, read] = useState(false);
  const time = words.clock((view.zero ?? 0) + (cut.at ?? 0));
  if (view.phase === "waiting") {
    return (
      <Say icon="clock" kind="warm" title={words.say("live_lost", { time: words.clock(view.newest ?? 0) })}>
        <p>{words.say("live_lost_text")}</p>
      </Say>
    );
  }
  if (isRead || cut.at === null || cut.until === null || cut.until - cut.at < HOLE_MS_MIN) {
    return null;
  }
  const length = words.length(cut.until - cut.at);
  if (cut.missing > HOLE_MS_MIN) {
    return (
      <Say icon="clock" kind="warm" title={words.say("live_hole", { length, time })}>
        <p>{words.say("live_hole_text")}</p>
      </Say>
    );
  }
  const back = () => {
    read(true);
    engine?.play(cut.at ?? 0);
  };
  return (
    <Say icon="checked" kind="good" title={words.say("live_filled", { length, time })}>
      <p>{words.say("live_filled_text")}</p>
      <div class="does">
        <button type="button" class="btn main" onClick={back}>
          <Icon name="back" flip />
          <span>{words.say("live_back_to", { time })}</span>
        </button>
        {playing?.isLive && view.phase === "live" && (
          <button type="button" class="btn" onClick={() => read(true)}>
            <span>{words.say("live_stay")}</span>
          </button>
        )}
      </div>
    </Say>
  );
}

/** Where one is, and how long it goes on. */
function Where({ view, playing }: { view: LiveView; playing: Playing }) {
  const { words } = useReader();
  const time = words.clock((view.zero ?? 0) + playing.at);
  if (view.phase === "live" && playing.isLive) {
    const behind = Math.max(0, Math.round((view.end - playing.at) / 1000));
    return <p class="soft small">{playing.isWaiting ? words.say("live_next_comes") : words.count("live_behind", behind)}</p>;
  }
  if (view.phase === "over" && playing.left < LEFT_MS_MIN) {
    return null;
  }
  const left = playing.left < LEFT_MS_MIN ? words.say("live_next_comes") : words.say("live_left", { length: words.length(playing.left) });
  return <p class="soft small">{`${words.say(playing.isSound ? "live_at_sound" : "live_at", { time })} ${left}`}</p>;
}

interface Controlled {
  view: LiveView;
  playing: Playing;
  engine: Engine | null;
  height: number;
  setHeight: (height: number) => void;
}

function Controls({ view, playing, engine, height, setHeight }: Controlled) {
  const { words } = useReader();
  const pictures = view.tracks.filter((track) => track.height > 0);
  const setForm = (height: number) => {
    setHeight(height);
    if (engine) {
      engine.heightMax = height;
      engine.play(playing.isLive ? "edge" : playing.at);
    }
  };
  const isBehind = !playing.isLive && view.phase !== "over";
  return (
    <div class="bar">
      <button type="button" class="btn main" onClick={() => (playing.isPaused ? engine?.play("here") : engine?.pause())}>
        <Icon name={playing.isPaused ? "play" : "pause"} />
        <span>{words.say(playing.isPaused ? "media_play" : "pause")}</span>
      </button>
      {isBehind && (
        <button type="button" class="btn" onClick={() => engine?.play("edge")}>
          <span>{words.say("live_go")}</span>
        </button>
      )}
      {playing.at > 0 && (
        <button type="button" class="btn" onClick={() => engine?.play(Math.max(0, playing.at - BACK_MS))}>
          <Icon name="back" flip />
          <span>{words.say(playing.at > BACK_MS ? "live_back" : "live_beginning")}</span>
        </button>
      )}
      {pictures.length > 0 && (
        <select class="in" aria-label={words.say("forms")} onChange={(event) => setForm(Number(event.currentTarget.value))}>
          {pictures
            .toReversed()
            .map((track) => [Math.max(track.height, 1), track] as const)
            .map(([lines, track]) => (
              <option key={track.name} value={lines} selected={lines <= height && !pictures.some((other) => other.height > lines && other.height <= height)}>
                {`${trackName(track, words)}${words.say("separator")}${perHour(track, words)}`}
              </option>
            ))}
          <option value={0} selected={height === 0}>
            {words.say("sound_only")}
          </option>
        </select>
      )}
    </div>
  );
}

/** What has a name, and of a long broadcast every ten minutes. */
function Chapters({ view, play }: { view: LiveView; play: (at: number) => void }) {
  const { words } = useReader();
  const marks = view.end < MARKED_MS_MIN ? [] : Array.from({ length: Math.ceil(view.end / BACK_MS) }, (_, index) => index * BACK_MS);
  const places = [...view.chapters, ...marks.map((start) => ({ start, title: "" }))].sort((a, b) => a.start - b.start);
  if (places.length === 0) {
    return null;
  }
  return (
    <details open={view.chapters.length > 0 && view.phase === "over"}>
      <summary>{words.say("live_chapters")}</summary>
      <ul class="stack tight">
        {places.map(({ start, title }) => (
          <li key={`${start} ${title}`}>
            <button type="button" class="btn bare" onClick={() => play(start)}>
              <span class="num">{words.clock((view.zero ?? 0) + start)}</span>
              {title && <span dir="auto">{title}</span>}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function perHour(track: Track, words: Words): string {
  const length = Math.max(1, lengthOf(track.known));
  return words.say("live_per_hour", { size: words.size((track.bytes / length) * HOUR_MS) });
}

function formOf(view: LiveView, name: string, words: Words): string {
  const track = view.tracks.find((track) => track.name === name);
  return track ? trackName(track, words) : "";
}

interface Kept {
  view: LiveView;
  ask: ReturnType<typeof asker>;
  keep: string[];
  setKeep: (keep: string[]) => void;
  engine: Engine | null;
}

/** What can be brought, saved and removed. */
function Keep({ view, ask, keep, setKeep, engine }: Kept) {
  const { words } = useReader();
  const sound = view.tracks.find(({ height }) => height === 0);
  const picture = view.tracks.filter(({ height }) => height > 0 && height <= PLAYER_HEIGHT_MAX).at(-1);
  const all = [sound, picture].filter((track) => track !== undefined);
  const missing = all.filter((track) => lengthOf(track.held) + MISSING_MS_MIN < lengthOf(track.known));
  const isHere = view.tracks.some(({ held }) => held.length > 0);
  const save = async (track: Track) => {
    const file = await ask({ wish: "save", track: track.name });
    file && download(file, track.height === 0 ? "broadcast.m4a" : `broadcast-${track.height}p.mp4`);
  };
  const remove = () => {
    // What plays or is being brought would come again at once.
    setKeep([]);
    engine?.pause();
    void ask({ wish: "remove" });
  };
  return (
    <div class="does">
      {missing.length > 0 && (
        <button type="button" class="btn" onClick={() => setKeep(keep.length > 0 ? [] : missing.map(({ name }) => name))}>
          <Icon name={keep.length > 0 ? "pause" : "bring"} />
          <span>{words.say(keep.length > 0 ? "pause" : isHere ? "bring_rest" : "bring")}</span>
        </button>
      )}
      {view.phase === "over" &&
        all
          .filter(({ held }) => held.length > 0)
          .map((track) => (
            <button type="button" key={track.name} class="btn" onClick={() => void save(track)}>
              <Icon name="bring" />
              <span>
                {words.say("save")} <small>{`${trackName(track, words)}${words.say("separator")}${words.size(track.bytes)}`}</small>
              </span>
            </button>
          ))}
      {view.phase === "over" && isHere && (
        <button type="button" class="btn" onClick={remove}>
          <span>{words.say("remove")}</span>
        </button>
      )}
    </div>
  );
}
