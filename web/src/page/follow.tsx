// The first run, and following a channel by its address.

import { useState } from "preact/hooks";
import type { Found } from "../shared/protocol";
import { useAnswer, useReader } from "./context";
import { Icon, Tamga } from "./drawing";
import { AddressInput, Say } from "./frame";
import { OpenFile } from "./handed";
import { go, itemIn } from "./route";
import { Scan } from "./scan";
import { LANGUAGES, OWN_NAMES } from "./words";

/** Before any channel is followed. */
export function FirstRun() {
  const { words } = useReader();
  return (
    <>
      <Tongues />
      <div class="stack" style={{ gap: "var(--s4)" }}>
        <h1>{words.say("first_title")}</h1>
        <p class="prose">{words.say("first_text")}</p>
      </div>
      <AddressField />
      <OpenFile />
      <Protects />
    </>
  );
}

/** `#longear:…`: somebody gave a link. */
export function FollowPage({ text }: { text: string }) {
  const { words, link, state } = useReader();
  const found = useAnswer(() => link.call("look", { text }), [text]);
  const isFirst = state.channels.length === 0;
  return (
    <>
      {isFirst && <Tongues />}
      <h1 class={isFirst ? "" : "vh"}>{words.say(isFirst ? "first_title" : "follow_title")}</h1>
      {found === undefined && <p role="status">{words.say("looking")}</p>}
      {found === null && (
        <>
          <p role="alert">{words.say("follow_wrong")}</p>
          <AddressField />
        </>
      )}
      {found && <Question found={found} item={itemIn(text)} />}
      {isFirst && <Protects />}
    </>
  );
}

export function AddressField() {
  const { words } = useReader();
  const [text, setText] = useState("");
  const ask = (text: string) => {
    if (text.trim() !== "") {
      // A link to an app, wherever it stands, leads to the address behind it.
      go(`#${text.trim().replace(/^[^#]*#/, "")}`.replace(/^#(?!longear:)/i, "#longear:"));
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    ask(text);
  };
  return (
    <div class="stack">
      <form class="stack" onSubmit={submit}>
        <AddressInput label={words.say("follow_type")} example="longear:…" typed={text} type={setText} />
        <button type="submit" class="btn full">
          {words.say("follow_look")}
        </button>
      </form>
      <Scan found={ask} />
    </div>
  );
}

/** Is this the channel that is meant? `followed`: what to do instead of going to the news, or to the post of the link. */
export function Question({ found, item, followed }: { found: Found; item?: string | null; followed?: () => Promise<void> }) {
  const { words, link, state } = useReader();
  const { address, channel } = found;
  const name = channel.name ?? words.say("unnamed");
  const namesake = state.channels.find((other) => other.id !== channel.id && other.name !== null && other.name === channel.name);
  const [isFull, fills] = useState(false);
  const follow = () =>
    link.call("follow", { text: address.written }).then(
      () => (followed ? followed() : go(item ? `#/item/${item}` : "#/")),
      (error: Error) => fills(/Quota/.test(error.message)),
    );
  const refuse = async () => {
    await link.call("forget", { channel: address.channel });
    go(state.channels.length === 0 ? "#/" : "#/channels");
  };
  return (
    <section class="stack" style={{ gap: "var(--s4)" }}>
      <h2>{words.say("follow_question")}</h2>
      <div class="by" style={{ gap: "var(--s4)" }}>
        <Tamga mark={channel.mark} big />
        <span style={{ fontSize: "var(--t1)" }}>
          <b dir="auto">{name}</b>
        </span>
      </div>
      {channel.name === null && <p>{words.say("follow_unreached")}</p>}
      {namesake && (
        <Say icon="warning" kind="stop" title={words.say("follow_same_name")}>
          <p>{words.say("follow_same_name_text")}</p>
          <div class="bar">
            <Tamga mark={namesake.mark} />
            <span class="code small">{namesake.digits}</span>
          </div>
        </Say>
      )}
      <div class="stack tight">
        <p class="small soft">{words.say("follow_compare")}</p>
        <Digits digits={address.digits} />
      </div>
      {found.followed ? (
        <p>
          <a href={item ? `#/item/${item}` : `#/channel/${channel.id}`}>{words.say(item ? "follow_to_post" : "follow_already")}</a>
        </p>
      ) : (
        <>
          {isFull && (
            <div role="alert">
              <Say icon="full" kind="warm" title={words.say("full")} />
            </div>
          )}
          <div class="stack">
            <button type="button" class="btn main full" onClick={() => void follow()}>
              {words.say("follow_yes")}
            </button>
            <button type="button" class="btn full" onClick={() => void refuse()}>
              {words.say("follow_no")}
            </button>
          </div>
          <p class="small soft">{words.say("follow_pinned")}</p>
        </>
      )}
    </section>
  );
}

/** Six groups of five, to be read aloud. */
export function Digits({ digits }: { digits: string }) {
  return (
    <p class="code digits">
      {digits.split(" ").map((group, index) => (
        <span key={index}>{group} </span>
      ))}
    </p>
  );
}

function Tongues() {
  const { words, settings, change } = useReader();
  return (
    <div class="does tongues" role="group" aria-label={words.say("language")}>
      {LANGUAGES.map((language) => (
        <button
          key={language}
          type="button"
          class="btn"
          lang={language}
          aria-pressed={language === settings.language}
          onClick={() => change({ language })}
        >
          {OWN_NAMES[language]}
        </button>
      ))}
    </div>
  );
}

function Protects() {
  const { words } = useReader();
  const holds = ["protects_forgery", "protects_account"] as const;
  const holdsNot = ["protects_not_phone", "protects_not_line", "protects_not_origin"] as const;
  return (
    <section class="risk">
      <h2>{words.say("protects_title")}</h2>
      <ul>
        {holds.map((key) => (
          <li key={key}>
            <Icon name="checked" />
            <span>{words.say(key)}</span>
          </li>
        ))}
        {holdsNot.map((key) => (
          <li key={key}>
            <Icon name="warning" />
            <span>{words.say(key)}</span>
          </li>
        ))}
      </ul>
      <p class="small soft">{words.say("leave_hint")}</p>
    </section>
  );
}
