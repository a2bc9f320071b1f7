// Handing on: by the phone's own ways of sharing, as a link, as a code for another phone's camera.

import { useState } from "preact/hooks";
import { useAnswer, useReader } from "./context";

/** A link that opens this app with a channel, and with one of its posts. */
export function linkTo(address: string, item?: string): string {
  const query = item ? `${address.includes("?") ? "&" : "?"}item=${item}` : "";
  // An app on this very phone is of no use to anybody else: then the bare address is handed on.
  const isOwn = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  return isOwn ? address + query : `${location.origin}${location.pathname}#${address}${query}`;
}

export function Share({ link, title }: { link: string; title: string }) {
  const { words, announce } = useReader();
  const [copied, setCopied] = useState(false);
  const [shown, show] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(link);
    setCopied(true);
    announce(words.say("copied"));
  };
  return (
    <>
      <div class="does">
        {"share" in navigator && (
          <button type="button" class="btn" onClick={() => void navigator.share({ title, text: link }).catch(() => undefined)}>
            {words.say("share")}
          </button>
        )}
        {"clipboard" in navigator && (
          <button type="button" class="btn" onClick={() => void copy().catch(() => undefined)}>
            {words.say(copied ? "copied" : "share_address")}
          </button>
        )}
        <button type="button" class="btn" aria-expanded={shown} onClick={() => show(!shown)}>
          {words.say("code_show")}
        </button>
      </div>
      {shown && <Code text={link} />}
    </>
  );
}

function Code({ text }: { text: string }) {
  const { words } = useReader();
  const drawing = useAnswer(async () => (await import("./codes")).draw(text), [text]);
  if (!drawing) {
    return null;
  }
  return (
    <figure class="qr">
      <svg viewBox={`0 0 ${drawing.size} ${drawing.size}`} role="img" aria-label={words.say("code_label")} shape-rendering="crispEdges">
        <rect width={drawing.size} height={drawing.size} fill="#fff" />
        <path d={drawing.path} fill="#000" />
      </svg>
      <figcaption class="small soft">{words.say("code_text")}</figcaption>
    </figure>
  );
}
