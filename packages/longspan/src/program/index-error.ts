/** An integer index in data that lies outside its table. */
export class IndexError extends RangeError {
  override name = "IndexError";
}

/** The error for an index of a table of `size` entries, at a position of a row. */
export function indexError(index: number, row: number, position: number, size: number): IndexError {
  return new IndexError(
    `index ${index} at row ${row}, position ${position} lies outside 0..${size - 1}: check that ids and table come from the same vocabulary`,
  );
}

/** The index itself. @throws IndexError if it lies outside 0..size-1 */
export function checkedIndex(index: number, size: number, row: number, position: number): number {
  if (index >= 0 && index < size) return index;
  throw indexError(index, row, position, size);
}
