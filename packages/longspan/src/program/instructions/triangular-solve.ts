import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { InstructionRecord } from "./record.js";

/**
 * Per row: `count` systems op(A) X = B with A[n, n] triangular and B[n, m], consecutive in a row; out = X. Only the triangle that
 * `lower` names is read, A's before `transposeA` transposes it. Linear in B; transpose: `triangularSolve` with A transposed.
 */
export interface TriangularSolve {
  readonly kind: "triangularSolve";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly count: number;
  readonly n: number;
  readonly m: number;
  readonly lower: boolean;
  readonly transposeA: boolean;
}

/** See `TriangularSolve`. */
export const triangularSolve: InstructionRecord<TriangularSolve> = {
  views: (i) => [
    [i.a, i.count * i.n * i.n, "a"],
    [i.b, i.count * i.n * i.m, "b"],
    [i.out, i.count * i.n * i.m, "out"],
  ],
  print(i, { view }) {
    const triangle = `${i.lower ? "lower" : "upper"} ${view(i.a)}${i.transposeA ? "'" : ""}`;
    return [`${view(i.out)} = ${triangle} \\ ${view(i.b)}  ${i.count}x[${i.n},${i.m}]`];
  },
  flops: (i) => i.count * i.n * i.n * i.m,
  kernel: { reads: ["a", "b"], sizes: ["count", "n", "m"], flags: ["lower", "transposeA"] },
  run(i, bind) {
    const [out, a, b] = [bind(i.out), bind(i.a), bind(i.b)];
    const { count, n, m } = i;
    // What is solved first: the ends of a triangle's columns, or of its rows.
    const forwards = i.lower !== i.transposeA;
    const [down, across] = i.transposeA ? [1, n] : [n, 1];
    return (begin, end) => {
      for (let r = begin; r < end; r++)
        for (let q = 0; q < count; q++) {
          const [A, B, X] = [a.at(r) + q * n * n, b.at(r) + q * n * m, out.at(r) + q * n * m];
          for (let s = 0; s < n; s++) {
            const row = forwards ? s : n - 1 - s;
            for (let c = 0; c < m; c++) {
              let rest = b.array[B + row * m + c]!;
              for (let t = 0; t < s; t++) {
                const known = forwards ? t : n - 1 - t;
                rest -= a.array[A + row * down + known * across]! * out.array[X + known * m + c]!;
              }
              out.array[X + row * m + c] = rest / a.array[A + row * (n + 1)]!;
            }
          }
        }
    };
  },
};
