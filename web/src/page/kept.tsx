// What is kept on this phone, and how the app behaves.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Source, Usage } from "../shared/protocol";
import { useAnswer, useReader } from "./context";
import { AddressInput, Say } from "./frame";
import { HandOn } from "./hand-on";
import { OpenFile } from "./handed";
import { Install } from "./install";
import { leave } from "./leave";
import { type Theme, wipeSettings } from "./settings";
import { LANGUAGES, type Language, OWN_NAMES, type TextKey } from "./words";

const HOLD_MS = 2_000;
/** How long wiping waits for the worker to let go of its files, and then for the browser, before it leaves all the same. */
const WORKER_MS_MAX = 10_000;
const BROWSER_MS_MAX = 3_000;
const SELECT = { width: "auto", minHeight: "44px" };
const COLOURS: Record<keyof Usage, string> = {
  text: "var(--ink)",
  sound: "var(--ink-2)",
  video: "var(--edge)",
  photo: "var(--way)",
  other: "var(--quiet)",
};
const NAMES: Record<keyof Usage, TextKey> = {
  text: "kept_text",
  sound: "sound",
  video: "video",
  photo: "photo",
  other: "file",
};

export function KeptPage() {
  const { words, state } = useReader();
  return (
    <>
      <h1>{words.say("kept_title")}</h1>
      {state.full && <Say icon="full" kind="warm" title={words.say("full")} />}
      <Meter />
      <section class="stack">
        <h2>{words.say("file_title")}</h2>
        <p class="soft">{words.say("file_text")}</p>
        <OpenFile />
      </section>
      {state.channels.length > 0 && <HandOn channel="" />}
      <Behaviour />
      <Room />
      <Look />
      <Sources />
      <p>
        <a class="tap" href="#/checked">
          {words.say("how_checked")}
        </a>
      </p>
      <section class="stack">
        <h2>{words.say("leave_title")}</h2>
        <p class="soft">{words.say("leave_text")}</p>
      </section>
      <Wipe />
    </>
  );
}

function Meter() {
  const { words, link, state, news } = useReader();
  const usage = useAnswer(() => link.call("usage", null), [news]);
  const limit = useAnswer(async () => (await navigator.storage?.estimate?.())?.quota ?? 0, []);
  if (!usage) {
    return null;
  }
  const kinds = (Object.keys(NAMES) as (keyof Usage)[]).filter((kind) => usage[kind] > 0 || kind === "text");
  const total = kinds.reduce((sum, kind) => sum + usage[kind], 0);
  const parts = kinds.map((kind) => `${words.say(NAMES[kind])} ${words.size(usage[kind])}`);
  const width = (kind: keyof Usage) => `${(usage[kind] / Math.max(1, limit ?? 0, total)) * 100}%`;
  return (
    <section class="stack">
      <p>
        <b style={{ fontSize: "var(--t2)" }}>{words.size(total)}</b>{" "}
        {!!limit && !state.full && state.storage !== "memory" && <span class="soft">{words.say("kept_of", { size: words.size(limit) })}</span>}
      </p>
      <div class="store" role="img" aria-label={parts.join(", ")}>
        {kinds.map((kind) => (
          <i key={kind} style={{ "--c": COLOURS[kind], width: width(kind), minWidth: "2px" }} />
        ))}
        <i />
      </div>
      <ul class="key">
        {kinds.map((kind, index) => (
          <li key={kind}>
            <i style={{ "--c": COLOURS[kind] }} />
            {parts[index]}
          </li>
        ))}
      </ul>
      {state.storage === "memory" ? (
        <Say icon="phone" kind="warm" title={words.say("memory_title")}>
          <p>{words.say("memory_text")}</p>
        </Say>
      ) : (
        <Persistence />
      )}
      {state.storage === "database" && (
        <Say icon="phone" title={words.say("database_title")}>
          <p>{words.say("database_text")}</p>
        </Say>
      )}
      <Offline />
      <Install />
    </section>
  );
}

