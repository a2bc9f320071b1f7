// Search over what is here; nothing is sent anywhere.

import { useState } from "preact/hooks";
import { Card } from "./card";
import { useAnswer, useReader } from "./context";

const FOUND_MAX = 50;
/** The core finds beginnings of words from this length on. */
const LETTERS_MIN = 3;

export function SearchPage() {
  const { words, link, news } = useReader();
  const [query, setQuery] = useState("");
  const asks = query.trim().length >= LETTERS_MIN;
  const found = useAnswer(
    async () => (asks ? link.call("search", { query, count: FOUND_MAX }) : null),
    [query, news],
  );
  return (
    <>
      <form class="stack" role="search" onSubmit={(event) => event.preventDefault()}>
        <h1>{words.say("search_title")}</h1>
        <label class="field">
          <span class="vh">{words.say("search_words")}</span>
          <input
            class="in"
            type="search"
            dir="auto"
            autocomplete="off"
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <p class="small soft" role="status">
          {!asks || !found
            ? words.say("search_hint")
            : found.length > 0
              ? words.count("search_found", found.length)
              : words.say("search_none")}
        </p>
      </form>
      <div class="feed">{asks && found?.map((item) => <Card key={item.id} item={item} />)}</div>
    </>
  );
}
