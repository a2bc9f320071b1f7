// Boxes on the local network, for an app that came by https. Browsers let only pages ask those by plain http, once the
// reader has agreed (Local Network Access, WICG); a worker has to ask its page to ask.

import type { NearAnswer } from "../shared/protocol";

const scope = self as unknown as { postMessage(message: unknown, transfer: Transferable[]): void };

/** Whether a source has to be asked that way: by the looks of its address it is near, and not encrypted. */
export function isNear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  const isLocal = /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)\.|\.(local|lan|home\.arpa)$/.test(hostname);
  return protocol === "http:" && isLocal && self.location.protocol === "https:";
}

/** What an answer that leads elsewhere comes back as: of the real one a page sees nothing. */
export const REDIRECTED = 302;

export function fetchNear(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((done, failed) => {
    signal.addEventListener("abort", () => failed(signal.reason));
    port1.onmessage = ({ data }: MessageEvent<NearAnswer>) => {
      if ("failed" in data) {
        failed(new TypeError(data.failed));
      } else {
        done(new Response(data.body, { status: data.status || REDIRECTED, headers: data.headers }));
      }
    };
    scope.postMessage({ event: "near", url, headers }, [port2]);
  });
}
