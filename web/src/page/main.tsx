// The page: shows what the worker knows, and decides nothing.

import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { State } from "../shared/protocol";
import { ChannelPage, ChannelsPage } from "./channels";
import { CheckedPage } from "./checked";
import { type Reader, ReaderContext, useReader } from "./context";
import { NewsPage } from "./feed";
import { FollowPage } from "./follow";
import { Frame, Say } from "./frame";
import { HandedPage, receiveFiles } from "./handed";
import { ItemPage } from "./item";
import { KeptPage } from "./kept";
import { leaveOnShifts } from "./leave";
import { Link } from "./link";
import { guideLinks, readRoute, type Route } from "./route";
import { SearchPage } from "./search";
import { keepSettings, readSettings, type Settings } from "./settings";
import { type Language, type TextKey, Words } from "./words";

const STARTING: State = { phase: "starting", storage: "kept", syncing: false, full: false, channels: [], sources: [], damaged: [], alarm: null };

function App({ link }: { link: Link }) {
  const [settings, setSettings] = useState(readSettings);
  const [state, setState] = useState(STARTING);
  const [news, setNews] = useState(0);
  const [said, announce] = useState("");
  const words = useWords(settings.language);
  const route = useRoute();
  useEffect(() => {
    link.onState = setState;
    link.onNews = () => setNews((count) => count + 1);
  }, []);
  useEffect(() => {
    document.documentElement.dataset["theme"] = settings.theme;
    keepSettings(settings);
  }, [settings]);
  useEffect(() => {
    void link.call("rules", { days: settings.keepDays, bytes: settings.keepBytes }).catch(() => undefined);
  }, [settings.keepDays, settings.keepBytes]);
  const reader = useMemo<Reader | null>(() => {
    const change = (some: Partial<Settings>) => setSettings((all) => ({ ...all, ...some }));
    return words && { words, settings, change, state, link, news, announce };
  }, [words, settings, state, news]);
  if (!reader) {
    return null;
  }
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
    window.scrollTo(0, 0);
    if (shown !== first.current) {
      // Whoever listens goes on at the beginning of what is new, not where the old link was.
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    first.current = "";
  }, [shown]);
  switch (state.phase) {
    case "starting":
      return <p role="status">{words.say("starting")}</p>;
    case "elsewhere":
      return (
        <Say icon="phone" title={words.say("elsewhere_title")}>
          <p>{words.say("elsewhere_text")}</p>
        </Say>
      );
    case "failed":
      return (
        <Say icon="warning" kind="warm" title={words.say("failed_title")}>
          <p>{words.say("failed_text")}</p>
        </Say>
      );
    case "ready":
      return <Page key={shown} route={route} />;
  }
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
    case "item":
      return <ItemPage id={route.id} />;
    case "channel":
      return <ChannelPage id={route.id} />;
    case "channels":
      return <ChannelsPage />;
    case "follow":
      return <FollowPage text={route.text} />;
    case "search":
      return <SearchPage />;
    case "kept":
      return <KeptPage />;
    case "checked":
      return <CheckedPage />;
    case "file":
      return <HandedPage />;
  }
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

/** The words of a language; those of the last one stay until the next have come. */
function useWords(language: Language): Words | null {
  const [words, setWords] = useState<Words | null>(null);
  useEffect(() => {
    const loaded = Words.load(language).catch(() => Words.load("en"));
    loaded.then(
      (next) => {
        document.documentElement.lang = next.language;
        document.documentElement.dir = next.direction;
        setWords(next);
      },
      () => undefined,
    );
  }, [language]);
  return words;
}

leaveOnShifts();
guideLinks();
receiveFiles();
navigator.serviceWorker?.register("service.js").catch(() => undefined);
render(<App link={new Link()} />, document.getElementById("app") as HTMLElement);
