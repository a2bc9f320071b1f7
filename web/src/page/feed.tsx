// The list of items, of one channel or of all.

import type { Channel } from "../shared/protocol";
import { useReader } from "./context";
import { Horns, Icon, Line } from "./drawing";
import { FirstRun } from "./follow";
import { Say } from "./frame";
import { useParts } from "./parts";

export function NewsPage() {
  const { words, state } = useReader();
  if (state.channels.length === 0) {
    return <FirstRun />;
  }
  return (
    <>
      <h1 class="vh">{words.say("nav_news")}</h1>
      <Warnings />
      <Feed channel="" />
    </>
  );
}

/** `channel` empty: of all that are followed. */
export function Feed({ channel }: { channel: string }) {
  const { words, state } = useReader();
  const { parts, count, isWhole } = useParts(channel);
  const channels = state.channels.filter(({ id }) => channel === "" || id === channel);
  return (
    <>
      {channels.map(({ id, holes }) => holes > 0 && <Holes key={id} count={holes} />)}
      {parts}
      {isWhole && (
        <div>
          <Horns />
          <p class="fin">
            {count === 0
              ? `${words.say("empty")} ${words.say("empty_text")}`
              : words.say("end_of_list", { posts: words.count("posts_held", count) })}
          </p>
        </div>
      )}
    </>
  );
}

function Holes({ count }: { count: number }) {
  const { words, state, link } = useReader();
  const holding = { blob: "", size: count, ranges: [], doing: "nothing" as const };
  return (
    <div class="gap">
      <p>{words.count("posts_missing", count)}</p>
      <div class="does">
        <button type="button" class="btn" aria-disabled={state.syncing} onClick={() => !state.syncing && void link.call("sync", null)}>
          <Icon name="search" />
          <span>{words.say(state.syncing ? "looking" : "look_for_them")}</span>
        </button>
      </div>
      <div aria-hidden="true">
        <Line holding={holding} words={words} />
      </div>
    </div>
  );
}

/** What must be known before reading: nothing is kept, a charter is in dispute, something kept was damaged. */
function Warnings() {
  const { words, state } = useReader();
  return (
    <>
      {state.storage === "memory" && (
        <Say icon="phone" kind="warm" title={words.say("memory_title")}>
          <p>{words.say("memory_text")}</p>
        </Say>
      )}
      {state.full && <Say icon="full" kind="warm" title={words.say("full")} />}
      {state.damaged.length > 0 && (
        <Say icon="again" kind="warm" title={words.count("damaged_here", state.damaged.length)} />
      )}
      {state.channels.map((channel) => channel.stopped && <Stopped key={channel.id} channel={channel} />)}
    </>
  );
}

export function Stopped({ channel }: { channel: Channel }) {
  const { words } = useReader();
  return (
    <Say icon="warning" kind="stop" title={words.say("stopped", { name: channel.name ?? words.say("unnamed") })}>
      <p>{words.say("stopped_text", { n: words.number(channel.charter + 1) })}</p>
    </Say>
  );
}
