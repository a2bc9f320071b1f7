// "How this was checked": what this phone does, and what it cannot do.

import { release } from "../shared/release";
import { useReader } from "./context";
import { Tamga } from "./drawing";
import { Digits } from "./follow";

export function CheckedPage() {
  const { words, state } = useReader();
  return (
    <>
      <h1>{words.say("how_checked")}</h1>
      <section class="stack">
        <h2>{words.say("checked_done")}</h2>
        <p>{words.say("checked_done_text")}</p>
      </section>
      <section class="stack">
        <h2>{words.say("checked_cannot")}</h2>
        <p>{words.say("checked_cannot_text")}</p>
      </section>
      <section class="stack">
        <h2>{words.say("checked_sure")}</h2>
        <ul class="dots">
          <li>{words.say("checked_sure_digits")}</li>
          <li>{words.say("checked_sure_old")}</li>
        </ul>
      </section>
      <section class="stack">
        <h2>{words.say("checked_app")}</h2>
        <p>
          <b>{words.say(release.isDevelopment ? "app_development" : "app_version", { n: words.number(release.version) })}</b>{" "}
          {words.say(release.isDevelopment ? "app_development_text" : "app_version_text")}
        </p>
      </section>
      {state.channels.map((channel) => (
        <section key={channel.id} class="stack tight">
          <div class="by">
            <Tamga mark={channel.mark} />
            <b dir="auto">{channel.name ?? words.say("unnamed")}</b>
          </div>
          <Digits digits={channel.digits} />
        </section>
      ))}
    </>
  );
}
