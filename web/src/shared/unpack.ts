// Unpacks the format of `xz --format=lzma`: a quarter smaller than gzip for the modules, and that from any server, also from
// those that send files as they are. Written after the description of the format in the LZMA SDK.

const PROBABILITY_BITS = 11;
const RANGE_MIN = 2 ** 24;
const STATES = 12;
const POSITIONS = 16;
/** What a stream says that ends with a mark instead of naming its length. */
const UNKNOWN = 0xffffffff;

// Where the probabilities of each decision stand.
const IS_MATCH = 0;
const IS_REPEAT = IS_MATCH + STATES * POSITIONS;
const IS_OLDER = IS_REPEAT + STATES;
const IS_LONG = IS_OLDER + 3 * STATES;
const SLOT = IS_LONG + STATES * POSITIONS;
const NEAR = SLOT + 4 * 64;
const ALIGN = NEAR + 115;
const LENGTH = ALIGN + 16;
const LENGTH_SIZE = 2 + 2 * POSITIONS * 8 + 256;
const LITERAL = LENGTH + 2 * LENGTH_SIZE;

/** Throws where the stream breaks off, refers to what never was, or would give more than `sizeMax` bytes. */
export function unpack(packed: Uint8Array, sizeMax: number): Uint8Array<ArrayBuffer> {
  return new Unpacker(packed, sizeMax).run();
}

class Unpacker {
  readonly #in: Uint8Array;
  #at = 13;
  #range = 0xffffffff;
  #code = 0;
  #out: Uint8Array<ArrayBuffer>;
  #size = 0;
  readonly #sizeMax: number;
  readonly #wanted: number;
  readonly #literalContext: number;
  readonly #literalMask: number;
  readonly #positionMask: number;
  readonly #odds: Uint16Array;
  #state = 0;
  /** The distances of the last four repetitions, each less one. */
  #distances: [number, number, number, number] = [0, 0, 0, 0];

  constructor(packed: Uint8Array, sizeMax: number) {
    this.#in = packed;
    this.#sizeMax = sizeMax;
    const kind = packed[0] ?? 0xff;
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    if (packed.length < 18 || kind >= 9 * 5 * 5 || packed[13] !== 0) {
      throw new Error("not packed");
    }
    this.#wanted = view.getUint32(5, true);
    if (this.#wanted !== UNKNOWN && this.#wanted > sizeMax) {
      throw new Error("too long");
    }
    const rest = Math.floor(kind / 9);
    this.#literalContext = kind % 9;
    this.#literalMask = (1 << rest % 5) - 1;
    this.#positionMask = (1 << Math.floor(rest / 5)) - 1;
    this.#odds = new Uint16Array(LITERAL + (0x300 << (this.#literalContext + (rest % 5)))).fill(1 << (PROBABILITY_BITS - 1));
    this.#code = view.getUint32(14, false);
    this.#at = 18;
    this.#out = new Uint8Array(Math.min(sizeMax, packed.length * 4));
  }

  run(): Uint8Array<ArrayBuffer> {
    while (this.#size !== this.#wanted) {
      const position = this.#size & this.#positionMask;
      if (this.#bit(IS_MATCH + this.#state * POSITIONS + position) === 0) {
        this.#literal();
      } else if (!this.#repetition(position)) {
        break;
      }
    }
    return this.#out.slice(0, this.#size);
  }

