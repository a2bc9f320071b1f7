// Rooms: those of a channel, and the page of one.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Line, Room, RoomAnswers, RoomWish } from "../../shared/rooms";
import { useAnswer, useReader } from "../context";
import { Horns, Icon, Tamga } from "../drawing";
import { NotFound } from "../item";
import type { Link } from "../link";
import { INTL_TAGS, type TextKey, type Words } from "../words";
import { type Acts, Notes } from "./notes";
import { Write, problem } from "./write";

/** Lines of one page. */
const LINES = 50;
const FOUND_MAX = 50;
/** Letters of all words that a reader avoids in one room. */
const AVOIDED_LETTERS_MAX = 400;
/** Beyond the last line: the newest. */
const NEWEST = 0xffff_ffff;
const LETTERS_MIN = 3;
const DAY_MS = 86_400_000;
/** How often the page asks how the room stands. */
const LOOK_MS = 5_000;

export type Ask = <Wish extends RoomWish>(wish: Wish) => Promise<RoomAnswers[Wish["wish"]]>;

function asker(link: Link): Ask {
  return <Wish extends RoomWish>(wish: Wish) => link.call("rooms", wish) as Promise<RoomAnswers[Wish["wish"]]>;
}

/** The rooms of a channel; nothing where it has none. */
export function RoomsOf({ channel }: { channel: string }) {
  const { words, link, news } = useReader();
  const rooms = useAnswer(() => asker(link)({ wish: "list", channel }), [channel, news]);
  if (!rooms || rooms.length === 0) {
    return null;
  }
  return (
    <section class="stack">
      <h2>{words.say("rooms")}</h2>
      <ul class="stack">
        {rooms.map((room) => (
          <li key={room.id} lang={room.lang} dir="auto">
            <a class="tap" href={`#/room/${room.id}`}>
              <b>{room.title}</b>
            </a>
            {room.notes > 0 && <span class="small soft">{words.say("separator") + words.count("notes_here", room.notes)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function RoomPage({ id }: { id: string }) {
  const { words, link, news, settings, announce } = useReader();
  const ask = useMemo(() => asker(link), [link]);
  const [from, setFrom] = useState(NEWEST);
  const [query, setQuery] = useState("");
  const [answered, setAnswered] = useState<Line | null>(null);
  const [outcome, setOutcome] = useState<TextKey | null>(null);
  const looked = useLooking();
  const wish = { wish: "page", room: id, language: settings.language, from, count: LINES, note: "" } as const;
  const page = useAnswer(() => ask(wish), [id, news, looked, from, settings.language, outcome]);
  useEffect(() => {
    answered && document.getElementById("write")?.scrollIntoView();
  }, [answered]);
  if (!page) {
    return page === null ? <NotFound /> : <p role="status">{words.say("part_coming")}</p>;
  }
  const { room, me, lines, total } = page;
  const said = (what: TextKey) => {
    setOutcome(what);
    announce(words.say(what));
  };
  const acts: Acts = {
    ask,
    answer: me?.barred === "" ? setAnswered : null,
    mayFlag: me?.member === true && !room.closed,
    act: async (wish, line) => {
      const done = await ask({ wish, room: id, note: line.id });
      said(done.refused !== null ? problem(done.refused) : wish === "back" ? "room_done_taken_back" : "room_done_flagged");
    },
    mute: (line, muted) => void ask({ wish: "mute", room: id, key: line.key, muted }),
  };
  const turn = (from: number) => {
    setFrom(from);
    document.getElementById("talk")?.scrollIntoView();
  };
  return (
    <>
      <Head room={room} page={page} />
      {outcome && (
        <p class="badge" role="status">
          <Icon name="checked" />
          {words.say(outcome)}
        </p>
      )}
      <Rules room={room} />
      <Avoided key={page.avoided} avoided={page.avoided} keep={(words) => void ask({ wish: "avoid", room: id, words })} />
      <Search room={room} ask={ask} acts={acts} query={query} setQuery={setQuery} />
      {query.trim().length < LETTERS_MIN && (
        <>
          <Digest room={room} page={page} />
          <section class="stack" id="talk" style={{ gap: "var(--s5)" }}>
            <h2>{words.say("room_notes")}</h2>
            {page.from > 0 && <Turn say="room_older" go={() => turn(Math.max(0, page.from - LINES))} />}
            {total === 0 && (
              <div>
                <Horns />
                <p class="fin">{words.say("notes_none")}</p>
              </div>
            )}
            <Notes room={room} lines={lines} acts={acts} />
            {page.from + lines.length < total && (
              <Turn say="room_newer" go={() => turn(page.from + 2 * LINES >= total ? NEWEST : page.from + LINES)} />
            )}
          </section>
        </>
      )}
      {me && <Write room={room} me={me} ask={ask} answered={answered} forget={() => setAnswered(null)} said={said} />}
    </>
  );
}

/** Counts up as long as somebody looks: then sources are asked more often. */
function useLooking(): number {
  const [looked, setLooked] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setLooked((count) => count + 1), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return looked;
}

type Page = NonNullable<RoomAnswers["page"]>;

/** Whose room, its title, how much of it is here, and whose words notes are. */
function Head({ room, page }: { room: Room; page: Page }) {
  const { words, state } = useReader();
  const channel = state.channels.find(({ id }) => id === room.channel);
  const since = room.closed ? words.say("room_closed") : words.say("room_since", { date: dateOf(room.opened, words) });
  return (
    <div class="stack">
      <p class="by">
        {channel && <Tamga mark={channel.mark} />}
        <span>
          <a class="tap" href={`#/channel/${room.channel}`}>
            <b dir="auto">{channel?.name ?? words.say("unnamed")}</b>
          </a>
          {words.say("separator") + since}
        </span>
      </p>
      <h1 lang={room.lang} dir="auto">
        {room.title}
      </h1>
      <p class="small soft">
        {words.count("notes_here", room.notes)}{" "}
        {page.exchanged !== null && words.say("room_exchanged", { age: words.age(page.exchanged) })}{" "}
        {page.checking && words.say("room_checking")}
      </p>
      {page.full && <p class="badge no">{words.say("room_full")}</p>}
      <p class="small soft">{words.say("room_whose")}</p>
    </div>
  );
}

function Rules({ room }: { room: Room }) {
  const { words } = useReader();
  return (
    <details class="rules" id="rules">
      <summary>{words.say("room_rules")}</summary>
      <div class="stack">
        {room.rules.length === 0 ? (
          <p>{words.say("room_rules_none")}</p>
        ) : (
          <ol>
            {room.rules.map((rule, index) => (
              <li key={index}>
                <p lang={room.lang} dir="auto">
                  {rule}
                </p>
              </li>
            ))}
          </ol>
        )}
        <p class="small soft">
          {words.say(room.tickets ? "room_tickets" : "room_open")} {words.count("notes_kept_days", room.days)}
        </p>
      </div>
    </details>
  );
}

/** Words that the reader does not want to see in this room. */
function Avoided({ avoided, keep }: { avoided: string; keep: (words: string) => void }) {
  const { words } = useReader();
  const [typed, setTyped] = useState(avoided);
  const submit = (event: Event) => {
    event.preventDefault();
    keep(typed.trim());
  };
  return (
    <details class="rules">
      <summary>{words.say("room_avoid")}</summary>
      <form class="stack" onSubmit={submit}>
        <label class="field small">
          {words.say("room_avoid_words")}
          <input
            class="in"
            dir="auto"
            autocomplete="off"
            maxLength={AVOIDED_LETTERS_MAX}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <p class="small soft">{words.say("room_avoid_text")}</p>
        <div class="does">
          <button class="btn">{words.say("room_avoid_keep")}</button>
        </div>
      </form>
    </details>
  );
}

function Digest({ room, page }: { room: Room; page: Page }) {
  const { words } = useReader();
  const { digest, pinned } = page;
  return (
    <>
      {digest.length > 0 && (
        <section class="digest">
          <h2>{digest.length === 3 ? words.say("room_digest_three") : words.count("room_digest", digest.length)}</h2>
          <p class="small soft">{dateOf(page.digest_day * DAY_MS, words) + words.say("separator") + words.say("room_digest_text")}</p>
          <Notes room={room} lines={digest} acts={null} />
        </section>
      )}
      {pinned.length > 0 && (
        <section class="stack pinned">
          <h2>{words.say("room_pinned")}</h2>
          <Notes room={room} lines={pinned} acts={null} />
        </section>
      )}
    </>
  );
}

function Search(props: { room: Room; ask: Ask; acts: Acts; query: string; setQuery: (query: string) => void }) {
  const { words, settings, news } = useReader();
  const { room, query } = props;
  const asks = query.trim().length >= LETTERS_MIN;
  const wish = { wish: "search", room: room.id, language: settings.language, query, count: FOUND_MAX } as const;
  const found = useAnswer(async () => (asks ? props.ask(wish) : null), [room.id, query, news]);
  return (
    <form class="stack" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="field small">
        {words.say("room_search_notes")}
        <input
          class="in"
          type="search"
          dir="auto"
          autocomplete="off"
          value={query}
          onInput={(event) => props.setQuery(event.currentTarget.value)}
        />
      </label>
      {asks && found && (
        <>
          <p class="small soft" role="status">
            {found.total === 0 ? words.say("notes_not_found") : words.count("notes_found", found.total)}
          </p>
          <Notes room={room} lines={found.lines} acts={props.acts} />
        </>
      )}
    </form>
  );
}

function dateOf(timeMs: number, words: Words): string {
  return words.spell(new Intl.DateTimeFormat(INTL_TAGS[words.language], { dateStyle: "long" }).format(timeMs));
}

function Turn({ say, go }: { say: TextKey; go: () => void }) {
  const { words } = useReader();
  return (
    <button type="button" class="btn" onClick={go}>
      {words.say(say)}
    </button>
  );
}
