// A list of posts as long as it is: read in parts as somebody comes near, and drawn only near the screen.

import type { RefObject, VNode } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { FeedPage } from "../shared/protocol";
import { Card } from "./card";
import { useReader } from "./context";
import type { Route } from "./route";

const PART_COUNT = 10;
/** How far from the screen a part is already drawn: some two screens of a phone. */
const NEAR = "1500px";

/** How far somebody read in a list: where each part begins, `null` behind the last one; and what the screen showed. */
interface Place {
  starts: (string | null)[];
  /** How many posts there are, known when the last part is. */
  count: number;
  heights: number[];
  top: number;
}

const BEGINNING: Place = { starts: [""], count: 0, heights: [], top: 0 };

/** Where lists were left, by channel, until the app is closed. Whoever opens a post comes back to its neighbours. */
const left = new Map<string, Place>();

/** How far down a page was left, if it is a list. */
export function topLeft(route: Route): number {
  const channel = route.page === "channel" ? route.id : "";
  return route.page === "news" || channel ? (left.get(channel)?.top ?? 0) : 0;
}

export function useParts(channel: string) {
  const list = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(left.get(channel) ?? BEGINNING);
  const last = useRef(place);
  last.current = place;
  useLayoutEffect(
    () => () => {
      const heights = [...(list.current?.children ?? [])].map((part) => part.clientHeight);
      left.set(channel, { ...last.current, heights, top: scrollY });
    },
    [],
  );
  const came = useCallback(
    (number: number, { items, cursor }: FeedPage) =>
      setPlace((before) => {
        const count = cursor === null ? number * PART_COUNT + items.length : before.count;
        const isSame = before.starts[number + 1] === cursor && count === before.count;
        // What comes behind begins elsewhere now, and says so to the next one when it is read again.
        const behind = cursor === null ? [] : before.starts.slice(number + 2);
        return isSame ? before : { ...before, count, starts: [...before.starts.slice(0, number + 1), cursor, ...behind] };
      }),
    [],
  );
  // The same element again is not looked at again, and there may be hundreds of parts.
  const drawn = useRef<VNode<PartProps>[]>([]);
  const parts = place.starts.map((start, number) => {
    const old = drawn.current[number];
    if (start === null || old?.props.start === start) {
      return start === null ? null : old;
    }
    const height = place.heights[number] ?? 0;
    return (drawn.current[number] = <Part key={number} {...{ channel, start, number, height, came }} />);
  });
  return { parts: <div ref={list}>{parts}</div>, count: place.count, isWhole: place.starts.at(-1) === null };
}

interface PartProps {
  channel: string;
  start: string;
  number: number;
  height: number;
  came(number: number, page: FeedPage): void;
}

function Part({ channel, start, number, height: left, came }: PartProps) {
  const { link, news } = useReader();
  const [page, setPage] = useState<FeedPage | null>(null);
  const here = useRef<HTMLDivElement>(null);
  const { isNear, height } = useNear(here, left);
  useEffect(() => {
    let wanted = isNear;
    if (isNear) {
      link.call("feed", { channel, cursor: start, count: PART_COUNT }).then(
        (given) => {
          if (wanted) {
            setPage(given);
            came(number, given);
          }
        },
        () => undefined,
      );
    }
    return () => {
      wanted = false;
    };
  }, [start, isNear, news]);
  const drawn = isNear && page;
  return (
    <div class="feed" ref={here} style={drawn ? {} : { height: `${height}px` }}>
      {drawn && drawn.items.map((item) => <Card key={item.id} item={item} />)}
    </div>
  );
}

/** Whether an element is near the screen, and how high it was when it was last. */
function useNear(element: RefObject<HTMLElement | null>, height: number): { isNear: boolean; height: number } {
  const [seen, setSeen] = useState({ isNear: false, height });
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        const entry = entries.at(-1);
        // Where somebody stands with the keyboard, the ground stays.
        const isNear = entry?.isIntersecting || element.current?.contains(document.activeElement) === true;
        entry && setSeen({ isNear, height: entry.boundingClientRect.height });
      },
      { rootMargin: `${NEAR} 0px` },
    );
    element.current && observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return seen;
}
