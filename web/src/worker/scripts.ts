// Loads parts of the worker that few need at their first visit, when they are needed.

declare const importScripts: (url: string) => void;

interface Scripts {
  /** Opens and saves files that people hand on. */
  handing: typeof import("./handing");
  /** Speaks with other tabs. */
  beside: typeof import("./beside");
  /** Writes journals anew. */
  journals: typeof import("./journals");
  /** Keeps what is checked where there are no private files. */
  database: typeof import("./database");
  /** Removes media by rules. */
  room: typeof import("./room");
  /** Follows and plays broadcasts. */
  broadcasts: typeof import("./broadcasts");
  /** Reads and writes in rooms. */
  rooms: typeof import("./rooms");
  /** Looks at the app itself. */
  watch: typeof import("./watch");
}

/** A part that was needed already. */
export function loaded<Name extends keyof Scripts>(name: Name): Scripts[Name] | undefined {
  return (self as unknown as Partial<Scripts>)[name];
}

/** Waits for the script, which the app keeps with its other files and which makes a global name of itself. */
export function load<Name extends keyof Scripts>(folder: string, name: Name): Scripts[Name] {
  const scope = self as unknown as Scripts;
  if (!scope[name]) {
    importScripts(`${folder}${name}.js`);
  }
  return scope[name];
}
