// Notes in a list: who, when, what; and those that are not shown without asking. All words are text, whatever a stranger wrote.

import { useState } from "preact/hooks";
import type { Answered, Line, Room, Writer } from "../../shared/rooms";
import { useReader } from "../context";
import type { TextKey } from "../words";
import type { Ask } from "./room";

const DAY_MS = 86_400_000;
/** The reasons that are no rules of the room, by their numbers in docs/spec/rooms.md. */
const REASONS: Record<number, TextKey> = {
  64: "room_reason_personal",
  65: "room_reason_threats",
  66: "room_reason_advertising",
  67: "room_reason_invented",
  68: "room_reason_other",
};
const STATES: Partial<Record<Line["state"], TextKey>> = {
  banned: "note_banned",
  early: "note_early",
  beyond: "note_beyond",
  waiting: "note_waits",
};

export interface Acts {
  ask: Ask;
  /** Begins an answer; null where nothing can be said. */
  answer: ((line: Line) => void) | null;
  /** Whether flags of the reader count. */
  mayFlag: boolean;
  /** Does something with a note, and says what came of it. */
  act: (wish: "back" | "flag", line: Line) => void;
  mute: (line: Line, muted: boolean) => void;
}

export function Notes(props: { room: Room; lines: Line[]; acts: Acts | null }) {
  return (
    <ul class="notes">
      {props.lines.map((line) => (
        <Note key={line.id} {...props} line={line} />
      ))}
    </ul>
  );
}

function Note({ room, line, acts }: { room: Room; line: Line; acts: Acts | null }) {
  const { words, settings } = useReader();
  const [shown, setShown] = useState<string | null>(null);
  const reply = line.parent && acts ? " reply" : "";
  const anchor = acts ? `n-${line.id}` : undefined;
  if (line.back) {
    return (
      <li class={`note hid${reply}`} id={anchor}>
        <p class="bar">{words.say("note_taken_back")}</p>
      </li>
    );
  }
  if (line.text !== null) {
    return (
      <li class={`note${reply}`} id={anchor}>
        <Said room={room} line={line} text={line.text} acts={acts} />
      </li>
    );
  }
  // What moderators hid is theirs to explain, whatever the reader chose as well.
  const personal = line.state !== "shown" ? null : line.muted ? "note_muted" : line.avoided ? "note_avoided" : null;
  const show = async ({ ask }: Acts) => {
    const asked = await ask({ wish: "note", room: room.id, note: line.id, language: settings.language });
    setShown(asked?.text ?? null);
  };
  return (
    <li class={`note hid${reply}`} id={anchor}>
      <p class="bar">
        <Hidden />
        <span style={{ flex: "1 1 10rem" }}>
          {personal ? words.say(personal) : <Why room={room} line={line} />}
        </span>
      </p>
      {shown !== null && (
        <div class="note">
          <Said room={room} line={line} text={shown} acts={null} />
        </div>
      )}
      {acts && (
        <div class="does">
          <button type="button" class="btn bare" aria-expanded={shown !== null} onClick={() => (shown === null ? void show(acts) : setShown(null))}>
            <span>{words.say(shown === null ? "room_show_anyway" : "room_hide_again")}</span>
          </button>
          {line.muted ? (
            <button type="button" class="btn bare" onClick={() => acts.mute(line, false)}>
              <span>{words.say("room_unmute")}</span>
            </button>
          ) : (
            !personal && (
              <button type="button" class="btn bare" onClick={openRules}>
                <span>{words.say("room_read_rules")}</span>
              </button>
            )
          )}
        </div>
      )}
    </li>
  );
}

