// What is measured, in Node and in a page alike: our modules and well-known libraries take turns.

import { ed25519 } from "@noble/curves/ed25519.js";
import { blake3 } from "@noble/hashes/blake3.js";
import { createBLAKE3 } from "hash-wasm";

/** One group of a file: what the app checks at once. */
const GROUP_BYTES = 1 << 20;
/** How long one turn of one side lasts. */
const TURN_MS = 300;
/** Different signatures, so that nothing can be remembered. */
const SIGNATURES = 64;

/**
 * Measures for some turns. `cores`: started cores by their names. Gives, by what and by whom, the speed of each turn:
 * MB/s of BLAKE3, and verifications a second.
 */
export async function measure(cores, turns) {
  const group = Uint8Array.from({ length: GROUP_BYTES }, (_, place) => (place * 31 + (place >> 9)) & 255);
  const signed = Array.from({ length: SIGNATURES }, (_, number) => {
    const secret = Uint8Array.from({ length: 32 }, (_, place) => number + place);
    // As long as the header of an item.
    const message = Uint8Array.from({ length: 178 }, (_, place) => number * place);
    return { key: ed25519.getPublicKey(secret), signature: ed25519.sign(message, secret), message };
  });
  const hasher = await createBLAKE3();
  const ours = Object.entries(cores);
  const hashes = Object.fromEntries([
    ...ours.map(([name, core]) => [name, () => core.hash(group)]),
    ["hash-wasm", () => hasher.init().update(group).digest("hex")],
    ["@noble/hashes", () => blake3(group)],
  ]);
  const checks = Object.fromEntries([
    ...ours.map(([name, core]) => [name, (one) => core.verify(one.key, one.signature, one.message)]),
    ["@noble/curves", (one) => ed25519.verify(one.signature, one.message, one.key)],
  ]);
  const speeds = { blake3: {}, verify: {} };
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [name, hash] of Object.entries(hashes)) {
      (speeds.blake3[name] ??= []).push((perSecond(hash) * GROUP_BYTES) / 1e6);
    }
    for (const [name, check] of Object.entries(checks)) {
      let number = 0;
      const next = () => {
        number = (number + 1) % SIGNATURES;
        if (!check(signed[number])) {
          throw new Error(`${name} refuses a good signature`);
        }
      };
      (speeds.verify[name] ??= []).push(perSecond(next));
    }
  }
  return speeds;
}

function perSecond(act) {
  // Once for the compiler.
  act();
  const start = performance.now();
  let count = 0;
  let elapsed = 0;
  do {
    act();
    count += 1;
    elapsed = performance.now() - start;
  } while (elapsed < TURN_MS);
  return (count * 1000) / elapsed;
}
