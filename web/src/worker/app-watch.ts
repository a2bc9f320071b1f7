// Watches over the app itself: whether what is kept of it, and what its website gives today, is what its makers signed.

import type { Alarm } from "../shared/protocol";
import type { Core } from "../shared/core";
import { modules } from "../shared/module";
import { Fault, type FileList, KEPT, LIST, SERVICE, bytesOf, checkFile, fetchNow, readList, release } from "../shared/release";
import type { Disk } from "./disk";

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
    if (!(await this.#keptList())) {
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
    let alarm = await this.#fault();
    if (alarm) {
      // It may be half way through an update.
      await new Promise((resolve) => setTimeout(resolve, release.patienceMs));
      alarm = await this.#fault();
    }
    if (alarm) {
      await this.#note(alarm).catch(() => undefined);
      this.#tell(alarm);
    }
  }

  /** What is wrong with the app, here or at its website; nothing where nobody answers. */
  async #fault(): Promise<Alarm | null> {
    let isKept = false;
    try {
      const kept = await this.#keptList();
      if (kept) {
        await this.#checkAll(kept.list, (path) => fetch(new URL(path, this.#folder)), SERVICE);
        isKept = true;
      }
      await this.#checkWebsite(kept);
      return null;
    } catch (error) {
      return error instanceof Fault ? { code: error.code, what: error.what, isKept } : null;
    }
  }

  /** The list under which the running copy is kept, if it is. */
  async #keptList(): Promise<{ list: FileList; bytes: Uint8Array } | null> {
    const answer = await fetch(new URL(LIST, this.#folder)).catch(() => null);
    if (!answer?.headers.has(KEPT)) {
      return null;
    }
    const bytes = await bytesOf(answer);
    return { list: readList(this.#core, bytes), bytes };
  }

  async #checkWebsite(kept: { list: FileList; bytes: Uint8Array } | null): Promise<void> {
    const answer = await fetchNow(LIST, this.#folder);
    if (!answer) {
      // It does not offer the app any more; or nobody who made it signs this one, and then it has no list at all.
      if (kept) {
        return;
      }
      throw new Fault("unsigned", LIST);
    }
    const bytes = await bytesOf(answer);
    const list = readList(this.#core, bytes);
    if (list.version < release.version) {
      throw new Fault("older", LIST);
    }
    if (kept && list.version === kept.list.version && this.#core.hash(bytes) !== this.#core.hash(kept.bytes)) {
      throw new Fault("other-list", LIST);
    }
    await this.#checkAll(list, (path) => fetchNow(path, this.#folder));
  }

  async #checkAll(list: FileList, get: (path: string) => Promise<Response | null>, except = ""): Promise<void> {
    const { useless } = modules();
    for (const path of list.files.keys()) {
      if (path !== useless && path !== except) {
        const answer = await get(path);
        checkFile(this.#core, list, path, answer ? await bytesOf(answer) : new Uint8Array(0));
      }
    }
  }

  /** An alarm of an earlier session that nobody has read. */
  async #recall(): Promise<void> {
    if (await this.#disk.exists(NOTE)) {
      const note = await this.#disk.open(NOTE);
      const text = new TextDecoder().decode(note.read(0, note.size()));
      note.close();
      const [code, what, kept] = text.split("\n");
      this.#tell({ code: (code || "changed") as Alarm["code"], what: what ?? "", isKept: kept === "kept" });
    }
  }

  async #note({ code, what, isKept }: Alarm): Promise<void> {
    const note = await this.#disk.open(NOTE);
    note.truncate(0);
    note.write(0, new TextEncoder().encode([code, what, isKept ? "kept" : "new"].join("\n")));
    note.flush();
    note.close();
  }
}
