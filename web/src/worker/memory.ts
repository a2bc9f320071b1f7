// The last resort.

import type { Disk, OpenFile } from "./disk";

/** Keeps nothing beyond the session; the page says so. */
export class Memory implements Disk {
  readonly storage = "memory";
  readonly #files = new Map<string, MemoryFile>();

  async open(path: string): Promise<OpenFile> {
    const file = this.#files.get(path) ?? new MemoryFile();
    this.#files.set(path, file);
    return file;
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path);
  }

  async content(path: string): Promise<Blob> {
    const file = await this.open(path);
    return new Blob([await file.read(0, file.size())]);
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  async list(folder: string): Promise<{ path: string; size: number }[]> {
    const files = [...this.#files].filter(([path]) => path.startsWith(`${folder}/`));
    return files.map(([path, file]) => ({ path, size: file.size() }));
  }

  async wipe(): Promise<void> {
    this.#files.clear();
  }
}

class MemoryFile implements OpenFile {
  #bytes = new Uint8Array(0);
  #size = 0;

  size(): number {
    return this.#size;
  }

  read(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(from, Math.min(to, this.#size));
  }

  write(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, at);
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    this.#size = Math.min(this.#size, size);
  }

  flush(): void {}

  close(): void {}
}
