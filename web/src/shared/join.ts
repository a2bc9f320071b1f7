// Puts a module together of which numbers of the same kind stand together, because so it packs smaller
// (`xtask/src/wasm/split.rs`, which draws the form).

const CODE = 10;
const PARTS = 6;
/** Blocks, globals and tables, the memory's size, constants of 64 bits, references. */
const ONE_NUMBER = [0x02, 0x03, 0x04, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x42, 0xd0, 0xd2];
const [REST, LOCALS, CALLS, CONSTANTS, OFFSETS, DEPTHS] = [0, 1, 2, 3, 4, 5] as const;

/** Throws where parts break off. What comes out is as long as what came in, whatever stands in it. */
export function join(split: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Joiner(split).run();
}

class Joiner {
  readonly #in: Uint8Array;
  readonly #out: Uint8Array<ArrayBuffer>;
  #size = 0;
  /** Where each part is read next. */
  readonly #at: number[] = [];

  constructor(split: Uint8Array) {
    const view = new DataView(split.buffer, split.byteOffset, split.byteLength);
    let at = 4 * PARTS;
    for (let part = 0; part < PARTS && split.length >= 4 * PARTS; part += 1) {
      this.#at.push(at);
      at += view.getUint32(4 * part, true);
    }
    if (at !== split.length) {
      throw new Error("not split");
    }
    this.#in = split;
    this.#out = new Uint8Array(at - 4 * PARTS);
  }

  run(): Uint8Array<ArrayBuffer> {
    this.#bytes(8);
    while (this.#size < this.#out.length) {
      const section = this.#byte(REST);
      const length = this.#number(REST);
      section === CODE ? this.#functions() : this.#bytes(length);
    }
    return this.#out;
  }

  #functions(): void {
    for (let left = this.#number(REST); left > 0; left -= 1) {
      const length = this.#number(REST);
      const end = this.#size + length;
      this.#numbers(2 * this.#number(REST));
      while (this.#size < end) {
        this.#instruction(this.#byte(REST));
      }
    }
  }

  #instruction(code: number): void {
    if (code >= 0x20 && code <= 0x22) {
      this.#number(LOCALS);
    } else if (code === 0x41) {
      this.#number(CONSTANTS);
    } else if (code >= 0x28 && code <= 0x3e) {
      this.#memory();
    } else if (code >= 0x45 && code <= 0xc4) {
      // Most of the others stand for themselves.
    } else if (code === 0x10) {
      this.#number(CALLS);
    } else if (code === 0x0c || code === 0x0d) {
      this.#number(DEPTHS);
    } else if (code === 0x0e) {
      for (let left = this.#number(DEPTHS); left >= 0; left -= 1) {
        this.#number(DEPTHS);
      }
    } else if (code === 0x11) {
      this.#numbers(2);
    } else if (code === 0x1c) {
      this.#numbers(this.#number(REST));
    } else if (code === 0x43 || code === 0x44) {
      this.#bytes(code === 0x43 ? 4 : 8);
    } else if (code === 0xfc) {
      const further = this.#number(REST);
      this.#numbers(further < 8 ? 0 : further < 15 ? 2 - (further & 1) : 1);
    } else if (code === 0xfd) {
      this.#vectors(this.#number(REST));
    } else if (ONE_NUMBER.includes(code)) {
      this.#number(REST);
    }
  }

  #memory(): void {
    this.#number(REST);
    this.#number(OFFSETS);
  }

  #vectors(code: number): void {
    const isLane = code >= 84 && code <= 91;
    if (code <= 11 || isLane || code === 92 || code === 93) {
      this.#memory();
    }
    this.#bytes(isLane || (code >= 21 && code <= 34) ? 1 : code === 12 || code === 13 ? 16 : 0);
  }

  #bytes(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#byte(REST);
    }
  }

  #numbers(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#number(REST);
    }
  }

  /** A number of up to 32 bits; of longer and of signed ones the value means nothing. */
  #number(part: number): number {
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte(part);
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return number >>> 0;
      }
    }
  }

  #byte(part: number): number {
    const at = this.#at[part] ?? 0;
    const byte = this.#in[at];
    if (byte === undefined || this.#size === this.#out.length) {
      throw new Error("breaks off");
    }
    this.#at[part] = at + 1;
    this.#out[this.#size] = byte;
    this.#size += 1;
    return byte;
  }
}
