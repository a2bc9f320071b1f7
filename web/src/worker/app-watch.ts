// Watches over the app itself: whether what is kept of it, and what its website gives today, is what its makers signed.

import type { Alarm } from "../shared/protocol";
import type { Core } from "../shared/core";
import { KEPT, LIST, release } from "../shared/release";
import type { Disk } from "./disk";
import { load } from "./scripts";

/** How often the website is looked at while the app is open. */
const INTERVAL_MS = 6 * 3_600_000;
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
    const list = await fetch(new URL(LIST, this.#folder)).catch(() => null);
    if (!list?.headers.has(KEPT)) {
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
    const { fault } = load(this.#folder, "watch");
    let alarm = await fault(this.#core, this.#folder);
    if (alarm) {
      // It may be half way through an update.
      await new Promise((resolve) => setTimeout(resolve, release.patienceMs));
      alarm = await fault(this.#core, this.#folder);
    }
    if (alarm) {
      await this.#note(alarm).catch(() => undefined);
      this.#tell(alarm);
    }
  }

  /** An alarm of an earlier session that nobody has read. */
  async #recall(): Promise<void> {
    if (await this.#disk.exists(NOTE)) {
      const note = await this.#disk.open(NOTE);
      const text = new TextDecoder().decode(await note.read(0, note.size()));
      note.close();
      const [code, what, kept] = text.split("\n");
      this.#tell({ code: (code || "changed") as Alarm["code"], what: what ?? "", isKept: kept === "kept" });
    }
  }

  async #note({ code, what, isKept }: Alarm): Promise<void> {
    const note = await this.#disk.open(NOTE);
    note.truncate(0);
    note.write(0, new TextEncoder().encode([code, what, isKept ? "kept" : "new"].join("\n")));
    await note.flush();
    note.close();
  }
}
