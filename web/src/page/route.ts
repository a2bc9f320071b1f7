// Where the reader is: the part of the address behind the hash, which no server sees.

/** What a first look may come to. */
type FirstRoute = { page: "news" } | { page: "follow"; text: string };
/** What is loaded when somebody goes there. */
export type LaterRoute =
  | { page: "search" | "channels" | "kept" | "checked" | "file" }
  | { page: "item" | "channel" | "room"; id: string };
export type Route = FirstRoute | LaterRoute;

const PLAIN = ["search", "channels", "kept", "checked", "file"] as const;

export function readRoute(hash: string): Route {
  const behind = hash.replace(/^#/, "");
  if (/^longear:/i.test(behind)) {
    return { page: "follow", text: behind };
  }
  const [, page, id] = behind.match(/^\/(item|channel|room)\/([0-9a-f]{64})$/) ?? [];
  if (page && id) {
    return { page: page as "item" | "channel" | "room", id };
  }
  const plain = PLAIN.find((name) => behind === `/${name}`);
  return { page: plain ?? "news" };
}

/** The post that a link to a channel leads to, if it names one. Readers of addresses pass over what is no hint. */
export function itemIn(address: string): string | null {
  return address.match(/[?&]item=([0-9a-f]{64})(?:&|$)/)?.[1] ?? null;
}

/**
 * Goes somewhere without a trace: the browser's list of pages holds one entry for the app, whatever was read in it, so
 * that leaving takes all of it out of the Back button.
 */
export function go(hash: string): void {
  location.replace(hash);
}

/** Lets ordinary links go the same way. */
export function guideLinks(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    const hash = link?.getAttribute("href");
    if (hash?.startsWith("#") && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      go(hash);
    }
  });
}
