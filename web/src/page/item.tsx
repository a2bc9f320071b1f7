// The page of one item.

import { useState } from "preact/hooks";
import type { Item, Rendition, Variant } from "../shared/protocol";
import type { Smaller } from "./controls";
import { useAnswer, useHolding, useReader } from "./context";
import { Icon, Line, held, share } from "./drawing";
import { Stopped } from "./feed";
import { Badge, By, Caution, type Medium, all, best, inLanguage, mayBeRead, mediumOf, posterOf, textFor } from "./item-parts";
import { Broadcast } from "./live/live";
import { plainName } from "./plain-name";
import { Player } from "./player";
import { Share, linkTo } from "./share";
import type { Words } from "./words";

export function ItemPage({ id }: { id: string }) {
  const { link, news } = useReader();
  const item = useAnswer(() => link.call("item", { id }), [id, news]);
  if (item === undefined) {
    return null;
  }
  return item ? <Whole item={item} /> : <NotFound />;
}

export function NotFound() {
  const { words } = useReader();
  return (
    <div class="stack">
      <h1>{words.say("not_found")}</h1>
      <p>{words.say("not_found_text")}</p>
      <BackToNews />
    </div>
  );
}

function BackToNews() {
  const { words } = useReader();
  return (
    <a class="btn bare" href="#/" style={{ justifySelf: "start" }}>
      <Icon name="back" flip />
      <span>{words.say("back_to_news")}</span>
    </a>
  );
}

function Whole({ item }: { item: Item }) {
  const { words, settings, state } = useReader();
  const [language, setLanguage] = useState<string>(settings.language);
  const text = textFor(item, language);
  const playable = [...all(item, "video"), ...all(item, "sound")];
  const [chosen, setChosen] = useState(best(item, "video", settings.dataSaver) ?? playable[0]);
  const holding = useHolding(item, chosen);
  const rendition = chosen === undefined ? undefined : item.renditions[chosen];
  const [goOnAt, setGoOnAt] = useState<number | null>(null);
  const choose = (index: number, at: number | null = null) => {
    setGoOnAt(at);
    setChosen(index);
  };
  const smaller = smallerOf(item, playable, chosen, words, choose);
  const channel = state.channels.find(({ id }) => id === item.channel);
  if (!mayBeRead(item)) {
    return (
      <article class="stack" style={{ gap: "var(--s4)" }}>
        <By item={item} />
        <h1 class="vh">{words.say("untitled")}</h1>
        <Badge item={item} holding={null} />
        <Caution item={item} />
        <BackToNews />
      </article>
    );
  }
  return (
    <article class="stack" style={{ gap: "var(--s4)" }}>
      <By item={item} />
      {item.kind === "notice" && <p class="small soft">{words.say("notice")}</p>}
      <h1 {...inLanguage(text)}>{text?.title || words.say("untitled")}</h1>
      <Badge item={item} holding={holding} />
      <Caution item={item} />
      {channel?.stopped && <Stopped channel={channel} />}
      {item.kind === "live" && <Broadcast item={item} />}
      {chosen !== undefined && rendition && (
        <>
          <Player key={chosen} item={item} index={chosen} rendition={rendition} holding={holding} smaller={smaller} goOnAt={goOnAt} />
          {playable.length > 1 && <Forms item={item} indexes={playable} chosen={chosen} choose={choose} />}
        </>
      )}
      <Others item={item} medium="photo" />
      <Tongues item={item} text={text} choose={setLanguage} />
      {text && <Prose text={text} />}
      <Others item={item} medium="file" />
      <HandOn item={item} title={text?.title} />
      <HowChecked item={item} />
      <BackToNews />
    </article>
  );
}

/** The largest form with fewer bytes than the chosen one. */
function smallerOf(
  item: Item,
  playable: number[],
  chosen: number | undefined,
  words: Words,
  choose: (index: number, at: number) => void,
): Smaller | null {
  const size = (index: number) => item.renditions[index]?.size ?? 0;
  const [next] = playable.filter((index) => chosen !== undefined && size(index) < size(chosen)).sort((a, b) => size(b) - size(a));
  const rendition = next === undefined ? undefined : item.renditions[next];
  if (next === undefined || !rendition) {
    return null;
  }
  return { name: `${formName(rendition, words)}, ${words.size(rendition.size)}`, choose: (at) => choose(next, at) };
}

function formName(rendition: Rendition, words: Words): string {
  return mediumOf(rendition) === "sound" ? words.say("sound_only") : `${words.number(rendition.height)}p`;
}

