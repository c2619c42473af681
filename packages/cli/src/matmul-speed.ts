import { fromArray, matmul, type Tensor } from "longspan";

/** How fast the executor in use multiplies matrices. */
export interface MatmulSpeed {
  /** n, of n x n matrices of float32. */
  readonly size: number;
  /** Median over the repetitions, 2 n^3 operations each, the product of one row and column read back. */
  readonly gflops: number;
  readonly repetitions: number;
}

/** Time that the repetitions may take, in milliseconds, and how many there are at least. */
const budget = { milliseconds: 350, repetitions: 3 } as const;
/** A product that is faster than this, in milliseconds, says more of overheads: larger matrices are taken. */
const tooFast = 4;

/**
 * Times products of matrices with the executor in use, in about half a second.
 * @throws Error if a product is wrong.
 */
export async function measureMatmul(now: () => number = () => performance.now()): Promise<MatmulSpeed> {
  const size = (await timeOf(256, now, 2)).at(-1)! < tooFast ? 512 : 256;
  const times: number[] = [];
  const begin = now();
  while (times.length < budget.repetitions || now() - begin < budget.milliseconds)
    times.push(...(await timeOf(size, now, 1)));
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1]!;
  return { size, gflops: (2 * size ** 3) / (1e6 * median), repetitions: times.length };
}

/** Milliseconds of each of some products. */
async function timeOf(n: number, now: () => number, repetitions: number): Promise<number[]> {
  // Rows of i % 5 times columns of 1: every element of row i is n (i % 5), exactly.
  const a = fromArray(
    Float32Array.from({ length: n * n }, (_, k) => Math.floor(k / n) % 5),
    [n, n],
  );
  const b = fromArray(new Float32Array(n * n).fill(1), [n, n]);
  const times: number[] = [];
  try {
    for (let i = 0; i < repetitions; i++) {
      const begin = now();
      const product: Tensor = matmul(a, b);
      const data = await product.data();
      times.push(now() - begin);
      product.dispose();
      const wrong = data.findIndex((x, k) => x !== n * (Math.floor(k / n) % 5));
      if (wrong >= 0) throw new Error(`a product of matrices is wrong: element ${wrong} is ${data[wrong]}`);
    }
  } finally {
    a.dispose();
    b.dispose();
  }
  return times;
}
