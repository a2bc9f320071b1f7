// The rules for catalogues: the same keys in each, every plural form that its language has, the same places to fill in,
// nothing that a page cannot hold.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/** Words.json must not promise (UI.md); the same list as in crates/longear-pages/src/words. */
const PROMISES = ["verified", "secure", "anonymous", "trusted", "безопасн", "анонимн", "!"];

export function checkCatalogues(folder) {
  const catalogues = readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(path.join(folder, name), "utf8"))]);
  const english = catalogues.find(([name]) => name === "en.json")[1];
  const faults = catalogues.flatMap(([name, words]) => faultsOf(name, words, english));
  if (faults.length > 0) {
    throw new Error(`catalogues:\n${faults.join("\n")}`);
  }
}

function faultsOf(name, words, english) {
  const language = name.replace(".json", "");
  const missing = Object.keys(english).filter((key) => !(key in words));
  const extra = Object.keys(words).filter((key) => !(key in english));
  const faults = [...missing.map((key) => `${name}: ${key} is missing`), ...extra.map((key) => `${name}: ${key} is not in en.json`)];
  for (const [key, said] of Object.entries(words)) {
    const forms = typeof said === "string" ? { other: said } : said;
    if (typeof said !== typeof english[key]) {
      faults.push(`${name}: ${key} is of another kind than in en.json`);
      continue;
    }
    if (typeof said !== "string") {
      faults.push(...pluralFaults(name, language, key, forms));
    }
    const expected = places(typeof said === "string" ? english[key] : english[key].other);
    for (const text of Object.values(forms)) {
      const found = places(text);
      // "One" and "two" may be said in words.
      const fits = typeof said === "string" ? found.join() === expected.join() : found.every((place) => expected.includes(place));
      if (!fits) {
        faults.push(`${name}: ${key} fills other places than en.json: ${text}`);
      }
      faults.push(...textFaults(name, key, text));
    }
  }
  return faults;
}

function pluralFaults(name, language, key, forms) {
  const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const missing = forms.other === undefined ? ["other"] : [];
  const unknown = Object.keys(forms).filter((form) => !categories.includes(form));
  return [...missing.map((form) => `${name}: ${key} has no form "${form}"`), ...unknown.map((form) => `${name}: ${key}: "${form}" is no form of ${language}`)];
}

function textFaults(name, key, text) {
  const promise = PROMISES.find((word) => text.toLowerCase().includes(word));
  const faults = [];
  if (promise) {
    faults.push(`${name}: ${key} promises: ${promise}`);
  }
  if (text === "" || /[<>&]/.test(text)) {
    faults.push(`${name}: ${key} is silent or holds markup`);
  }
  return faults;
}

function places(text) {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, place]) => place).sort();
}
