// Packs taken apart and put together again (docs/spec/pack.md). Nothing is checked here: what does not fit is left out, and
// whoever gets the packs checks them.

const PREAMBLE_BYTES = 53;
const OPENING_AT = 13;
const TABLE_ENTRY_BYTES = 12;
const TIME_AT = 28;
/** A pack of 4,096 items is the largest there is. */
const LEVEL_MAX = 4;
/** A longer one is split into smaller packs (docs/spec/archive.md): a phone takes a whole pack into its memory. */
const PACK_BYTES_MAX = 8 << 20;

/** One item: its signed header, and its payload if that is here. */
export interface Slot {
  header: Uint8Array;
  payload: Uint8Array;
}

export interface Pack {
  level: number;
  index: number;
  /** When its last item was made, by the publisher. */
  time: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** The items of one log out of any packs; where two stand in one place, `better` says which of them goes on. */
export class LogItems {
  readonly #slots = new Map<number, Slot>();
  #opening = new Uint8Array(0);

  constructor(private readonly better: (one: Slot, other: Slot) => boolean) {}

  /** Takes the items of a pack as far as it can be read. */
  add(pack: Uint8Array): void {
    const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
    if (pack.length < PREAMBLE_BYTES || (pack[4] ?? 9) > LEVEL_MAX) {
      return;
    }
    const length = 8 ** (pack[4] ?? 0);
    const first = Number(view.getBigUint64(5, true)) * length;
    this.#opening = pack.slice(OPENING_AT, PREAMBLE_BYTES);
    const headers: Uint8Array[] = [];
    let at = PREAMBLE_BYTES;
    for (let slot = 0; slot < length && at + 2 <= pack.length; slot += 1) {
      const end = at + 2 + view.getUint16(at, true);
      headers.push(pack.subarray(at + 2, end));
      at = end;
    }
    let payloadAt = at + length * TABLE_ENTRY_BYTES;
    if (payloadAt > pack.length) {
      return;
    }
    headers.forEach((header, slot) => {
      const end = payloadAt + view.getUint32(at + slot * TABLE_ENTRY_BYTES + 8, true);
      if (header.length > TIME_AT + 8 && end <= pack.length) {
        this.#put(first + slot, { header, payload: pack.subarray(payloadAt, end) });
      }
      payloadAt = end;
    });
  }

  /** The same items in the largest packs that are full; so the packs say nothing of when which item came here. */
  packs(): Pack[] {
    const found: Pack[] = [];
    const seqs = [...this.#slots.keys()].sort((a, b) => a - b);
    const top = 8 ** LEVEL_MAX;
    for (const index of new Set(seqs.map((seq) => Math.floor(seq / top)))) {
      this.#fill(LEVEL_MAX, index, found);
    }
    return found;
  }

  #put(seq: number, slot: Slot): void {
    const held = this.#slots.get(seq);
    if (!held || (same(held.header, slot.header) ? slot.payload.length > held.payload.length : this.better(slot, held))) {
      this.#slots.set(seq, slot);
    }
  }

  #fill(level: number, index: number, found: Pack[]): void {
    const length = 8 ** level;
    const slots = Array.from({ length }, (_, slot) => this.#slots.get(index * length + slot)).filter((slot) => slot !== undefined);
    const bytes = slots.reduce((sum, { header, payload }) => sum + header.length + payload.length, 0);
    if (slots.length === length && (level === 0 || PREAMBLE_BYTES + length * (2 + TABLE_ENTRY_BYTES) + bytes <= PACK_BYTES_MAX)) {
      found.push(this.#pack(level, index, slots, bytes));
    } else if (slots.length > 0) {
      for (let child = 0; child < 8; child += 1) {
        this.#fill(level - 1, index * 8 + child, found);
      }
    }
  }

  #pack(level: number, index: number, slots: Slot[], content: number): Pack {
    const bytes = new Uint8Array(PREAMBLE_BYTES + slots.length * (2 + TABLE_ENTRY_BYTES) + content);
    const view = new DataView(bytes.buffer);
    bytes.set([0x4c, 0x45, 0x50, 1, level]);
    view.setBigUint64(5, BigInt(index), true);
    bytes.set(this.#opening, OPENING_AT);
    let at = PREAMBLE_BYTES;
    for (const { header } of slots) {
      view.setUint16(at, header.length, true);
      bytes.set(header, at + 2);
      at += 2 + header.length;
    }
    let [offset, payloadAt] = [0, at + slots.length * TABLE_ENTRY_BYTES];
    for (const { payload } of slots) {
      view.setBigUint64(at, BigInt(offset), true);
      view.setUint32(at + 8, payload.length, true);
      bytes.set(payload, payloadAt);
      at += TABLE_ENTRY_BYTES;
      offset += payload.length;
      payloadAt += payload.length;
    }
    return { level, index, time: timeOf(slots.at(-1)), bytes };
  }
}

function timeOf(slot: Slot | undefined): number {
  const header = slot?.header ?? new Uint8Array(TIME_AT + 8);
  return Number(new DataView(header.buffer, header.byteOffset).getBigUint64(TIME_AT, true));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
