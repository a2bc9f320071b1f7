// A slow line: passes bytes on to a server, all connections together no faster than a rate that may change.

import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Bytes passed on at a time; at the slowest rate of the tests half a second. */
const PIECE_BYTES = 16_384;

export class SlowProxy {
  #server;
  #sockets = new Set();
  #freeAt = 0;

  static async start(url, rate) {
    const proxy = new SlowProxy();
    proxy.rate = rate;
    const { hostname, port } = new URL(url);
    proxy.#server = net.createServer((reader) => {
      const source = net.connect(Number(port), hostname);
      reader.pipe(source);
      proxy.#pass(source, reader);
    });
    await new Promise((ready) => proxy.#server.listen(0, "127.0.0.1", ready));
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  async stop() {
    this.#sockets.forEach((socket) => socket.destroy());
    await new Promise((closed) => this.#server.close(closed));
  }

  async #pass(source, reader) {
    for (const socket of [source, reader]) {
      this.#sockets.add(socket);
      // Whoever hangs up hangs up for both.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        source.destroy();
        reader.destroy();
      });
    }
    try {
      for await (const chunk of source) {
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
          const piece = chunk.subarray(at, at + PIECE_BYTES);
          const now = Date.now();
          this.#freeAt = Math.max(now, this.#freeAt) + (piece.length / this.rate) * 1000;
          await sleep(this.#freeAt - now);
          if (!reader.write(piece)) {
            await new Promise((drained) => reader.once("drain", drained).once("close", drained));
          }
        }
      }
      reader.end();
    } catch {
      reader.destroy();
    }
  }
}
