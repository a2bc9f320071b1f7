// A reader's browser: real Chromium with a profile of its own, which may be closed and started again.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { chromium } from "playwright-core";

/** How long anything may take on a slow machine. */
const PATIENCE_MS = 60_000;

export class Phone {
  /** What went wrong in the page, and whoever was asked for something without being one of `servers`. */
  wrong = [];

  /** `program` starts the browser, where it stands in a network of its own. */
  static async open(profile, servers, moreArgs = [], program = process.env.CHROMIUM) {
    const phone = new Phone();
    phone.context = await chromium.launchPersistentContext(profile, {
      executablePath: program,
      args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", ...moreArgs],
      locale: "en-GB",
      viewport: { width: 360, height: 740 },
    });
    await phone.anew();
    const origins = servers.map((url) => new URL(url).origin);
    phone.context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && !origins.includes(origin)) {
        phone.wrong.push(`somebody else was asked: ${request.url()}`);
      }
    });
    return phone;
  }

  /** A tab without a past, in place of the ones before. */
  async anew() {
    const old = this.context.pages();
    this.page = await this.context.newPage();
    this.page.on("pageerror", (error) => this.wrong.push(String(error)));
    await Promise.all(old.map((page) => page.close()));
  }

  async sees(text) {
    await until(() => this.page.getByText(text).first().isVisible(), `“${text}” to be seen`);
  }

  /** Follows the channel of an address at a mirror, and waits for one of its posts. */
  async follows(mirror, address, title) {
    await this.page.goto(`${mirror.url}app/#${address}`);
    await this.page.getByRole("button", { name: "Yes, follow" }).click();
    await this.sees(title);
  }

  /** Waits until the app is kept, and its service worker answers for this page. */
  async keepsApp() {
    await until(() => this.page.evaluate(() => !!navigator.serviceWorker.controller), "the service worker");
  }

  /** Goes down a list until these words are on the screen: what is far from it is not drawn. */
  async scrollsTo(text) {
    await until(async () => {
      const isSeen = await this.page.getByText(text, { exact: true }).first().isVisible();
      isSeen || (await this.page.mouse.wheel(0, 600));
      return isSeen;
    }, `“${text}” to come`);
  }

  close() {
    return this.context.close();
  }
}

export function play(player) {
  return player.evaluate((element) => {
    element.muted = true;
    return element.play();
  });
}

export function isDrawn(image) {
  return image.evaluate((element) => element.complete && element.naturalWidth === 1280).catch(() => false);
}

export async function until(holds, what, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await sleep(100);
  }
}
