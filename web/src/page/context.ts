// What every part of the page can reach.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Holding, Item, Rendition, State } from "../shared/protocol";
import type { Later } from "./later-loaded";
import type { Link } from "./link";
import type { Settings } from "./settings";
import type { Words } from "./words";

export interface Reader {
  words: Words;
  settings: Settings;
  change(settings: Partial<Settings>): void;
  state: State;
  link: Link;
  /** Counts up whenever the worker took something in. */
  news: number;
  /** Says something to whoever listens instead of looking. */
  announce(text: string): void;
  /** The pages that a first look does not need; null until they were needed and have come. */
  later: Later | "failed" | null;
  /** Loads them, or tries again. */
  needLater(): void;
}

export const ReaderContext = createContext<Reader | null>(null);

export function useReader(): Reader {
  const reader = useContext(ReaderContext);
  if (!reader) {
    throw new Error("a part of the page stands outside of the reader");
  }
  return reader;
}

/** What a call gives, asked again whenever `keys` change; undefined until it has come. */
export function useAnswer<T>(ask: () => Promise<T>, keys: unknown[]): T | undefined {
  const [answer, setAnswer] = useState<T>();
  useEffect(() => {
    let wanted = true;
    ask().then(
      (given) => wanted && setAnswer(given),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, keys);
  return answer;
}

/** How much of a rendition is here, kept up to date. */
export function useHolding(item: Item, index: number | undefined): Holding | null {
  const { link } = useReader();
  const rendition = index === undefined ? undefined : item.renditions[index];
  const [holding, setHolding] = useState<Holding | null>(null);
  useEffect(() => {
    if (!rendition || index === undefined) {
      return undefined;
    }
    if (rendition.inline) {
      setHolding({ blob: rendition.blob, size: rendition.size, ranges: [[0, rendition.size]], doing: "nothing" });
      return undefined;
    }
    link.call("holding", { item: item.id, index }).then(setHolding, () => undefined);
    return link.watch(rendition.blob, setHolding);
  }, [item.id, index]);
  return holding;
}

/** Formats that browsers draw and that cannot act. Everything else is a file to keep. */
const PICTURES = /^image\/(jpeg|png|webp|gif|avif)$/;

export function isPicture({ mime }: Rendition): boolean {
  return PICTURES.test(mime);
}

/** The address of a picture whose bytes were all checked; none until `wanted` and here. */
export function usePicture(item: Item, index: number | undefined, wanted: boolean): string | null {
  const mime = index === undefined ? "" : (item.renditions[index]?.mime ?? "");
  return useWhole(item, index, wanted && PICTURES.test(mime));
}

/** The address of a file whose bytes were all checked; none until `wanted` and here, and as long as somebody looks. */
export function useWhole(item: Item, index: number | undefined, wanted: boolean): string | null {
  const { link } = useReader();
  const [url, setUrl] = useState<string | null>(null);
  const type = index === undefined ? "" : (item.renditions[index]?.mime ?? "");
  useEffect(() => {
    if (!wanted || index === undefined) {
      return undefined;
    }
    let made: string | null = null;
    let gone = false;
    link.call("whole", { item: item.id, index }).then(
      (bytes) => {
        if (!gone) {
          made = URL.createObjectURL(new Blob([bytes], { type }));
          setUrl(made);
        }
      },
      () => undefined,
    );
    return () => {
      gone = true;
      if (made) {
        URL.revokeObjectURL(made);
        setUrl(null);
      }
    };
  }, [item.id, index, wanted, type]);
  return url;
}
