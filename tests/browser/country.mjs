// A country in network namespaces: places with their own network, which only a cable connects. Nothing of the machine's own
// network is touched. Needs root.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";

/** The first two parts of every address; each network has a third of its own. */
const PREFIX = "10.77";

export class Country {
  #hub;
  #places = new Map();
  #networks = [];

  /** Makes networks, and places that are connected to some of them: `{ box: ["internet", "street"], … }`. */
  constructor(networks, places) {
    this.#networks = networks;
    this.#hub = `longear-${process.pid}`;
    ip("netns", "add", this.#hub);
    networks.forEach((network) => {
      ip("-n", this.#hub, "link", "add", network, "type", "bridge", "stp_state", "0", "forward_delay", "0");
      ip("-n", this.#hub, "link", "set", network, "up");
    });
    Object.entries(places).forEach(([place, connected], index) => this.#build(place, connected, index));
  }

  /** Whether this machine lets us make networks at all. */
  static isPossible() {
    const name = `longear-probe-${process.pid}`;
    try {
      execFileSync("ip", ["netns", "add", name], { stdio: "ignore" });
      execFileSync("ip", ["-n", name, "link", "add", "probe", "type", "bridge"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    } finally {
      spawnSync("ip", ["netns", "delete", name], { stdio: "ignore" });
    }
  }

  #build(place, connected, index) {
    const namespace = `${this.#hub}-${place}`;
    this.#places.set(place, { namespace, host: index + 1 });
    ip("netns", "add", namespace);
    ip("-n", namespace, "link", "set", "lo", "up");
    for (const network of connected) {
      const plug = `${network.slice(0, 6)}-${index}`;
      ip("-n", this.#hub, "link", "add", plug, "type", "veth", "peer", "name", network, "netns", namespace);
      ip("-n", this.#hub, "link", "set", plug, "master", network, "up");
      ip("-n", namespace, "address", "add", `${this.address(place, network)}/24`, "dev", network);
      ip("-n", namespace, "link", "set", network, "up");
    }
  }

  address(place, network) {
    return `${PREFIX}.${this.#networks.indexOf(network)}.${this.#places.get(place).host}`;
  }

  /** What to put before a command so that it runs there. */
  at(place) {
    return ["ip", "netns", "exec", this.#places.get(place).namespace];
  }

  /** A script that starts a program there, for those who take only the path of one. */
  starter(place, program, file) {
    writeFileSync(file, `#!/bin/sh\nexec ${this.at(place).join(" ")} ${program} "$@"\n`);
    chmodSync(file, 0o755);
    return file;
  }

  cut(place, network) {
    ip("-n", this.#places.get(place).namespace, "link", "set", network, "down");
  }

  mend(place, network) {
    ip("-n", this.#places.get(place).namespace, "link", "set", network, "up");
  }

  remove() {
    [...this.#places.values()].forEach(({ namespace }) => ip("netns", "delete", namespace));
    ip("netns", "delete", this.#hub);
  }
}

function ip(...words) {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "inherit"] });
}
