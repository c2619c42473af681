import type { SyntheticBatch, SyntheticProblem } from "longspan";

/** The inputs of sequence b of a batch, one row per step. */
export function stepsOf(
  { x, structure }: SyntheticBatch,
  b: number,
  { input }: SyntheticProblem,
): number[][] {
  return structure.rowsOf(b).map((row) => [...x.subarray(row * input, (row + 1) * input)]);
}

/** The symbols of sequence b of a batch; fails if a row is not one-hot. */
export function symbolsOf(batch: SyntheticBatch, b: number, problem: SyntheticProblem): number[] {
  return stepsOf(batch, b, problem).map((row) => {
    const symbol = row.indexOf(1);
    if (symbol < 0 || row.some((v, i) => v !== (i === symbol ? 1 : 0)))
      throw new Error(`not one-hot: ${row.join(" ")}`);
    return symbol;
  });
}

/** The steps of sequence b that are scored, and their answers: one number each, or as many as an answer has bits. */
export function answersOf(
  { structure, scored, targets }: SyntheticBatch,
  b: number,
  { output, answer }: SyntheticProblem,
): { readonly positions: number[]; readonly answers: number[][] } {
  const { sequenceOf, positions } = structure.parts;
  const size = answer === "bits" ? output : 1;
  const own = [...scored.keys()].filter((i) => sequenceOf[scored[i]!] === b);
  return {
    positions: own.map((i) => positions[scored[i]!]!),
    answers: own.map((i) => [...targets.subarray(i * size, (i + 1) * size)]),
  };
}

/** The numbers 0 to n - 1. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** How often each value comes. */
export function counts(values: Iterable<number>): Map<number, number> {
  const found = new Map<number, number>();
  for (const v of values) found.set(v, (found.get(v) ?? 0) + 1);
  return found;
}

/** Least and greatest, and how many different ones. */
export function spread(values: readonly number[]): [least: number, greatest: number, different: number] {
  const different = [...new Set(values)].sort((a, b) => a - b);
  return [different[0]!, different.at(-1)!, different.length];
}
