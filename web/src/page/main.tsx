// The page: shows what the worker knows, and decides nothing.

import { type ComponentChildren, render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { State } from "../shared/protocol";
import { type Reader, ReaderContext, useReader } from "./context";
import { NewsPage } from "./feed";
import { FollowPage } from "./follow";
import { Frame, Say } from "./frame";
import { receiveFiles } from "./handed";
import { loadLater } from "./later-loaded";
import { leaveOnShifts } from "./leave";
import { Link } from "./link";
import { topLeft } from "./parts";
import { guideLinks, type LaterRoute, readRoute, type Route } from "./route";
import { keepSettings, readSettings, type Settings } from "./settings";
import { type Language, type TextKey, Words } from "./words";

const STARTING: State = { phase: "starting", storage: "kept", syncing: false, full: false, channels: [], sources: [], damaged: [], alarm: null };

function App({ link, first }: { link: Link; first: Words }) {
  const [settings, setSettings] = useState(readSettings);
  const [state, setState] = useState(STARTING);
  const [news, setNews] = useState(0);
  const [said, announce] = useState("");
  const route = useRoute();
  const { later, needLater } = useLater(settings.language);
  const words = useWords(settings.language, later !== null && later !== "failed", first);
  useEffect(() => {
    link.onState = setState;
    link.onNews = () => setNews((count) => count + 1);
  }, []);
  // Chosen in another tab. What was wiped there must not be written anew.
  useEffect(() => window.addEventListener("storage", ({ newValue }) => newValue && setSettings(readSettings())), []);
  useEffect(() => {
    document.documentElement.dataset["theme"] = settings.theme;
    keepSettings(settings);
  }, [settings]);
  useEffect(() => {
    void link.call("rules", { days: settings.keepDays, bytes: settings.keepBytes }).catch(() => undefined);
  }, [settings.keepDays, settings.keepBytes]);
  useKeeper(state, route);
  const reader = useMemo<Reader>(() => {
    const change = (some: Partial<Settings>) => setSettings((all) => ({ ...all, ...some }));
    return { words, settings, change, state, link, news, announce, later, needLater };
  }, [words, settings, state, news, later]);
  return (
    <ReaderContext.Provider value={reader}>
      <Frame route={route}>
        <Here route={route} />
      </Frame>
      <p class="vh" role="status">
        {said}
      </p>
    </ReaderContext.Provider>
  );
}

function Here({ route }: { route: Route }) {
  const { words, state } = useReader();
  const shown = JSON.stringify(route);
  const first = useRef(shown);
  useEffect(() => {
    const title = TITLES[route.page];
    document.title = (title ? `${words.say(title)} · ` : "") + words.say("brand");
  }, [shown, words]);
  useEffect(() => {
    window.scrollTo(0, topLeft(route));
    if (shown !== first.current) {
      // Whoever listens goes on at the beginning of what is new, not where the old link was.
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    first.current = "";
  }, [shown]);
  switch (state.phase) {
    case "starting":
      return (
        <Untitled>
          <p role="status">{words.say("starting")}</p>
        </Untitled>
      );
    case "elsewhere":
      return (
        <Untitled>
          <Say icon="phone" title={words.say("elsewhere_title")}>
            <p>{words.say("elsewhere_text")}</p>
          </Say>
        </Untitled>
      );
    case "failed":
      return (
        <Untitled>
          <Say icon="warning" kind="warm" title={words.say("failed_title")}>
            <p>{words.say("failed_text")}</p>
          </Say>
        </Untitled>
      );
    case "ready":
      return <Page key={shown} route={route} />;
  }
}

/** What stands where a page is not: whoever listens for headings finds one all the same. */
function Untitled({ children }: { children: ComponentChildren }) {
  const { words } = useReader();
  return (
    <>
      <h1 class="vh">{words.say("brand")}</h1>
      {children}
    </>
  );
}

const TITLES: Partial<Record<Route["page"], TextKey>> = {
  news: "nav_news",
  search: "nav_search",
  channels: "nav_channels",
  kept: "nav_kept",
  checked: "how_checked",
  follow: "follow_title",
  file: "file_title",
};

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "news":
      return <NewsPage />;
    case "follow":
      return <FollowPage text={route.text} />;
    default:
      return <LoadedPage route={route} />;
  }
}

/** A page that is loaded, with its words, when the first of its kind is opened. */
function LoadedPage({ route }: { route: LaterRoute }) {
  const { words, later, needLater } = useReader();
  const isLoaded = later !== null && later !== "failed";
  useEffect(() => {
    isLoaded || needLater();
  }, []);
  if (isLoaded && words.areAll) {
    return <later.LaterPage route={route} />;
  }
  if (later !== "failed") {
    return (
      <Untitled>
        <p role="status">{words.say("part_coming")}</p>
      </Untitled>
    );
  }
  return (
    <Untitled>
      <Say icon="warning" kind="warm" title={words.say("part_failed")}>
        <p>{words.say("part_failed_text")}</p>
        <div class="does">
          <button type="button" class="btn" onClick={needLater}>
            {words.say("part_again")}
          </button>
        </div>
      </Say>
    </Untitled>
  );
}

function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return readRoute(hash);
}

/** What keeps the app for when there is no network fetches all of it: it comes behind what somebody came to see. */
function useKeeper(state: State, route: Route): void {
  const isLooking = state.phase === "starting" || state.syncing || (route.page === "follow" && state.channels.length === 0);
  const isAsked = useRef(false);
  useEffect(() => {
    if (!isLooking && !isAsked.current) {
      isAsked.current = true;
      navigator.serviceWorker?.register("service.js").catch(() => undefined);
    }
  }, [isLooking]);
}

/** The pages that a first look does not need, once somebody needs one and they and their words have come. */
function useLater(language: Language): Pick<Reader, "later" | "needLater"> {
  const [later, setLater] = useState<Reader["later"]>(null);
  const needLater = () => {
    setLater(null);
    Promise.all([loadLater(), loadWords(language, true)]).then(
      ([pages]) => setLater(pages),
      () => setLater("failed"),
    );
  };
  return { later, needLater };
}

function loadWords(language: Language, all: boolean): Promise<Words> {
  return Words.load(language, all).catch(() => Words.load("en", all));
}

/** The words of a language; those of the last one stay until the next have come. */
function useWords(language: Language, all: boolean, first: Words): Words {
  const [words, setWords] = useState(first);
  useEffect(() => {
    if (language !== words.language || (all && !words.areAll)) {
      loadWords(language, all).then(setWords, () => undefined);
    }
  }, [language, all]);
  useEffect(() => {
    document.documentElement.lang = words.language;
    document.documentElement.dir = words.direction;
  }, [words]);
  return words;
}

leaveOnShifts();
guideLinks();
receiveFiles();
// Until the words are here the page shows what stands in it from the beginning: whose app this is. The core, which is larger, comes
// behind them, so that a slow line brings what can be read first.
void loadWords(readSettings().language, false).then((first) =>
  render(<App link={new Link()} first={first} />, document.getElementById("app") as HTMLElement),
);
