// What stands around every page: the horizon above, the ways to go, the way out.

import type { ComponentChildren } from "preact";
import { AppAlarm } from "./alarm";
import { useReader } from "./context";
import { Ear, Icon, type IconName, Line, Tamga } from "./drawing";
import { leave } from "./leave";
import type { Route } from "./route";
import type { TextKey } from "./words";

const WAYS: { page: Route["page"]; href: string; icon: IconName; name: TextKey }[] = [
  { page: "news", href: "#/", icon: "news", name: "nav_news" },
  { page: "search", href: "#/search", icon: "search", name: "nav_search" },
  { page: "channels", href: "#/channels", icon: "channels", name: "nav_channels" },
  { page: "kept", href: "#/kept", icon: "kept", name: "nav_kept" },
];
/** Pages without an entry of their own belong to one that has. */
const BELONGS: Partial<Record<Route["page"], Route["page"]>> = {
  item: "news",
  channel: "channels",
  follow: "channels",
  checked: "kept",
  file: "kept",
};

export function Frame({ route, children }: { route: Route; children: ComponentChildren }) {
  return (
    <>
      <Horizon />
      <AppAlarm />
      <div class="page">
        <Navigation route={route} />
        <main class="col" id="main" tabIndex={-1}>
          {children}
        </main>
        {route.page !== "channels" && <Beside />}
      </div>
    </>
  );
}

/** The ear listens; the rider stands as far off as the last word is old. */
function Horizon() {
  const { words, state } = useReader();
  const last = Math.max(0, ...state.channels.map((channel) => channel.last_word ?? 0));
  const age = last > 0 ? { "--age": `${riderPlace((Date.now() - last) / 60_000)}%` } : {};
  return (
    <header class="top">
      <div class="row">
        <a class="brand" href="#/">
          <Ear />
          <b>{words.say("brand")}</b>
        </a>
        <button type="button" class="btn leave" onClick={leave}>
          <Icon name="leave" flip />
          {words.say("leave")}
        </button>
        <div class={last > 0 ? "horizon" : "horizon none"} style={age} />
      </div>
      <p class="word">
        {last > 0 ? words.rich("last_word", { age: <b>{words.age(last)}</b> }) : state.phase === "ready" ? words.say("last_word_none") : "\u00a0"}
        {last > 0 && <Scale />}
      </p>
    </header>
  );
}

function Scale() {
  const { words } = useReader();
  const marks: [number, TextKey][] = [
    [60, "mark_hour"],
    [24 * 60, "mark_day"],
    [7 * 24 * 60, "mark_week"],
  ];
  return marks.map(([minutes, name]) => (
    <span key={name} class="scale" style={{ "--at": String(riderPlace(minutes) / 100) }} aria-hidden="true">
      {words.say(name)}
    </span>
  ));
}

/** Where an age stands on the horizon, in percent: a week at 90 (UI.md). */
function riderPlace(minutes: number): number {
  return Math.min(96, (90 * Math.log(1 + Math.max(0, minutes))) / Math.log(10_081));
}

function Navigation({ route }: { route: Route }) {
  const { words } = useReader();
  const here = BELONGS[route.page] ?? route.page;
  return (
    <nav class="nav" aria-label={words.say("brand")}>
      {WAYS.map(({ page, href, icon, name }) => (
        <a key={page} href={href} aria-current={page === here ? "page" : undefined}>
          <Icon name={icon} />
          {words.say(name)}
        </a>
      ))}
    </nav>
  );
}

/** The channels, opposite the text on wide screens. */
function Beside() {
  const { words, state } = useReader();
  if (state.channels.length === 0) {
    return null;
  }
  return (
    <aside class="side" aria-label={words.say("channels_title")}>
      <h2>{words.say("channels_title")}</h2>
      <ul>
        {state.channels.map((channel) => {
          const [size, here] = [channel.items + channel.holes, channel.items];
          return (
            <li key={channel.id}>
              <p class="by">
                <Tamga mark={channel.mark} />
                <span>
                  <a href={`#/channel/${channel.id}`}>
                    <b dir="auto">{channel.name ?? words.say("unnamed")}</b>
                  </a>
                  {channel.last_word !== null && words.say("separator") + words.age(channel.last_word)}
                </span>
              </p>
              <Line words={words} holding={{ blob: "", size, ranges: [[0, here]], doing: "nothing" }} />
            </li>
          );
        })}
      </ul>
    </aside>
  );
}

/** A note to the reader: what happened, what it means, what to do. */
export function Say(props: { icon: IconName; kind?: "warm" | "stop" | "good"; title: string; children?: ComponentChildren }) {
  return (
    <div class={props.kind ? `say ${props.kind}` : "say"}>
      <Icon name={props.icon} />
      <div>
        <p class="h">{props.title}</p>
        {props.children}
      </div>
    </div>
  );
}

/** Where an address is typed: no word of any language, so that no keyboard mends it, and written from left to right. */
export function AddressInput(props: { label: string; hint?: string; example: string; typed: string; type: (text: string) => void }) {
  return (
    <label class="field">
      {props.label}
      <input
        class="in"
        dir="ltr"
        inputMode="url"
        placeholder={props.example}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={props.typed}
        onInput={(event) => props.type(event.currentTarget.value)}
      />
      {props.hint && <small class="soft">{props.hint}</small>}
    </label>
  );
}
