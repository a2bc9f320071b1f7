// A newsroom's key in the wrong hands: signs posts that the command would refuse to make, and puts them into a tree.
// Bytes as docs/spec has them (items.md, header.md, pack.md, statement.md, head.md).

import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { blake3 } from "../../web/hash.mjs";

const MEDIA_KIND = 2;
/** What stands before an Ed25519 seed in PKCS #8. */
const SEED_START = "302e020100300506032b657004220420";

export class StolenKey {
  #hash;
  #secret;
  #key;
  #tree;
  #channel;

  /** Takes the key of a machine's home. Its newsroom has published in this tree, perhaps beside others. */
  static async from(machine, tree, channel = readdirSync(path.join(tree, "c"))[0]) {
    const thief = new StolenKey();
    const hash = await blake3(path.join(process.env.READER, "reader.wasm"));
    thief.#hash = (bytes) => Buffer.from(hash(bytes), "hex");
    const seed = keyFiles(machine.path("home")).match(/longear-delegate-([0-9a-f]{64})/)[1];
    thief.#secret = createPrivateKey({ key: Buffer.from(SEED_START + seed, "hex"), format: "der", type: "pkcs8" });
    thief.#key = Buffer.from(createPublicKey(thief.#secret).export({ format: "jwk" }).x, "base64url");
    thief.#tree = tree;
    thief.#channel = channel;
    return thief;
  }

  /** Publishes a post: `files` are `{ name, mime, bytes, width, height }`, with nothing checked about them. */
  publish(title, files) {
    for (const { bytes } of files) {
      const name = this.#hash(bytes).toString("hex");
      mkdirSync(path.join(this.#tree, "b", name.slice(0, 2)), { recursive: true });
      writeFileSync(path.join(this.#tree, "b", name.slice(0, 2), name), bytes);
    }
    this.#append(this.#article(title, files));
  }

  #article(title, files) {
    const variant = [text("en"), u8(0), text(title), text("")];
    const renditions = files.flatMap(({ name, mime, bytes, width = 0, height = 0 }) =>
      [text(name), this.#hash(bytes), u64(bytes.length), text(mime), u64(0), u32(width), u32(height), u8(0)],
    );
    return Buffer.concat([u8(1, 0, 1), ...variant, u8(files.length), ...renditions]);
  }

  #append(payload) {
    const headFile = path.join(this.#tree, "c", this.#channel, "head");
    const head = readFileSync(headFile);
    // One delegate has spoken: one statement stands behind the 77 bytes of the head.
    const old = head.subarray(77);
    const [incarnation, items, tip] = [old.subarray(36, 44), old.readBigUInt64LE(68), old.subarray(76, 108)];
    const log = this.#labelled("log", this.#channelBytes, this.#key, incarnation).subarray(0, 16);
    const unsigned = Buffer.concat([
      ...[u8(1, MEDIA_KIND, 0, 0), log, u64(items), u64(Date.now()), u64(0), u32(payload.length)],
      ...[this.#hash(payload), tip, u8(0, 0)],
    ]);
    const header = this.#signed("item signature", unsigned);
    const pack = [Buffer.from("LEP\x01\0"), u64(items), this.#key, incarnation, u8(header.length, 0), header, u64(0), u32(payload.length), payload];
    writeFileSync(path.join(this.#tree, "c", this.#channel, "p", log.toString("hex"), `0-${items}`), Buffer.concat(pack));
    const statement = Buffer.from(old.subarray(0, 116 + 1));
    statement.writeBigUInt64LE(old.readBigUInt64LE(44) + 1n, 44);
    statement.writeBigUInt64LE(BigInt(Date.now()), 52);
    statement.writeBigUInt64LE(items + 1n, 68);
    this.#labelled("item", header).copy(statement, 76);
    writeFileSync(headFile, Buffer.concat([head.subarray(0, 77), this.#signed("statement signature", statement), u8(0)]));
  }

  #signed(label, bytes) {
    return Buffer.concat([bytes, sign(null, this.#message(label, this.#channelBytes, bytes), this.#secret)]);
  }

  #labelled(label, ...parts) {
    return this.#hash(this.#message(label, ...parts));
  }

  #message(label, ...parts) {
    return Buffer.concat([Buffer.from(`longear 1 ${label}\0`), ...parts]);
  }

  get #channelBytes() {
    return Buffer.from(this.#channel, "hex");
  }
}

function keyFiles(home) {
  const files = readdirSync(home, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "latin1")).join("\n");
}

const u8 = (...numbers) => Buffer.from(numbers);
const u32 = (number) => integer(4, number);
const u64 = (number) => integer(8, number);
const text = (string) => Buffer.concat([u32(Buffer.byteLength(string)), Buffer.from(string)]);

function integer(bytes, number) {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(number));
  return buffer.subarray(0, bytes);
}
