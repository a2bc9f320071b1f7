// Handing on: one file of a channel, or of all, to be saved or sent.

import { useState } from "preact/hooks";
import type { FilesWanted } from "../shared/protocol";
import { useReader } from "./context";
import { download } from "./download";
import { Icon } from "./drawing";
import { Say } from "./frame";
import type { TextKey } from "./words";

/** Says nothing of what is in it or when it was made. */
const FILE_NAME = "news.longear";

const CHOICES: Record<FilesWanted, TextKey> = {
  all: "hand_all",
  without_films: "hand_without_films",
  none: "hand_texts",
};

/** `channel` empty: all that are followed. */
export function HandOn({ channel }: { channel: string }) {
  const { words, link } = useReader();
  const [files, setFiles] = useState<FilesWanted>("all");
  const [left, setLeft] = useState(0);
  const make = async () => {
    const made = await link.call("handOn", { channel, files });
    setLeft(made.left);
    return new File([made.file], FILE_NAME, { type: "application/octet-stream" });
  };
  const save = async () => download(await make(), FILE_NAME);
  // Whoever closes the list of ways to send it has changed his mind; that is no failure.
  const send = async () => navigator.share({ files: [await make()] }).catch(() => undefined);
  return (
    <section class="stack">
      <h2>{words.say("hand_title")}</h2>
      <p class="soft">{words.say("hand_text")}</p>
      <div role="radiogroup" aria-label={words.say("hand_what")}>
        {(Object.keys(CHOICES) as FilesWanted[]).map((choice) => (
          <label key={choice} class="opt">
            <input type="radio" name="hand" checked={choice === files} onChange={() => setFiles(choice)} />
            <span>{words.say(CHOICES[choice])}</span>
          </label>
        ))}
      </div>
      <div class="does">
        <button type="button" class="btn" onClick={() => void save()}>
          <Icon name="bring" />
          <span>{words.say("hand_save")}</span>
        </button>
        {canSend() && (
          <button type="button" class="btn" onClick={() => void send()}>
            <span>{words.say("hand_send")}</span>
          </button>
        )}
      </div>
      {left > 0 && <Say icon="phone" title={words.count("hand_left", left)} />}
      <p class="small soft">{words.say("hand_shows")}</p>
    </section>
  );
}

/** Browsers choose which kinds of files they hand to other apps. */
function canSend(): boolean {
  return !!navigator.canShare?.({ files: [new File([], FILE_NAME, { type: "application/octet-stream" })] });
}
