// What reading a post and searching need: a module of its own, that nobody waits for who opens the app for the first time.

import { type Core, Texts } from "../shared/core";
import type { Item, SearchAnswer } from "../shared/protocol";
import { MODULE_BYTES_MAX } from "../shared/module";
import { join } from "../shared/join";
import { unpack } from "../shared/unpack";

const MODULE = "texts.lzma";
/** Articles that are handed to the search at once. */
const LEARNT_AT_ONCE = 10;
/** How long a question without words spends on learning: whatever else the worker is asked waits meanwhile. */
const LEARNING_MS = 20;

export class Reading {
  readonly #core: Core;
  readonly #folder: string;
  #texts: Promise<Texts> | null = null;

  constructor(core: Core, folder: string) {
    this.#core = core;
    this.#folder = folder;
  }

  /** An item with its texts as HTML; where the module does not come, as they were written. */
  async item(id: string): Promise<Item> {
    const item = this.#core.item(id);
    const texts = await this.#loaded().catch(() => null);
    if (!texts) {
      return item;
    }
    const variants = item.variants.map(({ markdown = "", ...variant }) => ({ ...variant, html: texts.html(markdown, variant.title) }));
    return { ...item, variants };
  }

  /** Visible items with all words of the query, newest first, of those that are learnt; who asks without words lets it learn. */
  async search(query: string, count: number): Promise<SearchAnswer> {
    const texts = await this.#loaded();
    // Whoever asks for words waits for a few articles only, which tell whether there are more.
    const end = performance.now() + (query === "" ? LEARNING_MS : 0);
    let fresh;
    do {
      fresh = this.#core.unsearched(LEARNT_AT_ONCE);
      fresh.forEach(({ id, words }) => texts.learn(id, words));
    } while (fresh.length > 0 && performance.now() < end);
    return { items: query === "" ? [] : this.#core.found(texts.search(query), count), isLearning: fresh.length > 0 };
  }

  /** The module, once it was asked for; a line that failed is tried again the next time. */
  #loaded(): Promise<Texts> {
    this.#texts ??= loadModule(this.#folder, MODULE)
      .then((bytes) => Texts.load(bytes))
      .catch((error: unknown) => {
        this.#texts = null;
        throw error;
      });
    return this.#texts;
  }
}

/** Fetches a module and unpacks it. */
export async function loadModule(folder: string, name: string): Promise<BufferSource> {
  const answer = await fetch(new URL(name, folder));
  if (!answer.ok) {
    throw new Error(`${name}: ${answer.status}`);
  }
  return join(unpack(new Uint8Array(await answer.arrayBuffer()), MODULE_BYTES_MAX));
}
