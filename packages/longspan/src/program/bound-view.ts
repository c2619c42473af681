import type { View } from "./buffers.js";
import type { TypedArray } from "./dtype.js";

const empty = new Float64Array(0);

/**
 * A view bound to memory: row r starts at `base + r * stride`, or at `base + index[r] * stride`. A fixed row has
 * stride 0. For a level buffer `base` moves with the level, so that node row r stays the row's name everywhere.
 * @example
 * const view = new BoundView({ buffer: 0, offset: 1, rows: "same" }, false);
 * view.bind(Float32Array.of(0, 10, 0, 20), 1, 2, null); // rows of two columns, of which the view has the second
 * view.array[view.at(1)]; // 20
 */
export class BoundView {
  array: TypedArray = empty;
  base = 0;
  stride = 0;
  index: Int32Array | null = null;
  /** Element where row 0 would start, before the level is subtracted. */
  private origin = 0;

  constructor(
    readonly view: View,
    readonly perLevel: boolean,
  ) {}

  /** Says where row 0 starts and how far rows lie apart, in elements; `index` for rows by a table. */
  bind(array: TypedArray, origin: number, stride: number, index: Int32Array | null): void {
    this.array = array;
    this.origin = origin;
    this.base = origin;
    this.stride = stride;
    this.index = index;
  }

  /** Called before a level whose first row is `begin`. */
  setLevel(begin: number): void {
    if (this.perLevel) this.base = this.origin - begin * this.stride;
  }

  /** Lets go of the memory. */
  unbind(): void {
    this.array = empty;
    this.index = null;
  }

  /** The element at which a row starts. */
  at(row: number): number {
    return this.index === null ? this.base + row * this.stride : this.base + this.index[row]! * this.stride;
  }
}
