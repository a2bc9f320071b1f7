// Where bytes are kept: the browser's private files, its database where it gives none, or memory where it gives neither.

import type { Storage } from "../shared/protocol";
import { load } from "./scripts";

type Soon<T> = T | Promise<T>;

/** A file whose parts are read and written; what was flushed can be read, and survives a killed browser. */
export interface OpenFile {
  size(): number;
  read(from: number, to: number): Soon<Uint8Array<ArrayBuffer>>;
  write(at: number, bytes: Uint8Array): void;
  truncate(size: number): void;
  flush(): Soon<void>;
  close(): void;
}

export interface Disk {
  readonly storage: Storage;
  /** Opens a file, and makes it where there is none. */
  open(path: string): Promise<OpenFile>;
  exists(path: string): Promise<boolean>;
  /** What a file holds now, without reading it into memory where that can be helped. */
  content(path: string): Promise<Blob>;
  remove(path: string): Promise<void>;
  /** Every file below a folder, with its size. */
  list(folder: string): Promise<{ path: string; size: number }[]>;
  wipe(): Promise<void>;
}

/** The best disk that this browser gives; `folder` is where the app's files stand. */
export async function findDisk(folder: string): Promise<Disk> {
  try {
    const root = await navigator.storage.getDirectory();
    const disk = new PrivateFiles(await root.getDirectoryHandle(FOLDER, { create: true }), root);
    const probe = await disk.open(PROBE);
    // Browsers of the first years answered later.
    const isWhatItShallBe = probe.size() === 0;
    probe.close();
    if (isWhatItShallBe) {
      return disk;
    }
  } catch {
    // It gives none.
  }
  return load(folder, "database").findOther();
}

/** The folder that holds everything: wiping is removing it. */
const FOLDER = "longear";
/** It stays: a full phone makes no new file, and would look as if it gave none, and had kept nothing. */
const PROBE = "probe";
/** How long a file is waited for that another worker holds, and how often it is tried. */
const HELD_MS_MAX = 10_000;
const HELD_AGAIN_MS = 30;

class PrivateFiles implements Disk {
  readonly storage = "kept";
  #folder: FileSystemDirectoryHandle;
  readonly #root: FileSystemDirectoryHandle;

  constructor(folder: FileSystemDirectoryHandle, root: FileSystemDirectoryHandle) {
    this.#folder = folder;
    this.#root = root;
  }

  async open(path: string): Promise<OpenFile> {
    const { folder, name } = await this.#place(path, true);
    const file = await folder.getFileHandle(name, { create: true });
    return new PrivateFile(await syncHandle(file as SyncFileHandle));
  }

  async exists(path: string): Promise<boolean> {
    try {
      const { folder, name } = await this.#place(path, false);
      await folder.getFileHandle(name);
      return true;
    } catch {
      return false;
    }
  }

  async content(path: string): Promise<Blob> {
    const { folder, name } = await this.#place(path, false);
    return await (await folder.getFileHandle(name)).getFile();
  }

  async remove(path: string): Promise<void> {
    try {
      const { folder, name } = await this.#place(path, false);
      await folder.removeEntry(name);
    } catch (error) {
      if ((error as DOMException).name !== "NotFoundError") {
        throw error;
      }
    }
  }

  async list(folder: string): Promise<{ path: string; size: number }[]> {
    try {
      return await listFolder((await this.#place(`${folder}/`, false)).folder, folder);
    } catch {
      return [];
    }
  }

  async wipe(): Promise<void> {
    await this.#root.removeEntry(FOLDER, { recursive: true });
    this.#folder = await this.#root.getDirectoryHandle(FOLDER, { create: true });
  }

  async #place(path: string, create: boolean) {
    const names = path.split("/");
    const name = names.pop() ?? "";
    let folder = this.#folder;
    for (const step of names) {
      folder = await folder.getDirectoryHandle(step, { create });
    }
    return { folder, name };
  }
}

/** A file opens for one at a time; a tab that was just closed may still hold it. */
async function syncHandle(file: SyncFileHandle): Promise<SyncHandle> {
  const end = Date.now() + HELD_MS_MAX;
  for (;;) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      if ((error as DOMException).name !== "NoModificationAllowedError" || Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, HELD_AGAIN_MS));
    }
  }
}

async function listFolder(folder: FileSystemDirectoryHandle, path: string) {
  const found: { path: string; size: number }[] = [];
  for await (const entry of (folder as unknown as Folder).values()) {
    const inner = `${path}/${entry.name}`;
    if (entry.kind === "directory") {
      found.push(...(await listFolder(entry as FileSystemDirectoryHandle, inner)));
    } else {
      found.push({ path: inner, size: (await (entry as FileSystemFileHandle).getFile()).size });
    }
  }
  return found;
}

class PrivateFile implements OpenFile {
  readonly #handle: SyncHandle;

  constructor(handle: SyncHandle) {
    this.#handle = handle;
  }

  size(): number {
    return this.#handle.getSize();
  }

  read(from: number, to: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(to - from);
    return bytes.subarray(0, this.#handle.read(bytes, { at: from }));
  }

  write(at: number, bytes: Uint8Array): void {
    if (this.#handle.write(bytes, { at }) !== bytes.length) {
      throw new DOMException("the disk took less than it was given", "QuotaExceededError");
    }
  }

  truncate(size: number): void {
    this.#handle.truncate(size);
  }

  flush(): void {
    this.#handle.flush();
  }

  close(): void {
    this.#handle.close();
  }
}

// What browsers have and TypeScript's list of a browser's interfaces does not promise in every kind of script.
interface SyncHandle {
  getSize(): number;
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface SyncFileHandle {
  createSyncAccessHandle(): Promise<SyncHandle>;
}

interface Folder {
  values(): AsyncIterable<FileSystemHandle>;
}
