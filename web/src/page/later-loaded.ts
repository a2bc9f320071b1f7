// Loads the pages that a first look does not need, once, when one of them is opened.

export type Later = typeof import("./later");

let loading: Promise<Later> | null = null;
let tries = 0;

/** Fails where neither what is kept nor the network gives it; whoever asks again then tries again. */
export function loadLater(): Promise<Later> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

function load(): Promise<Later> {
  tries += 1;
  // Some browsers remember of an address that it failed.
  const again = `./later.js?${tries}`;
  return tries === 1 ? import("./later") : import(again);
}
