/** Strides of a row-major shape. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

/** f of every index of a shape, in row-major order. */
export function enumerate(shape: readonly number[], f: (index: readonly number[]) => number): Int32Array {
  const size = shape.reduce((p, n) => p * n, 1);
  const list = new Int32Array(size);
  const index = new Array<number>(shape.length).fill(0);
  for (let e = 0; e < size; e++) {
    list[e] = f(index);
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]! += 1;
      if (index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return list;
}

/** The offset of an index, counted from `starts`, by these strides. */
export function offsetFrom(
  starts: readonly number[],
  strides: readonly number[],
  index: readonly number[],
): number {
  return index.reduce((p, x, d) => p + (x + starts[d]!) * strides[d]!, 0);
}
