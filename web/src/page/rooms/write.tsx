// Where a reader writes: as whom, what, and why not.

import { useState } from "preact/hooks";
import type { Barred, Line, Me, Room } from "../../shared/rooms";
import { useReader } from "../context";
import { Scan } from "../scan";
import type { TextKey } from "../words";
import { Bead } from "./notes";
import type { Ask } from "./room";

/** Letters of a ticket's word, with spaces as people type them. */
const TICKET_LETTERS_MAX = 200;
const BARRED: Record<Exclude<Barred, "">, TextKey> = {
  closed: "room_write_closed",
  clock: "room_clock",
  "needs-ticket": "room_write_ticket",
  banned: "note_banned",
  "used-up": "notes_spent",
};
const PROBLEMS: Record<string, TextKey> = {
  ...BARRED,
  "no-words": "room_problem_empty",
  "too-long": "room_problem_long",
  "bad-ticket": "room_problem_ticket",
  "other-room": "room_problem_ticket",
  "no-parent": "room_answered_missing",
  full: "room_full",
};

/** The words for why nothing came of something. */
export function problem(code: string): TextKey {
  return PROBLEMS[code] ?? "room_failed";
}

interface Props {
  room: Room;
  me: Me;
  ask: Ask;
  /** The note that is answered. */
  answered: Line | null;
  forget: () => void;
  said: (what: TextKey) => void;
}

export function Write(props: Props) {
  const { words } = useReader();
  const { room, me } = props;
  const needsTicket = !me.ticket && !room.closed && (me.barred === "needs-ticket" || !me.member);
  return (
    <section class="stack pen" id="write">
      <h2>{words.say(props.answered ? "room_write_answer" : "room_write_note")}</h2>
      {me.barred === "" ? <Form {...props} /> : <p>{words.say(BARRED[me.barred])}</p>}
      {needsTicket && <Ticket {...props} />}
    </section>
  );
}

function Form({ room, me, ask, answered, forget, said }: Props) {
  const { words } = useReader();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<TextKey | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    const outcome = await ask({ wish: "say", room: room.id, parent: answered?.id ?? "", words: text });
    setWrong(outcome?.refused === null ? null : problem(outcome?.refused ?? ""));
    if (outcome?.refused === null) {
      setText("");
      forget();
      said("room_done_posted");
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void send(event)}>
      {answered && (
        <>
          <p class="q small soft">
            {answered.name}: <bdi>{answered.text}</bdi>
          </p>
          <button type="button" class="btn bare" style={{ justifySelf: "start" }} onClick={forget}>
            {words.say("room_no_answer")}
          </button>
        </>
      )}
      <div class="as">
        <Bead of={me} />
        <p class="small soft">
          {words.rich("room_write_as", { name: <b>{me.name}</b> })} {words.say("room_write_public")}
        </p>
      </div>
      <label class="field">
        {words.say("room_your_note")}
        <textarea class="in" dir="auto" autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      {wrong && (
        <p class="badge no" role="alert">
          {words.say(wrong)}
        </p>
      )}
      <div class="bar">
        <span class="small soft">{words.say("notes_left", { n: words.number(me.left), total: words.number(me.allowed) })}</span>
        <span class="end">
          <button class="btn main">
            <span>{words.say("room_post_note")}</span>
          </button>
        </span>
      </div>
      <p class="small soft">{words.say("room_key")}</p>
    </form>
  );
}

function Ticket({ room, ask, said }: Props) {
  const { words } = useReader();
  const [word, setWord] = useState("");
  const [wrong, setWrong] = useState<TextKey | null>(null);
  const use = async (word: string) => {
    setWord(word);
    const outcome = await ask({ wish: "ticket", room: room.id, word });
    setWrong(outcome?.refused === null ? null : problem(outcome?.refused ?? ""));
    outcome?.refused === null && said("room_done_ticket");
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void use(word);
  };
  return (
    <form class="stack" onSubmit={submit}>
      <label class="field">
        {words.say("room_your_ticket")}
        <input
          class="in"
          dir="ltr"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={TICKET_LETTERS_MAX}
          placeholder="longear-ticket:"
          value={word}
          onInput={(event) => setWord(event.currentTarget.value)}
        />
      </label>
      {wrong && (
        <p class="badge no" role="alert">
          {words.say(wrong)}
        </p>
      )}
      <div class="does">
        <button class="btn">{words.say("room_use_ticket")}</button>
      </div>
      <Scan found={(text) => void use(text)} />
    </form>
  );
}