/** Without the module that makes HTML of it a text is read as it was written. */
function Prose({ text }: { text: Variant }) {
  if (text.html === undefined) {
    return (
      <div class="prose" style={{ whiteSpace: "pre-wrap" }} {...inLanguage(text)}>
        {text.markdown}
      </div>
    );
  }
  return <div class="prose" {...inLanguage(text)} dangerouslySetInnerHTML={{ __html: text.html }} />;
}

function HandOn({ item, title }: { item: Item; title: string | undefined }) {
  const { words, state } = useReader();
  const channel = state.channels.find((one) => one.id === item.channel);
  if (!channel?.address) {
    return null;
  }
  return (
    <section class="stack" aria-label={words.say("share")}>
      <Share link={linkTo(channel.address, item.id)} title={title || words.say("untitled")} />
    </section>
  );
}

function Others({ item, medium }: { item: Item; medium: Medium }) {
  return (
    <>
      {all(item, medium)
        .filter((index) => index !== posterOf(item))
        .map((index) => (
          <Other key={index} item={item} index={index} />
        ))}
    </>
  );
}

function Other({ item, index }: { item: Item; index: number }) {
  const { words } = useReader();
  const holding = useHolding(item, index);
  const rendition = item.renditions[index];
  if (!rendition) {
    return null;
  }
  const name = plainName(rendition.name);
  return (
    <section class="stack" aria-label={name}>
      {mediumOf(rendition) === "file" && (
        <>
          <p class="bar">
            <Icon name="file" />
            <b dir="auto">{name}</b> <span class="soft">{words.size(rendition.size)}</span>
          </p>
          {name.toLowerCase() !== rendition.name.toLowerCase() && <p class="small soft">{words.say("file_named")}</p>}
        </>
      )}
      <Player item={item} index={index} rendition={rendition} holding={holding} />
    </section>
  );
}

function Forms(props: { item: Item; indexes: number[]; chosen: number; choose: (index: number) => void }) {
  const { words } = useReader();
  return (
    <section>
      <h2 class="vh">{words.say("forms")}</h2>
      <div role="radiogroup" aria-label={words.say("forms")}>
        {props.indexes.map((index) => (
          <Form key={index} item={props.item} index={index} isChosen={index === props.chosen} choose={props.choose} />
        ))}
      </div>
    </section>
  );
}

function Form(props: { item: Item; index: number; isChosen: boolean; choose: (index: number) => void }) {
  const { words } = useReader();
  const holding = useHolding(props.item, props.index);
  const rendition = props.item.renditions[props.index];
  if (!rendition) {
    return null;
  }
  const have = holding ? held(holding) : 0;
  const state = have === 0 ? words.say("not_here") : have < rendition.size && holding ? share(holding, words) : words.say("here");
  const name = formName(rendition, words);
  return (
    <label class="opt">
      <input type="radio" name="form" checked={props.isChosen} onChange={() => props.choose(props.index)} />
      <span>
        {name}
        <small>{words.size(rendition.size)}</small>
      </span>
      <span class="small soft" style={{ flex: "0 1 7.5rem", gap: "6px" }}>
        {state}
        <span aria-hidden="true">
          <Line holding={holding} words={words} />
        </span>
      </span>
    </label>
  );
}

/** Which text this is, and the others that there are. */
function Tongues({ item, text, choose }: { item: Item; text: Variant | undefined; choose: (lang: string) => void }) {
  const { words } = useReader();
  if (!text) {
    return null;
  }
  const origins = { original: "original", human: "by_person", machine: "by_machine" } as const;
  return (
    <>
      <p class="by">
        <Icon name="languages" />
        <span>
          <b lang={text.lang} dir="auto">
            {words.languageName(text.lang)}
          </b>
          {words.say("separator")}
          {words.say(origins[text.origin])}
        </span>
      </p>
      {item.variants.length > 1 && (
        <div class="does tongues" role="group" aria-label={words.say("texts")}>
          {item.variants.map((variant) => (
            <button
              key={variant.lang}
              type="button"
              class="btn"
              lang={variant.lang}
              aria-pressed={variant === text}
              onClick={() => choose(variant.lang)}
            >
              {words.languageName(variant.lang)}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

function HowChecked({ item }: { item: Item }) {
  const { words } = useReader();
  return (
    <details>
      <summary>
        <Icon name="checked" />
        {words.say("how_checked")}
      </summary>
      <div class="stack soft" style={{ paddingBlockEnd: "var(--s3)" }}>
        <p>{words.say("signed_on", { moment: words.moment(item.time) })}</p>
        <p>{words.say(item.status === "disputed" ? "signed_disputed" : "bytes_compared")}</p>
        {item.corrects && <p>{words.say("corrects")}</p>}
        <p>
          <a href="#/checked">{words.say("how_checked")}</a>
        </p>
      </div>
    </details>
  );
}
