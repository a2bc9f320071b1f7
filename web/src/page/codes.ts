// Codes for cameras: drawn, and read from pictures. Loaded at the first need only, as most readers never need it.

import encode from "qr";
import decode from "qr/decode.js";

/** Cells of quiet around a code; without them cameras do not find it. */
const QUIET_CELLS = 4;

export interface Drawing {
  /** Width and height in cells. */
  size: number;
  /** The dark cells, as the path of an SVG. */
  path: string;
}

export function draw(text: string): Drawing {
  const rows: boolean[][] = encode(text, "raw", { ecc: "medium", border: QUIET_CELLS });
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return { size: rows.length, path: dark.join("") };
}

/** The text of a code in a picture; none where there is none that can be read. */
export function read(picture: ImageData): string | null {
  try {
    return decode(picture);
  } catch {
    return null;
  }
}
