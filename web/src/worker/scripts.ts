// Loads parts of the worker that few need at their first visit, when they are needed.

declare const importScripts: (url: string) => void;

interface Scripts {
  /** Opens and saves files that people hand on. */
  handing: typeof import("./handing");
  /** Speaks with other tabs. */
  beside: typeof import("./beside");
  /** Keeps what is checked where there are no private files. */
  database: typeof import("./database");
  /** Looks at the app itself. */
  watch: typeof import("./watch");
}

/** Waits for the script, which the app keeps with its other files. */
export function load<Name extends keyof Scripts>(folder: string, name: Name): Scripts[Name] {
  const scope = self as unknown as Partial<Scripts>;
  if (!scope[name]) {
    importScripts(`${folder}${name}.js`);
  }
  const script = scope[name];
  if (!script) {
    throw new Error(`${name}.js is not what it was`);
  }
  return script as Scripts[Name];
}
