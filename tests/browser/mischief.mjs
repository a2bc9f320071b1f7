// A web server that gives a folder, and does harm where a test says so.

import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";

const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml", ".txt": "text/plain" };

export class Mischief {
  /** Says for a path of the tree whether it answered; the file is given otherwise. */
  harm = () => false;
  /** Whether the app's own files are spoiled too, and not only the tree. */
  everything = false;
  asked = [];
  #server;

  /** Serves a folder at a free port, or at the one that it was served at before. */
  static async start(folder, port = 0) {
    const mischief = new Mischief();
    mischief.#server = http.createServer((request, response) => {
      const name = decodeURIComponent(new URL(request.url, "http://localhost").pathname).slice(1);
      mischief.asked.push(name);
      response.setHeader("access-control-allow-origin", "*");
      const mayHarm = mischief.everything || /^[cb]\//.test(name);
      if (!mayHarm || !mischief.harm(name, response, request)) {
        give(path.join(folder, name.endsWith("/") ? `${name}index.html` : name), response);
      }
    });
    await new Promise((ready) => mischief.#server.listen(port, "127.0.0.1", ready));
    mischief.url = `http://localhost:${mischief.#server.address().port}/`;
    return mischief;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

function give(file, response) {
  try {
    const bytes = readFileSync(file);
    response.setHeader("content-type", KINDS[path.extname(file)] ?? "application/octet-stream");
    response.end(bytes);
  } catch {
    response.statusCode = 404;
    response.end();
  }
}
