// P14: the whole app in Chromium, from nginx: the first picture on a slow line, and what a long channel costs.
//
// `cargo xtask bench reader` runs it. The lines are those of the other benchmarks; what stands for itself has no peer.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Mirror } from "../../tests/browser/mirror.mjs";
import { launch } from "../../tests/reader/core.mjs";

const POSTS = 10_000;
/** A phone on a slow line: a quarter of this machine, 1.6 Mbit/s, 150 ms there and back. */
const SLOW = { cpu: 4, bytesPerSecond: 1_600_000 / 8, latencyMs: 150 };
const TARGETS = { paint: 1000, task: 50, search: 100 };
/** A finger that moves a list by nearly a screen, again and again. */
const FLICK_PX = 600;
const QUERIES = ["токаев", "tokayev", "баве", "герлық бол", "нинго"];
const PATIENCE_MS = 600_000;
/** Nothing was asked for so long: everything is here. */
const QUIET_MS = 10_000;

const turns = Number(process.argv[2] ?? 5);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function report(name, values, unit, most) {
  const value = median(values);
  const spread = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
  console.log(`app-${name} ours=${value.toFixed(1)} unit=${unit} turns=${values.length} (${spread})`);
  if (most !== undefined) {
    console.log(`  target: at most ${most} ${unit}: ${value <= most ? "reached" : "not reached"}`);
  }
}

/** A mirror with a channel of so many posts and the app beside it. */
async function startMirror() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "longear-app-"));
  const address = execFileSync(process.env.TREE_WRITER, ["tree", folder, String(POSTS)], { encoding: "utf8" }).trim();
  cpSync(process.env.APP, path.join(folder, "app"), { recursive: true });
  return { folder, address, mirror: await Mirror.start(folder) };
}

const fresh = (browser) => browser.newContext({ locale: "ru-RU", viewport: { width: 360, height: 740 } });

/** How long the first words take on a phone that never saw the app. */
async function firstPaint(browser, url) {
  const context = await fresh(browser);
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const speed = { downloadThroughput: SLOW.bytesPerSecond, uploadThroughput: SLOW.bytesPerSecond, latency: SLOW.latencyMs };
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", { offline: false, ...speed });
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOW.cpu });
  await page.goto(`${url}app/`, { waitUntil: "commit" });
  const seen = await page.evaluate(
    () =>
      new Promise((done) => {
        const observer = new PerformanceObserver((list) => {
          const paint = list.getEntries().find(({ name }) => name === "first-contentful-paint");
          paint && done(paint.startTime);
        });
        observer.observe({ type: "paint", buffered: true });
      }),
  );
  await context.close();
  return seen;
}

/** Follows the long channel and waits until nothing comes any more. */
async function follow(browser, url, address) {
  const context = await fresh(browser);
  const page = await context.newPage();
  page.on("pageerror", (error) => console.log(String(error)));
  let last = 0;
  context.on("requestfinished", () => {
    last = performance.now();
  });
  await page.goto(`${url}app/#${address}`);
  await page.locator("button.main").click();
  const start = performance.now();
  await page.locator("article").first().waitFor({ timeout: PATIENCE_MS });
  const first = performance.now() - start;
  while (performance.now() < last + QUIET_MS) {
    await sleep(100);
  }
  return { page, context, first, all: last - start };
}

/** Scrolls from the newest post to the oldest, and gives what the page was busy with in one piece, in ms: as it took, and of the processor. */
async function scrollThrough(page) {
  const trace = await Trace.start(page);
  await page.evaluate(async (flick) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    while (!document.querySelector(".fin")) {
      scrollBy(0, flick);
      await frame();
    }
  }, FLICK_PX);
  const end = await page.locator(".fin").innerText();
  if (Number(end.replace(/\D/g, "")) !== POSTS) {
    throw new Error(`the list ends with: ${end}`);
  }
  return trace.tasks();
}

/** What Chromium notes of its own work. */
class Trace {
  #events = [];

  static async start(page) {
    const trace = new Trace();
    trace.devtools = await page.context().browser().newBrowserCDPSession();
    trace.devtools.on("Tracing.dataCollected", ({ value }) => trace.#events.push(...value));
    const traceConfig = { includedCategories: ["disabled-by-default-devtools.timeline"] };
    await trace.devtools.send("Tracing.start", { traceConfig, transferMode: "ReportEvents" });
    return trace;
  }

  /** The tasks of pages, longest first. */
  async tasks() {
    const complete = new Promise((done) => this.devtools.once("Tracing.tracingComplete", done));
    await this.devtools.send("Tracing.end");
    await complete;
    const thread = ({ pid, tid }) => `${pid}-${tid}`;
    const named = this.#events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
    const pages = new Set(named.map(thread));
    const tasks = this.#events.filter((event) => event.name === "RunTask" && pages.has(thread(event)));
    const times = tasks.map(({ dur = 0, tdur = 0 }) => ({ took: dur / 1000, cpu: tdur / 1000 }));
    return { took: Math.max(...times.map(({ took }) => took)), cpu: Math.max(...times.map(({ cpu }) => cpu)) };
  }
}

/** Searches for some words. Gives how long each took from the last letter to the posts on the screen; the first loads, and words are learnt meanwhile. */
async function search(page) {
  await page.evaluate(() => location.replace("#/search"));
  await page.getByRole("searchbox").waitFor();
  const times = [];
  for (const query of [QUERIES[0], ...QUERIES]) {
    times.push(await page.evaluate(searchOnce, query));
  }
  return { first: times[0], later: times.slice(1) };
}

/** In the page. */
async function searchOnce(query) {
  const box = document.querySelector("input[type=search]");
  const list = document.querySelector("main > .feed");
  const type = (text) => {
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const changes = () =>
    new Promise((done) => {
      const observer = new MutationObserver(() => (observer.disconnect(), done(performance.now())));
      observer.observe(list, { childList: true });
    });
  if (list.childElementCount > 0) {
    const emptied = changes();
    type("");
    await emptied;
  }
  const found = changes();
  const start = performance.now();
  type(query);
  return (await found) - start;
}

const { folder, address, mirror } = await startMirror();
const browser = await launch();
try {
  console.log("\np14: app");
  const paints = [];
  for (let turn = 0; turn < turns; turn += 1) {
    paints.push(await firstPaint(browser, mirror.url));
  }
  report("first-paint", paints, "ms", TARGETS.paint);
  const { page, context, first, all } = await follow(browser, mirror.url, address);
  report("first-post", [first], "ms");
  report("all-posts", [all], "ms");
  const { took, cpu } = await scrollThrough(page);
  report("longest-task-while-scrolling", [took], "ms", TARGETS.task);
  report("longest-task-while-scrolling-cpu", [cpu], "ms");
  const searched = await search(page);
  report("first-search", [searched.first], "ms");
  report("search", searched.later, "ms", TARGETS.search);
  await context.close();
} finally {
  await browser.close();
  await mirror.stop();
  await rm(folder, { recursive: true, force: true });
}
