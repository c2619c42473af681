/** A row table at run time: row r goes to `offset + r`, or to `offset + index[r]`. */
export interface RowTable {
  readonly offset: number;
  readonly index: Int32Array | null;
}

/** Lists at run time: row r reads rows `index[starts[r] .. starts[r + 1])`. */
export interface ListTable {
  readonly starts: Int32Array;
  readonly index: Int32Array;
}
