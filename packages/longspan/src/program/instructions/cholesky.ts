import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { InstructionRecord } from "./record.js";

/**
 * Per row: `count` factors L[n, n], lower triangular with a positive diagonal, of consecutive symmetric matrices A = L L'. Only the
 * lower triangle of A is read. Where A is not positive definite, all of L is NaN.
 */
export interface Cholesky {
  readonly kind: "cholesky";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly count: number;
  readonly n: number;
}

/** See `Cholesky`. */
export const cholesky: InstructionRecord<Cholesky> = {
  views: (i) => [
    [i.a, i.count * i.n * i.n, "a"],
    [i.out, i.count * i.n * i.n, "out"],
  ],
  print: (i, { view }) => [`${view(i.out)} = cholesky ${view(i.a)}  ${i.count}x[${i.n},${i.n}]`],
  flops: (i) => (i.count * i.n * i.n * i.n) / 3,
  kernel: { reads: ["a"], sizes: ["count", "n"], flags: [] },
  run(i, bind) {
    const [out, a] = [bind(i.out), bind(i.a)];
    const { count, n } = i;
    return (begin, end) => {
      for (let r = begin; r < end; r++)
        for (let q = 0; q < count; q++) {
          const [A, L] = [a.at(r) + q * n * n, out.at(r) + q * n * n];
          if (!factor(a.array, A, out.array, L, n)) out.array.fill(Number.NaN, L, L + n * n);
        }
    };
  },
};

type Numbers = { [index: number]: number };

/** Writes the factor, by columns. False once a pivot is not positive. */
function factor(a: Numbers, A: number, l: Numbers, L: number, n: number): boolean {
  for (let j = 0; j < n; j++) {
    let pivot = a[A + j * n + j]!;
    for (let k = 0; k < j; k++) pivot -= l[L + j * n + k]! ** 2;
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return false;
    const root = Math.sqrt(pivot);
    l[L + j * n + j] = root;
    for (let i = 0; i < j; i++) l[L + i * n + j] = 0;
    for (let i = j + 1; i < n; i++) {
      let rest = a[A + i * n + j]!;
      for (let k = 0; k < j; k++) rest -= l[L + i * n + k]! * l[L + j * n + k]!;
      l[L + i * n + j] = rest / root;
    }
  }
  return true;
}
