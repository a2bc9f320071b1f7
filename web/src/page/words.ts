// One language speaking: texts from its catalogue; plurals, digits and dates from Intl.

import type { ComponentChildren } from "preact";
import type english from "../../words/en.json";

type Catalogue = typeof english;
type Key = keyof Catalogue;
type PluralKey = { [K in Key]: Catalogue[K] extends string ? never : K }[Key];
export type TextKey = Exclude<Key, PluralKey>;
export type Values = Record<string, string>;

export const LANGUAGES = ["kk", "kk-Latn", "ru", "en", "fa", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];
export const OWN_NAMES: Record<Language, string> = {
  kk: "Қазақша",
  "kk-Latn": "Qazaqşa",
  ru: "Русский",
  en: "English",
  fa: "فارسی",
  ar: "العربية",
};

/** News is dated by the common calendar everywhere; Arabic readers of the region read Latin digits. */
export const INTL_TAGS: Record<Language, string> = {
  kk: "kk",
  "kk-Latn": "kk",
  ru: "ru",
  en: "en-GB",
  fa: "fa-u-ca-gregory",
  ar: "ar-u-nu-latn",
};
/** Whose catalogue is another one's in other letters. */
const LATIN: Language = "kk-Latn";
const RIGHT_TO_LEFT: readonly string[] = ["fa", "ar", "he", "ur", "ps", "ug"];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** From this age on a date says more than a number of days. */
const DAYS_COUNTED_MAX = 45;

export class Words {
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #languages: Intl.DisplayNames;

  private constructor(
    readonly language: Language,
    /** Whether the words of the pages that are loaded later are among them. */
    readonly areAll: boolean,
    private readonly catalogue: Catalogue,
    /** Spells what the browser says as the catalogue is spelled. */
    readonly spell: (text: string) => string,
  ) {
    const tag = INTL_TAGS[language];
    this.#plural = new Intl.PluralRules(tag);
    this.#number = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
    this.#date = new Intl.DateTimeFormat(tag, { dateStyle: "long" });
    this.#moment = new Intl.DateTimeFormat(tag, { dateStyle: "long", timeStyle: "short" });
    this.#languages = new Intl.DisplayNames(tag, { type: "language" });
  }

  /** The words of a first look, or with `all` those of the other pages too. */
  static async load(language: Language, all: boolean): Promise<Words> {
    const catalogue = language.split("-")[0] ?? "";
    const names = all ? [catalogue, `${catalogue}-later`] : [catalogue];
    const spell = language === LATIN ? (await import("./kazakh")).inLatin : (text: string) => text;
    const parts = (await Promise.all(names.map(fetchOnce))).map((text) => JSON.parse(spell(text)));
    return new Words(language, all, Object.assign({}, ...parts) as Catalogue, spell);
  }

  get direction(): "rtl" | "ltr" {
    return directionOf(this.language);
  }

  /** A text with its places filled in. */
  say(key: TextKey, values: Values = {}): string {
    return fill(this.catalogue[key], values);
  }

  /** A text in the form that a number asks for. */
  count(key: PluralKey, n: number): string {
    const forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string } = this.catalogue[key];
    return fill(forms[this.#plural.select(n)] ?? forms.other, { n: this.number(n) });
  }

  /** A text whose places hold elements. */
  rich(key: TextKey, values: Record<string, ComponentChildren>): ComponentChildren[] {
    return this.catalogue[key].split(/(\{\w+\})/).map((part) => {
      const name = part.match(/^\{(\w+)\}$/)?.[1];
      return name ? values[name] : part;
    });
  }

  number(n: number): string {
    return this.#number.format(n);
  }

  size(bytes: number): string {
    const units: TextKey[] = ["bytes", "kilobytes", "megabytes", "gigabytes"];
    let [value, unit] = [bytes, 0];
    while (value >= 999.5 && unit < units.length - 1) {
      value /= 1000;
      unit += 1;
    }
    const rounded = value < 10 && unit > 1 ? Math.round(value * 10) / 10 : Math.round(value);
    return unbroken(this.say(units[unit] ?? "bytes", { n: this.number(rounded) }));
  }

  /** A part of a whole: never 100 while something is missing, never 0 while something is here. */
  percent(part: number, whole: number): string {
    const share = Math.floor((part / whole) * 100);
    return unbroken(this.say("percent", { n: this.number(part > 0 ? Math.max(1, share) : 0) }));
  }

  age(timeMs: number): string {
    const elapsed = Date.now() - timeMs;
    if (elapsed < -HOUR_MS) {
      // This phone's clock is behind, nobody knows how far: only the date says something.
      return this.spell(this.#date.format(timeMs));
    }
    if (elapsed < MINUTE_MS) {
      return this.say("just_now");
    }
    if (elapsed < HOUR_MS) {
      return unbroken(this.count("minutes_ago", Math.floor(elapsed / MINUTE_MS)));
    }
    if (elapsed < DAY_MS) {
      return unbroken(this.count("hours_ago", Math.floor(elapsed / HOUR_MS)));
    }
    const days = Math.floor(elapsed / DAY_MS);
    return days <= DAYS_COUNTED_MAX ? unbroken(this.count("days_ago", days)) : this.spell(this.#date.format(timeMs));
  }

  moment(timeMs: number): string {
    return this.spell(this.#moment.format(timeMs));
  }

  /** The time of a day. */
  clock(timeMs: number): string {
    return this.spell(new Intl.DateTimeFormat(INTL_TAGS[this.language], { timeStyle: "short" }).format(timeMs));
  }

  /** Length of a medium, as players write it. */
  length(ms: number): string {
    const seconds = Math.round(ms / 1000);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] === 0 ? parts.slice(1) : parts;
    const digits = new Intl.NumberFormat(INTL_TAGS[this.language], { useGrouping: false, minimumIntegerDigits: 2 });
    return shown.map((part, index) => (index === 0 ? this.number(part) : digits.format(part))).join(":");
  }

  /** What a language of a post is called: by itself where it is one of ours. */
  languageName(tag: string): string {
    const own = OWN_NAMES[tag.split("-")[0] as Language];
    try {
      return own ?? this.spell(this.#languages.of(tag) ?? tag);
    } catch {
      return tag;
    }
  }
}

const fetched = new Map<string, Promise<string>>();

/** A file of words, fetched once. */
function fetchOnce(name: string): Promise<string> {
  const known = fetched.get(name) ?? fetchWords(name);
  fetched.set(name, known);
  known.catch(() => fetched.delete(name));
  return known;
}

/** Fails where something else came than words, so that it is asked for again. */
async function fetchWords(name: string): Promise<string> {
  const text = await (await fetch(`words/${name}.json`)).text();
  JSON.parse(text);
  return text;
}

export function directionOf(tag: string): "rtl" | "ltr" {
  return RIGHT_TO_LEFT.includes(tag.split("-")[0] ?? "") ? "rtl" : "ltr";
}

/** The first of the browser's languages that there is a catalogue for. */
export function browserLanguage(): Language {
  const known = (tag: string) => LANGUAGES.find((language) => language === tag);
  for (const tag of navigator.languages) {
    const { language, script } = new Intl.Locale(tag);
    const found = known(`${language}-${script}`) ?? known(language);
    if (found) {
      return found;
    }
  }
  return "en";
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}
