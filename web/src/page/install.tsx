// Putting the app on the phone's own screen, where the browser offers it.

import { useEffect, useState } from "preact/hooks";
import { useReader } from "./context";

/** Chromium's, and in no standard. */
interface Offer extends Event {
  prompt(): Promise<unknown>;
}

let offer: Offer | null = null;
const hearers = new Set<() => void>();

addEventListener("beforeinstallprompt", (event) => {
  // Not at once and over the news, but where it is looked for.
  event.preventDefault();
  offer = event as Offer;
  hearers.forEach((hear) => hear());
});
addEventListener("appinstalled", () => {
  offer = null;
  hearers.forEach((hear) => hear());
});

export function Install() {
  const { words } = useReader();
  const [, again] = useState(0);
  useEffect(() => {
    const hear = () => again((count) => count + 1);
    hearers.add(hear);
    return () => void hearers.delete(hear);
  }, []);
  const held = offer;
  if (!held) {
    return null;
  }
  return (
    <div class="stack">
      <p class="small soft">{words.say("install_text")}</p>
      <div class="does">
        <button type="button" class="btn" onClick={() => void held.prompt()}>
          {words.say("install")}
        </button>
      </div>
    </div>
  );
}
