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

async function load(): Promise<Later> {
  tries += 1;
  // Some browsers remember of an address that it failed.
  const again = `./later.js?${tries}`;
  const [later] = await Promise.all([tries === 1 ? import("./later") : import(again), loadStyle()]);
  return later;
}

function loadStyle(): Promise<void> {
  const style = document.createElement("link");
  [style.rel, style.href] = ["stylesheet", "later.css"];
  document.head.append(style);
  return new Promise((done, failed) => {
    style.onload = () => done();
    style.onerror = () => {
      style.remove();
      failed(new Error(style.href));
    };
  });
}
