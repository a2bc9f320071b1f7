// What the reader chose. Kept in the browser's simplest storage, and in memory where there is none.

import { browserLanguage, type Language, LANGUAGES } from "./words";

export type Theme = "auto" | "light" | "dark";

export interface Settings {
  language: Language;
  theme: Theme;
  /** On unless the reader turned it off: bytes cost money, and time in the open. */
  dataSaver: boolean;
  /** Media older than so many days go, and the oldest beyond so many bytes; 0: none. */
  keepDays: number;
  keepBytes: number;
}

const KEY = "longear";

export function readSettings(): Settings {
  const settings: Settings = { language: browserLanguage(), theme: "auto", dataSaver: true, keepDays: 0, keepBytes: 0 };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
    if (kept.language && LANGUAGES.includes(kept.language)) {
      settings.language = kept.language;
    }
    if (kept.theme === "light" || kept.theme === "dark") {
      settings.theme = kept.theme;
    }
    settings.dataSaver = kept.dataSaver !== false;
    settings.keepDays = Number(kept.keepDays) || 0;
    settings.keepBytes = Number(kept.keepBytes) || 0;
  } catch {
    // No storage, or not ours: the defaults do.
  }
  return settings;
}

export function keepSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // They hold until the page is closed.
  }
}

export function wipeSettings(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // There were none.
  }
}
