// Which of the two builds of the core this browser runs.

const SMALLEST_WITH_VECTORS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];

/** No module is longer when it is unpacked. */
export const MODULE_BYTES_MAX = 4 * 2 ** 20;

const [PLAIN, WITH_VECTORS] = ["reader.lzma", "reader-simd.lzma"] as const;

/** The file of the faster build where the browser can run it, and the one that is of no use here. */
export function modules(): { fit: string; useless: string } {
  const runs = WebAssembly.validate(new Uint8Array(SMALLEST_WITH_VECTORS));
  return runs ? { fit: WITH_VECTORS, useless: PLAIN } : { fit: PLAIN, useless: WITH_VECTORS };
}
