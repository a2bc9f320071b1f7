// An item in a list.

import { useEffect, useState } from "preact/hooks";
import type { Item } from "../shared/protocol";
import { useHolding, usePicture, useReader } from "./context";
import { Icon, Line, held, share } from "./drawing";
import { Badge, By, Caution, all, best, inLanguage, mayBeRead, textFor } from "./item-parts";

/** Pictures up to this size are shown without asking, also with the data saver. */
const SMALL_PICTURE_BYTES_MAX = 64 << 10;

export function Card({ item }: { item: Item }) {
  const { words, settings } = useReader();
  const text = textFor(item, settings.language);
  const isRead = mayBeRead(item);
  const main = isRead ? mainRendition(item, settings.dataSaver) : undefined;
  const holding = useHolding(item, main);
  const href = `#/item/${item.id}`;
  const title = text?.title || words.say("untitled");
  return (
    <article class={main === undefined ? "item" : "item two"}>
      {main !== undefined && <Still item={item} main={main} href={href} whole={!!holding && held(holding) >= holding.size} />}
      <div class="stack">
        <By item={item} />
        {isRead && (
          <>
            <h2 {...inLanguage(text)}>
              <a href={href}>
                <span>{title}</span>
              </a>
            </h2>
            {text?.text && (
              <p class="soft" {...inLanguage(text)}>
                {text.text}
              </p>
            )}
          </>
        )}
        {item.kind === "live" && <Live item={item} />}
        <Badge item={item} holding={holding} />
        <Caution item={item} />
      </div>
      {holding && held(holding) < holding.size && <p class="at">{share(holding, words)}</p>}
      <Line holding={holding} words={words} />
    </article>
  );
}

/** How a broadcast stands, as soon as the part of the app has come that can tell. */
function Live({ item }: { item: Item }) {
  const { words, later, needLater } = useReader();
  useEffect(() => {
    later ?? needLater();
  }, []);
  return later && later !== "failed" && words.areAll ? <later.LiveTag item={item} /> : null;
}

/** What the line under the card tells of: the video, or else the sound, or else the first photo. */
function mainRendition(item: Item, dataSaver: boolean): number | undefined {
  return best(item, "video", dataSaver) ?? best(item, "sound", dataSaver) ?? all(item, "photo")[0];
}

function Still({ item, main, href, whole }: { item: Item; main: number; href: string; whole: boolean }) {
  const { words, settings } = useReader();
  const [photo, ...others] = all(item, "photo");
  const rendition = photo === undefined ? undefined : item.renditions[photo];
  const isSmall = !!rendition && (rendition.inline || rendition.size <= SMALL_PICTURE_BYTES_MAX);
  const picture = usePicture(item, photo, isSmall || !settings.dataSaver || (photo === main && whole));
  const [isBroken, breaks] = useState(false);
  const { mime, ms } = item.renditions[main] ?? { mime: "", ms: 0 };
  const plays = !mime.startsWith("image/");
  const count = others.length > 0 && !plays ? words.count("photos", others.length + 1) : "";
  const label = plays && ms > 0 ? words.length(ms) : count;
  return (
    // The title below leads to the same page; this one is for fingers.
    <a class="still" href={href} tabIndex={-1} aria-hidden="true">
      {picture && !isBroken ? <img src={picture} alt="" onError={() => breaks(true)} /> : <svg viewBox="0 0 320 180" />}
      {plays && (
        <span class="go">
          <Icon name="play" />
        </span>
      )}
      {!plays && (!picture || isBroken) && (
        <span class="go ask">
          <Icon name="photo" />
        </span>
      )}
      {label && <span class="len">{mime.startsWith("audio/") ? words.say("sound") + words.say("separator") + label : label}</span>}
    </a>
  );
}
