// Loads the script that opens and saves files that people hand on, when it is needed.

declare const importScripts: (url: string) => void;

const SCRIPT = "handing.js";

/** Waits for the script, which the app keeps with its other files. */
export function loadHanding(folder: string): typeof import("./handing") {
  const scope = self as unknown as { handing?: typeof import("./handing") };
  if (!scope.handing) {
    importScripts(new URL(SCRIPT, folder).href);
  }
  if (!scope.handing) {
    throw new Error(`${SCRIPT} is not what it was`);
  }
  return scope.handing;
}
