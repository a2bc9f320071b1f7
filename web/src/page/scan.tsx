// Reading a code: with the camera, or from a picture. What reads it is loaded when somebody asks for it.

import { useState } from "preact/hooks";
import { useReader } from "./context";
import { type Later, loadLater } from "./later-loaded";
import type { TextKey } from "./words";

export function Scan({ found }: { found: (text: string) => void }) {
  const { words } = useReader();
  const [later, setLater] = useState<Later | null>(null);
  const [filming, film] = useState(false);
  const [trouble, setTrouble] = useState<TextKey | null>(null);
  const stop = (why: TextKey | null) => {
    film(false);
    setTrouble(why);
  };
  const see = (text: string) => {
    stop(null);
    found(text);
  };
  const begin = () => {
    setTrouble(null);
    loadLater().then(
      (pages) => {
        setLater(pages);
        film(true);
      },
      () => stop("part_failed_text"),
    );
  };
  const open = async (file: File | undefined) => {
    if (!file) {
      return;
    }
    setTrouble(null);
    const pages = await loadLater().catch(() => null);
    const text = await pages?.readPicture(file).catch(() => null);
    text ? see(text) : setTrouble(pages ? "scan_none" : "part_failed_text");
  };
  return (
    <div class="stack">
      <div class="does">
        {"mediaDevices" in navigator && (
          <button type="button" class="btn" aria-pressed={filming} onClick={() => (filming ? stop(null) : begin())}>
            {words.say(filming ? "scan_stop" : "scan_camera")}
          </button>
        )}
        <label class="btn">
          {words.say("scan_picture")}
          <input
            type="file"
            accept="image/*"
            class="vh"
            onChange={(event) => {
              void open(event.currentTarget.files?.[0]);
              event.currentTarget.value = "";
            }}
          />
        </label>
      </div>
      {filming && later && (
        <later.Camera name={words.say("scan_camera")} text={words.say("scan_text")} see={see} failed={() => stop("scan_refused")} />
      )}
      {trouble && <p role="alert">{words.say(trouble)}</p>}
    </div>
  );
}
