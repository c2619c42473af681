import { indexError } from "../memory/index-error.js";
import type { Operand } from "./operand.js";

let sums = new Float64Array(1024);

/** out[c] (+)= sum over rows of a[r, c]; sums are kept in double precision. */
export function sumRows(
  out: Operand,
  a: Operand,
  begin: number,
  end: number,
  columns: number,
  accumulate: boolean,
): void {
  if (sums.length < columns) sums = new Float64Array(2 * columns);
  sums.fill(0, 0, columns);
  if (accumulate) for (let c = 0; c < columns; c++) sums[c] = out.array[out.base + c]!;
  for (let r = begin; r < end; r++) {
    const at = a.at(r);
    for (let c = 0; c < columns; c++) sums[c]! += a.array[at + c]!;
  }
  for (let c = 0; c < columns; c++) out.array[out.base + c] = sums[c]!;
}

/** out[r, c] (+)= sum of a[q, c] over the rows q of list r, in list order. */
export function segmentSum(
  out: Operand,
  a: Operand,
  starts: Int32Array,
  index: Int32Array,
  begin: number,
  end: number,
  columns: number,
  accumulate: boolean,
): void {
  const src = a.array;
  const dst = out.array;
  for (let r = begin; r < end; r++) {
    const to = out.at(r);
    const last = starts[r + 1]!;
    for (let c = 0; c < columns; c++) {
      let s = accumulate ? dst[to + c]! : 0;
      for (let q = starts[r]!; q < last; q++) s += src[a.base + index[q]! * a.stride + c]!;
      dst[to + c] = s;
    }
  }
}

export function gather(
  out: Operand,
  source: Operand,
  index: Operand,
  begin: number,
  end: number,
  count: number,
  size: number,
  columns: number,
): void {
  for (let r = begin; r < end; r++) {
    const to = out.at(r);
    const from = index.at(r);
    const table = source.at(r);
    for (let j = 0; j < count; j++) {
      const i = checked(index.array[from + j]!, size, r, j);
      const at = table + i * columns;
      for (let c = 0; c < columns; c++) out.array[to + j * columns + c] = source.array[at + c]!;
    }
  }
}

export function indexSum(
  out: Operand,
  a: Operand,
  index: Operand,
  begin: number,
  end: number,
  count: number,
  size: number,
  columns: number,
  accumulate: boolean,
): void {
  // Every row of the result belongs to one row of the instruction's space unless the result is shared.
  if (!accumulate && out.stride === 0) out.array.fill(0, out.base, out.base + size * columns);
  for (let r = begin; r < end; r++) {
    const to = out.at(r);
    if (!accumulate && out.stride !== 0) out.array.fill(0, to, to + size * columns);
    const from = a.at(r);
    const places = index.at(r);
    for (let j = 0; j < count; j++) {
      const at = to + checked(index.array[places + j]!, size, r, j) * columns;
      for (let c = 0; c < columns; c++) out.array[at + c]! += a.array[from + j * columns + c]!;
    }
  }
}

function checked(index: number, size: number, row: number, place: number): number {
  if (index >= 0 && index < size) return index;
  throw indexError(index, row, place, size);
}
