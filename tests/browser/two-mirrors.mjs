// A newsroom's tree at two mirrors, one of which may be spoiled, and a phone that knows both.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { Mirror } from "./mirror.mjs";
import { Phone } from "./phone.mjs";

const ASIDE = "Set aside: it gave something that does not fit";

export class TwoMirrors {
  #profile = mkdtempSync(path.join(os.tmpdir(), "longear-profile-"));
  #newsroom;

  /** Writes what the newsroom has published, with the app, into two folders and serves them. */
  static async start(newsroom) {
    const mirrors = new TwoMirrors();
    mirrors.#newsroom = newsroom;
    [mirrors.good, mirrors.bad] = ["good", "bad"].map((name) => newsroom.path(name));
    newsroom.run("site", mirrors.good);
    newsroom.run("sync", mirrors.good);
    cpSync(mirrors.good, mirrors.bad, { recursive: true });
    [mirrors.honest, mirrors.liar] = await Promise.all([Mirror.start(mirrors.good), Mirror.start(mirrors.bad)]);
    mirrors.phone = await Phone.open(mirrors.#profile, [mirrors.honest.url, mirrors.liar.url]);
    return mirrors;
  }

  /** A link to the app at the bad mirror that names the good one too. */
  linkTo(address) {
    return `${this.liar.url}app/#${address}?at=${encodeURIComponent(this.honest.url)}`;
  }

  /** The page of sources names the bad mirror with this reason, and nobody else. */
  async isNamed(page, reason) {
    await page.goto(`${this.liar.url}app/#/kept`);
    await this.phone.sees(ASIDE);
    const aside = page.locator("li", { hasText: ASIDE });
    assert.equal(await aside.count(), 1);
    assert.match(await aside.innerText(), new RegExp(this.liar.url));
    assert.match(await aside.locator("details p").textContent(), reason);
  }

  /** Ends everything and removes it, the newsroom too. */
  async stop() {
    await this.phone.close();
    await this.honest.stop();
    await this.liar.stop();
    this.#newsroom.stop();
    await rm(this.#newsroom.folder, { recursive: true, force: true });
    await rm(this.#profile, { recursive: true, force: true });
  }
}
