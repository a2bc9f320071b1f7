// Search over what is here; nothing is sent anywhere.

import { useEffect, useState } from "preact/hooks";
import type { SearchAnswer } from "../shared/protocol";
import { Card } from "./card";
import { useReader } from "./context";

const FOUND_MAX = 50;
/** What a first screen shows; these are drawn before the rest is asked for. */
const FOUND_FIRST = 8;
/** The core finds beginnings of words from this length on. */
const LETTERS_MIN = 3;

export function SearchPage() {
  const { words } = useReader();
  const [query, setQuery] = useState("");
  const asks = query.trim().length >= LETTERS_MIN;
  const found = useFound(asks ? query : "");
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
            : found.items.length === 0
              ? words.say(found.isLearning ? "looking" : "search_none")
              : words.count("search_found", found.items.length) + (found.isLearning ? ` ${words.say("looking")}` : "")}
        </p>
      </form>
      <div class="feed">{asks && found?.items.map((item) => <Card key={item.id} item={item} />)}</div>
    </>
  );
}

/** What is found, more from moment to moment as long as there is more to look through. Begins to look through it without a query. */
function useFound(query: string): SearchAnswer | null {
  const { link, news } = useReader();
  const [found, setFound] = useState<SearchAnswer | null>(null);
  useEffect(() => {
    let wanted = true;
    // What answers an old question is shown until the new one is answered, but not behind an empty line.
    query === "" && setFound(null);
    const ask = async () => {
      for (let count = FOUND_FIRST, isMore = true; wanted && isMore; count = FOUND_MAX) {
        const given = await link.call("search", { query, count });
        isMore = given.isLearning || (count === FOUND_FIRST && given.items.length === count);
        wanted && query !== "" && setFound({ ...given, isLearning: isMore });
        // What is known is on the screen by now.
        wanted && query !== "" && given.isLearning && (await link.call("search", { query: "", count }));
      }
    };
    ask().catch(() => undefined);
    return () => {
      wanted = false;
    };
  }, [query, news]);
  return found;
}
