// Which blocks of a blob are here: one bit for each, set after the block was checked and flushed.

/** 16 of the tree's 16 KiB: what one request brings. */
export const BLOCK_BYTES = 256 << 10;

export class Marks {
  readonly bits: Uint8Array;
  readonly blocks: number;

  constructor(readonly size: number, held?: Uint8Array) {
    this.blocks = Math.ceil(size / BLOCK_BYTES);
    this.bits = new Uint8Array(Math.ceil(this.blocks / 8));
    this.bits.set(held?.subarray(0, this.bits.length) ?? []);
  }

  has(block: number): boolean {
    return ((this.bits[block >> 3] ?? 0) & (1 << (block & 7))) !== 0;
  }

  add(block: number): void {
    this.bits[block >> 3] = (this.bits[block >> 3] ?? 0) | (1 << (block & 7));
  }

  /** The blocks that hold a range of bytes. */
  of(from: number, to: number): number[] {
    const first = Math.floor(from / BLOCK_BYTES);
    const last = Math.ceil(Math.min(to, this.size) / BLOCK_BYTES);
    return Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  }

  missing(): number[] {
    return this.of(0, this.size).filter((block) => !this.has(block));
  }

  /** Ranges of bytes, ascending and apart. */
  ranges(): [number, number][] {
    const found: [number, number][] = [];
    for (let block = 0; block < this.blocks; block += 1) {
      if (!this.has(block)) {
        continue;
      }
      const end = Math.min((block + 1) * BLOCK_BYTES, this.size);
      const last = found.at(-1);
      if (last && last[1] === block * BLOCK_BYTES) {
        last[1] = end;
      } else {
        found.push([block * BLOCK_BYTES, end]);
      }
    }
    return found;
  }
}