  #literal(): void {
    const before = this.#size > 0 ? (this.#out[this.#size - 1] ?? 0) : 0;
    const context = ((this.#size & this.#literalMask) << this.#literalContext) + (before >> (8 - this.#literalContext));
    const odds = LITERAL + 0x300 * context;
    let symbol = 1;
    if (this.#state >= 7) {
      // Behind a repetition the byte is hardly the one with which it would have gone on.
      let expected = this.#out[this.#size - this.#distances[0] - 1] ?? 0;
      while (symbol < 0x100) {
        const likely = (expected >> 7) & 1;
        expected <<= 1;
        const bit = this.#bit(odds + ((1 + likely) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (likely !== bit) {
          break;
        }
      }
    }
    while (symbol < 0x100) {
      symbol = (symbol << 1) | this.#bit(odds + symbol);
    }
    this.#put(symbol);
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /** Repeats what was before. False at the mark that ends the stream. */
  #repetition(position: number): boolean {
    const [first, second, third, fourth] = this.#distances;
    const after = (short: number) => (this.#state < 7 ? short : short + 3);
    if (this.#bit(IS_REPEAT + this.#state) === 0) {
      const length = this.#length(LENGTH, position);
      const distance = this.#distance(length);
      this.#state = after(7);
      if (distance === UNKNOWN) {
        return false;
      }
      this.#distances = [distance, first, second, third];
      this.#repeat(length);
      return true;
    }
    if (this.#bit(IS_OLDER + this.#state) === 0) {
      if (this.#bit(IS_LONG + this.#state * POSITIONS + position) === 0) {
        this.#state = this.#state < 7 ? 9 : 11;
        this.#repeat(1);
        return true;
      }
    } else if (this.#bit(IS_OLDER + STATES + this.#state) === 0) {
      this.#distances = [second, first, third, fourth];
    } else if (this.#bit(IS_OLDER + 2 * STATES + this.#state) === 0) {
      this.#distances = [third, first, second, fourth];
    } else {
      this.#distances = [fourth, first, second, third];
    }
    const length = this.#length(LENGTH + LENGTH_SIZE, position);
    this.#state = this.#state < 7 ? 8 : 11;
    this.#repeat(length);
    return true;
  }

  #length(odds: number, position: number): number {
    if (this.#bit(odds) === 0) {
      return 2 + this.#tree(odds + 2 + position * 8, 3);
    }
    if (this.#bit(odds + 1) === 0) {
      return 10 + this.#tree(odds + 2 + (POSITIONS + position) * 8, 3);
    }
    return 18 + this.#tree(odds + 2 + 2 * POSITIONS * 8, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(SLOT + Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) {
      return slot;
    }
    const bits = (slot >> 1) - 1;
    const high = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) {
      return high + this.#reverseTree(NEAR + high - slot, bits);
    }
    return high + this.#plain(bits - 4) * 16 + this.#reverseTree(ALIGN, 4);
  }

  #repeat(length: number): void {
    const distance = this.#distances[0] + 1;
    if (distance > this.#size) {
      throw new Error("refers to what never was");
    }
    for (let left = length; left > 0; left -= 1) {
      this.#put(this.#out[this.#size - distance] ?? 0);
    }
  }

  #put(byte: number): void {
    if (this.#size === this.#out.length) {
      if (this.#size >= this.#sizeMax) {
        throw new Error("too long");
      }
      const longer = new Uint8Array(Math.min(this.#sizeMax, this.#size * 2));
      longer.set(this.#out);
      this.#out = longer;
    }
    this.#out[this.#size] = byte;
    this.#size += 1;
  }

  #tree(odds: number, bits: number): number {
    let symbol = 1;
    for (let left = bits; left > 0; left -= 1) {
      symbol = (symbol << 1) | this.#bit(odds + symbol);
    }
    return symbol - (1 << bits);
  }

  #reverseTree(odds: number, bits: number): number {
    let [symbol, number] = [1, 0];
    for (let place = 0; place < bits; place += 1) {
      const bit = this.#bit(odds + symbol);
      symbol = (symbol << 1) | bit;
      number |= bit << place;
    }
    return number;
  }

  /** Bits that are as often 1 as 0. */
  #plain(bits: number): number {
    let number = 0;
    for (let left = bits; left > 0; left -= 1) {
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      this.#code -= bit * this.#range;
      number = number * 2 + bit;
      this.#refill();
    }
    return number;
  }

  #bit(place: number): number {
    const odds = this.#odds[place] ?? 0;
    const bound = (this.#range >>> PROBABILITY_BITS) * odds;
    const bit = this.#code < bound ? 0 : 1;
    if (bit === 0) {
      this.#range = bound;
      this.#odds[place] = odds + (((1 << PROBABILITY_BITS) - odds) >> 5);
    } else {
      this.#range -= bound;
      this.#code -= bound;
      this.#odds[place] = odds - (odds >> 5);
    }
    this.#refill();
    return bit;
  }

  #refill(): void {
    if (this.#range < RANGE_MIN) {
      const next = this.#in[this.#at];
      if (next === undefined) {
        throw new Error("breaks off");
      }
      this.#at += 1;
      this.#range = (this.#range << 8) >>> 0;
      this.#code = ((this.#code << 8) | next) >>> 0;
    }
  }
}