/** Whether the browser may throw everything away, and asking it not to. */
function Persistence() {
  const { words } = useReader();
  const before = useAnswer(async () => (await navigator.storage?.persisted?.()) ?? false, []);
  const [answer, setAnswer] = useState<boolean | null>(null);
  if (before === undefined) {
    return null;
  }
  if (before || answer) {
    return (
      <Say icon="checked" kind="good" title={words.say("stays_title")}>
        <p>{words.say("stays_text")}</p>
      </Say>
    );
  }
  return (
    <Say icon="full" kind="warm" title={words.say("may_go_title")}>
      <p>{words.say(answer === false ? "may_go_refused" : "may_go_text")}</p>
      {"storage" in navigator && "persist" in navigator.storage && (
        <div class="does">
          <button type="button" class="btn main" onClick={() => void navigator.storage.persist().then(setAnswer)}>
            {words.say("may_go_ask")}
          </button>
        </div>
      )}
    </Say>
  );
}

function Offline() {
  const { words } = useReader();
  const isKept = useAnswer(async () => !!(await navigator.serviceWorker?.getRegistration().catch(() => undefined))?.active, []);
  if (isKept === undefined) {
    return null;
  }
  return isKept ? (
    <Say icon="checked" kind="good" title={words.say("offline_title")}>
      <p>{words.say("offline_text")}</p>
    </Say>
  ) : (
    <Say icon="phone" kind="warm" title={words.say("offline_not")} />
  );
}

function Behaviour() {
  const { words, settings, change } = useReader();
  return (
    <section>
      <label class="opt">
        <span>
          {words.say("data_saver")}
          <small>{words.say("data_saver_text")}</small>
        </span>
        <input
          type="checkbox"
          role="switch"
          checked={settings.dataSaver}
          onChange={(event) => change({ dataSaver: event.currentTarget.checked })}
        />
      </label>
    </section>
  );
}

const DAYS = [0, 7, 30];
const BYTES = [0, 200e6, 500e6, 2e9];

