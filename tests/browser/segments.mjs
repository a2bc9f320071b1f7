// What a phone keeps of a broadcast: the files of `web/src/worker/segments.ts`, read without the app.

/** Each file with its hash, as base64. */
export function keptSegments(page, item) {
  return page.evaluate(async (item) => {
    const folder = await ["longear", "live", item].reduce(async (at, name) => (await at).getDirectoryHandle(name), navigator.storage.getDirectory());
    const found = [];
    for await (const file of folder.values()) {
      // What is written just now cannot be read in the same moment.
      const read = file.name.endsWith(".seg") ? (await file.getFile()).arrayBuffer().catch(() => new ArrayBuffer(0)) : new ArrayBuffer(0);
      const bytes = new Uint8Array(await read);
      for (let at = 0; at < bytes.length; ) {
        const end = at + 36 + new DataView(bytes.buffer).getUint32(at + 32, true);
        const hash = [...bytes.subarray(at, at + 32)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        const letters = Array.from(bytes.subarray(at + 36, end), (byte) => String.fromCharCode(byte));
        found.push({ hash, bytes: btoa(letters.join("")) });
        at = end;
      }
    }
    return found;
  }, item);
}
