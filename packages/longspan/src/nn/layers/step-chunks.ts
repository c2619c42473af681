/** Rows that are stepped in one call, and for how many it is prepared. */
export interface Chunk {
  readonly rows: readonly number[];
  readonly width: number;
}

/**
 * Cuts rows into chunks whose widths are powers of two, so that few have to be prepared: the next larger one where that wastes less than
 * a quarter, else the next smaller one, and the rest likewise.
 */
export function chunks(rows: readonly number[], most: number): readonly Chunk[] {
  const cut: Chunk[] = [];
  for (let at = 0; at < rows.length; ) {
    const rest = rows.length - at;
    const larger = 2 ** Math.ceil(Math.log2(rest));
    const width =
      rest >= most
        ? most
        : larger <= most && 4 * rest > 3 * larger
          ? larger
          : 2 ** Math.floor(Math.log2(rest));
    cut.push({ rows: rows.slice(at, at + width), width });
    at += width;
  }
  return cut;
}
