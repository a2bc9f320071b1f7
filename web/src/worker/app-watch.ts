// Watches over the app itself: whether what is kept of it, and what its website gives today, is what its makers signed.

import type { Alarm } from "../shared/protocol";
import type { Core } from "../shared/core";
import { LIST, release } from "../shared/release";
import type { Disk } from "./disk";
import { load } from "./scripts";

/** How often the website is looked at while the app is open. */
const INTERVAL_MS = 6 * 3_600_000;
/**
 * How often the website has to give every file itself. In between it is only asked whether they have changed, and a website
 * that says no is believed: the files weigh 270 kB, and readers pay for them.
 */
const WHOLE_INTERVAL_MS = 24 * 3_600_000;
/** When it gave all of them, by this phone's clock. */
const GAVE_ALL = "app-seen";
/** The alarm as it is kept, until somebody has read it. */
const NOTE = "alarm";

export class AppWatch {
  readonly #core: Core;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #tell: (alarm: Alarm | null) => void;

  constructor(core: Core, disk: Disk, folder: string, tell: (alarm: Alarm | null) => void) {
    this.#core = core;
    this.#disk = disk;
    this.#folder = folder;
    this.#tell = tell;
  }

  async start(): Promise<void> {
    await this.#recall();
    if (release.isDevelopment) {
      // The next build is signed by another key, which was thrown away as well.
      return;
    }
    const isKept = await self.caches?.match(new URL(LIST, this.#folder)).catch(() => undefined);
    if (!isKept) {
      // At the first visit the service worker loads everything now; then it lies in the browser's cache as well.
      await new Promise((resolve) => setTimeout(resolve, 2 * release.patienceMs));
    }
    await this.#look();
    setInterval(() => void this.#look(), INTERVAL_MS);
  }

  /** The reader has read the alarm. A fault that is still there raises the next one. */
  async heed(): Promise<void> {
    await this.#disk.remove(NOTE);
    this.#tell(null);
  }

  async #look(): Promise<void> {
    const { look } = load(this.#folder, "watch");
    const asking = (await this.#gaveAll()) ? "no-cache" : "no-store";
    let found = await look(this.#core, this.#folder, asking);
    if (typeof found === "object") {
      // It may be half way through an update.
      await new Promise((resolve) => setTimeout(resolve, release.patienceMs));
      found = await look(this.#core, this.#folder, asking);
    }
    if (typeof found === "object") {
      await this.#note(found).catch(() => undefined);
      this.#tell(found);
    } else if (found === "fits" && asking === "no-store") {
      await this.#keep(GAVE_ALL, String(Date.now())).catch(() => undefined);
    }
  }

  /** Whether the website gave every file itself within the last day. A clock that was set back says no. */
  async #gaveAll(): Promise<boolean> {
    const since = Date.now() - Number(await this.#kept(GAVE_ALL).catch(() => null));
    return since >= 0 && since < WHOLE_INTERVAL_MS;
  }

  /** An alarm of an earlier session that nobody has read. */
  async #recall(): Promise<void> {
    const text = await this.#kept(NOTE);
    if (text !== null) {
      const [code, what, kept] = text.split("\n");
      this.#tell({ code: (code || "changed") as Alarm["code"], what: what ?? "", isKept: kept === "kept" });
    }
  }

  async #note({ code, what, isKept }: Alarm): Promise<void> {
    await this.#keep(NOTE, [code, what, isKept ? "kept" : "new"].join("\n"));
  }

  async #kept(name: string): Promise<string | null> {
    if (!(await this.#disk.exists(name))) {
      return null;
    }
    const file = await this.#disk.open(name);
    const text = new TextDecoder().decode(await file.read(0, file.size()));
    file.close();
    return text;
  }

  async #keep(name: string, text: string): Promise<void> {
    const file = await this.#disk.open(name);
    file.truncate(0);
    file.write(0, new TextEncoder().encode(text));
    await file.flush();
    file.close();
  }
}
