// The channels that are followed, and the page of one.

import type { Channel } from "../shared/protocol";
import { useReader } from "./context";
import { Horns, Icon, Line, Tamga } from "./drawing";
import { Feed, Stopped } from "./feed";
import { HandOn } from "./hand-on";
import { AddressField, Digits } from "./follow";
import { NotFound } from "./item";
import { RoomsOf } from "./rooms/room";
import { go } from "./route";
import { Share, linkTo } from "./share";

export function ChannelsPage() {
  const { words, state } = useReader();
  return (
    <>
      <h1>{words.say("channels_title")}</h1>
      {state.channels.length === 0 && (
        <div>
          <Horns />
          <p class="fin">{words.say("empty")}</p>
        </div>
      )}
      <ul class="channels">
        {state.channels.map((channel) => (
          <li key={channel.id} class="item">
            <p class="by">
              <Tamga mark={channel.mark} />
              <span>
                <a class="tap" href={`#/channel/${channel.id}`}>
                  <b dir="auto">{channel.name ?? words.say("unnamed")}</b>
                </a>
                {channel.last_word !== null && words.say("separator") + words.age(channel.last_word)}
              </span>
            </p>
            {channel.stopped && (
              <p class="badge no">
                <Icon name="warning" />
                {words.say("stopped_short")}
              </p>
            )}
            <Line words={words} holding={holdingOf(channel)} />
          </li>
        ))}
      </ul>
      <section class="stack">
        <h2>{words.say("follow_title")}</h2>
        <AddressField />
      </section>
    </>
  );
}

function holdingOf({ items, holes }: Channel) {
  return { blob: "", size: items + holes, ranges: [[0, items]] as [number, number][], doing: "nothing" as const };
}

export function ChannelPage({ id }: { id: string }) {
  const { words, state } = useReader();
  const channel = state.channels.find((one) => one.id === id);
  if (!channel) {
    return <NotFound />;
  }
  return (
    <>
      <div class="by" style={{ gap: "var(--s4)" }}>
        <Tamga mark={channel.mark} big />
        <h1 dir="auto">{channel.name ?? words.say("unnamed")}</h1>
      </div>
      {channel.stopped && <Stopped channel={channel} />}
      {channel.last_word !== null && <p class="soft">{words.say("last_word", { age: words.age(channel.last_word) })}</p>}
      <RoomsOf channel={id} />
      <Feed channel={id} />
      <HandOn channel={id} />
      <Identity channel={channel} />
    </>
  );
}

/** What proves which channel this is, and the way out of it. */
function Identity({ channel }: { channel: Channel }) {
  const { words, link } = useReader();
  const unfollow = async () => {
    await link.call("unfollow", { channel: channel.id });
    go("#/channels");
  };
  return (
    <section class="stack" style={{ gap: "var(--s4)" }}>
      <h2>{words.say("digits")}</h2>
      <Digits digits={channel.digits} />
      <p class="small soft">{words.say("digits_text")}</p>
      {channel.address && (
        <>
          <h3>{words.say("full_address")}</h3>
          <p class="code address small">{channel.address}</p>
          <Share link={linkTo(channel.address)} title={channel.name ?? words.say("brand")} />
        </>
      )}
      {channel.charter > 0 && (
        <p class="small soft">
          {words.say("charter_number", { n: words.number(channel.charter) })}
          <br />
          {words.count("delegates", channel.delegates)}
        </p>
      )}
      <div class="does">
        <button type="button" class="btn danger" onClick={() => void unfollow()}>
          <span>
            {words.say("unfollow")} <small>{words.say("unfollow_text")}</small>
          </span>
        </button>
      </div>
    </section>
  );
}