/** What goes by itself to make room. */
function Room() {
  const { words, settings, change } = useReader();
  return (
    <section>
      <div class="stack tight">
        <h2>{words.say("room_title")}</h2>
        <p class="soft">{words.say("room_text")}</p>
      </div>
      <label class="opt">
        <span>{words.say("room_days")}</span>
        <select class="in" style={SELECT} onChange={(event) => change({ keepDays: Number(event.currentTarget.value) })}>
          {DAYS.map((days) => (
            <option key={days} value={days} selected={days === settings.keepDays}>
              {days === 0 ? words.say("room_days_all") : words.count("days", days)}
            </option>
          ))}
        </select>
      </label>
      <label class="opt">
        <span>{words.say("room_bytes")}</span>
        <select class="in" style={SELECT} onChange={(event) => change({ keepBytes: Number(event.currentTarget.value) })}>
          {BYTES.map((bytes) => (
            <option key={bytes} value={bytes} selected={bytes === settings.keepBytes}>
              {bytes === 0 ? words.say("room_bytes_all") : words.size(bytes)}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

function Look() {
  const { words, settings, change } = useReader();
  const themes: Record<Theme, TextKey> = { auto: "theme_auto", light: "theme_light", dark: "theme_dark" };
  return (
    <section>
      <h2>{words.say("look_title")}</h2>
      <label class="opt">
        <span>{words.say("language")}</span>
        <select class="in" style={SELECT} onChange={(event) => change({ language: event.currentTarget.value as Language })}>
          {LANGUAGES.map((language) => (
            <option key={language} value={language} selected={language === settings.language}>
              {OWN_NAMES[language]}
            </option>
          ))}
        </select>
      </label>
      <label class="opt">
        <span>{words.say("theme")}</span>
        <select class="in" style={SELECT} onChange={(event) => change({ theme: event.currentTarget.value as Theme })}>
          {(Object.keys(themes) as Theme[]).map((theme) => (
            <option key={theme} value={theme} selected={theme === settings.theme}>
              {words.say(themes[theme])}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

/** Where news comes from. Only addresses of the app and of channels stand here, and only while the app is open. */
function Sources() {
  const { words, state } = useReader();
  return (
    <section class="stack">
      <h2>{words.say("sources_title")}</h2>
      <p class="soft">{words.say("sources_text")}</p>
      <ul class="stack">
        {state.sources.map((source) => (
          <li key={source.url} class="stack tight">
            <span dir="ltr" style={{ overflowWrap: "anywhere" }}>
              {source.url}
            </span>
            <SourceState source={source} />
          </li>
        ))}
      </ul>
      <Box />
    </section>
  );
}

/** A neighbour's box, over its hotspot. Nothing of it is remembered: its address says who was near whom. */
function Box() {
  const { words, link } = useReader();
  const [typed, setTyped] = useState("");
  const [isWrong, setWrong] = useState(false);
  const ask = async (event: Event) => {
    event.preventDefault();
    const isAddress = typed.trim() !== "" && (await link.call("box", { typed }));
    setWrong(!isAddress);
    isAddress && setTyped("");
  };
  return (
    <form class="stack" onSubmit={(event) => void ask(event)}>
      <AddressInput label={words.say("box_title")} hint={words.say("box_text")} example="10.42.0.1:8321" typed={typed} type={setTyped} />
      {isWrong && <p role="alert">{words.say("box_wrong")}</p>}
      <button type="submit" class="btn full">
        {words.say("box_ask")}
      </button>
    </form>
  );
}

function SourceState({ source }: { source: Source }) {
  const { words } = useReader();
  if (source.aside) {
    return (
      <details>
        <summary class="small">{words.say("source_aside")}</summary>
        <p class="small soft" dir="ltr" lang="en" style={{ overflowWrap: "anywhere" }}>
          {words.say("source_reason", { what: source.aside.what, code: source.aside.code })}
        </p>
      </details>
    );
  }
  if (source.excuse) {
    return <span class="small soft">{words.say(source.excuse === "page" ? "source_page" : "source_elsewhere")}</span>;
  }
  const text = source.answered ? words.say("source_answered", { age: words.age(source.answered) }) : words.say("source_silent");
  return <span class="small soft">{text}</span>;
}

function Wipe() {
  const { words, link } = useReader();
  const timer = useRef(0);
  const begin = () => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void wipe(() => link.call("wipe", null)), HOLD_MS);
  };
  const end = () => window.clearTimeout(timer.current);
  useEffect(() => end, []);
  return (
    <section class="stack">
      <h2>{words.say("wipe_title")}</h2>
      <p class="soft">{words.say("wipe_text")}</p>
      <button
        type="button"
        class="btn danger hold full"
        style={{ minHeight: "56px" }}
        onPointerDown={begin}
        onPointerUp={end}
        onPointerLeave={end}
        onPointerCancel={end}
        onKeyDown={(event) => [" ", "Enter"].includes(event.key) && !event.repeat && begin()}
        onKeyUp={end}
        onBlur={end}
      >
        {words.say("wipe_hold")}
      </button>
    </section>
  );
}

/**
 * News and settings, then the app's own files; each is tried, whatever became of the others. The browser may keep any of it
 * waiting, as it does with a service worker that it is just asking its website about: it ends that without this page.
 */
async function wipe(wipeWorker: () => Promise<unknown>): Promise<void> {
  wipeSettings();
  await within(WORKER_MS_MAX, wipeWorker());
  await within(BROWSER_MS_MAX, Promise.all([deletePrivate(), deleteCaches(), unregister()]));
  leave();
}

/** Whichever of both is in use now: the other one may have been before. */
async function deletePrivate(): Promise<void> {
  window.indexedDB?.deleteDatabase("longear");
  const root = await navigator.storage?.getDirectory?.();
  await root?.removeEntry("longear", { recursive: true });
}

async function deleteCaches(): Promise<void> {
  const names = "caches" in window ? await caches.keys() : [];
  await Promise.all(names.map((name) => caches.delete(name)));
}

async function unregister(): Promise<void> {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
}

/** Waits for what may fail or never end, and not longer than that. */
function within(milliseconds: number, doing: Promise<unknown>): Promise<unknown> {
  const late = new Promise((resolve) => window.setTimeout(resolve, milliseconds));
  return Promise.race([Promise.allSettled([doing]), late]);
}
