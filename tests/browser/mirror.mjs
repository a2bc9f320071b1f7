// A plain web server with a folder: nginx, on loopback, with nothing of ours in it.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long nginx may take to listen. */
const START_MS_MAX = 10_000;

export class Mirror {
  #folder = mkdtempSync(path.join(os.tmpdir(), "longear-mirror-"));
  #child;

  /** Serves a folder at a free port, or at the one that it was served at before. */
  static async start(served, port) {
    return Mirror.#start(served, port, "");
  }

  /** The same by https, under a name: its certificate is of its own making. */
  static async startEncrypted(served, name) {
    const mirror = await Mirror.#start(served, undefined, name);
    mirror.url = `https://${name}:${mirror.port}/`;
    return mirror;
  }

  static async #start(served, port, name) {
    const mirror = new Mirror();
    mirror.port = port ?? (await freePort());
    mirror.url = `http://localhost:${mirror.port}/`;
    mirror.#run(served, name);
    await mirror.#listens();
    return mirror;
  }

  async stop() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((done) => this.#child.once("exit", done));
      this.#child.kill("SIGTERM");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #run(served, name) {
    const inner = (name) => path.join(this.#folder, name);
    mkdirSync(inner("temporary"));
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${inner("temporary")}/${kind};`)
      .join(" ");
    const tls = name === "" ? "" : this.#certificate(name);
    // One process: it reads what we may read, also when we are root, and ending it ends everything.
    writeFileSync(
      inner("nginx.conf"),
      `daemon off; master_process off; pid ${inner("pid")}; error_log ${inner("error.log")};
      events {}
      http {
        ${temporary} access_log off;
        types { text/html html; text/javascript js; text/css css; image/svg+xml svg; application/json json; }
        default_type application/octet-stream;
        server { listen 127.0.0.1:${this.port}${tls}; root ${served}; index index.html; add_header Access-Control-Allow-Origin *; }
      }`,
    );
    this.#child = spawn("nginx", ["-p", this.#folder, "-c", inner("nginx.conf"), "-e", inner("error.log")]);
  }

  /** What follows the port in nginx's configuration. */
  #certificate(name) {
    const [key, certificate] = ["key.pem", "certificate.pem"].map((file) => path.join(this.#folder, file));
    const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj";
    execFileSync("openssl", [...words.split(" "), `/CN=${name}`, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    return ` ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}`;
  }

  async #listens() {
    const end = Date.now() + START_MS_MAX;
    while (!(await answers(this.port))) {
      if (this.#child.exitCode !== null || Date.now() > end) {
        throw new Error("nginx did not start");
      }
      await sleep(20);
    }
  }
}

function answers(port) {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1", () => done(true));
    socket.on("error", () => done(false));
    socket.on("connect", () => socket.destroy());
  });
}

function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