/** Why moderators hid it. */
function Why({ room, line }: { room: Room; line: Line }) {
  const { words } = useReader();
  const reason = (ground: number) => {
    const rule = room.rules[ground - 1];
    const known = REASONS[ground];
    if (known) {
      return words.say(known);
    }
    const n = words.number(ground);
    return rule ? words.rich("room_reason_rule", { n, rule: <bdi>{rule}</bdi> }) : words.say("room_reason_number", { n });
  };
  const state = STATES[line.state];
  return (
    <>
      {words.say(state ?? "note_hidden")}
      {!state && line.grounds.map((ground) => [" ", reason(ground)])}
    </>
  );
}

function Said({ room, line, text, acts }: { room: Room; line: Line; text: string; acts: Acts | null }) {
  const { words } = useReader();
  // Who wrote it sees it, and what became of it.
  const isWithheld = line.own && (line.state === "hidden" || line.state in STATES);
  return (
    <>
      <Bead of={line} />
      <p class="who">
        <b>{line.name}</b>
        {line.own && <span>{words.say("room_you")}</span>}
        <time class="num" dateTime={new Date(line.time).toISOString()} title={words.moment(line.time)}>
          {Date.now() - line.time < DAY_MS ? words.clock(line.time) : words.age(line.time)}
        </time>
      </p>
      {line.parent && acts && <Quote parent={line.parent} />}
      <div class="words">
        {text === "" ? <p class="soft">{words.say("note_empty")}</p> : <Paragraphs text={text} />}
        {isWithheld && (
          <p class="small soft">
            <Why room={room} line={line} />
          </p>
        )}
      </div>
      {acts && <Does line={line} acts={acts} />}
    </>
  );
}

/** Each paragraph has a direction of its own. */
export function Paragraphs({ text }: { text: string }) {
  return (
    <>
      {text.split("\n\n").map((paragraph, index) => (
        <p key={index} dir="auto" style={{ whiteSpace: "pre-line" }}>
          {paragraph}
        </p>
      ))}
    </>
  );
}

function Quote({ parent }: { parent: Answered }) {
  const { words } = useReader();
  if (parent.text === null) {
    return <p class="q">{words.say(parent.here ? "room_answered_hidden" : "room_answered_missing")}</p>;
  }
  return (
    <p class="q">
      {parent.name}: <bdi>{parent.text}</bdi>
    </p>
  );
}

/** What can be done with a note. */
function Does({ line, acts }: { line: Line; acts: Acts }) {
  const { words } = useReader();
  const { answer } = acts;
  return (
    <div class="acts">
      {answer && line.state === "shown" && (
        <button type="button" class="btn bare" onClick={() => answer(line)}>
          {words.say("room_answer")}
        </button>
      )}
      <details>
        <summary>{words.say("room_more_of_note")}</summary>
        <div class="stack">
          {line.own ? (
            <Deed say="room_take_back" text="room_take_back_text" act={() => acts.act("back", line)} />
          ) : (
            <>
              {acts.mayFlag && <Deed say="room_flag" text="room_flag_text" act={() => acts.act("flag", line)} />}
              <button type="button" class="btn" onClick={() => acts.mute(line, true)}>
                {words.say("room_mute")}
              </button>
            </>
          )}
        </div>
      </details>
    </div>
  );
}

function Deed({ say, text, act }: { say: TextKey; text: TextKey; act: () => void }) {
  const { words } = useReader();
  return (
    <>
      <p class="small soft">{words.say(text)}</p>
      <button type="button" class="btn" onClick={act}>
        {words.say(say)}
      </button>
    </>
  );
}

/** It stands here, because no first look needs it. */
function Hidden() {
  return (
    <svg class="i" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 10c4-6.5 12-6.5 16 0-1.2 1.9-2.7 3.3-4.3 4.1M10 15c-3.2 0-6.1-1.7-8-5M3 3l14 14" />
    </svg>
  );
}

export function Bead({ of }: { of: Writer }) {
  return <span class="bead" style={{ "--b": of.bead[0], "--c": of.bead[1] }} aria-hidden="true" />;
}

function openRules(): void {
  const rules = document.getElementById("rules");
  rules?.setAttribute("open", "");
  rules?.scrollIntoView();
}
