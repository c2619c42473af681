import { cosine, oneplus, sharpened, sigmoid, softmax, sum, taker } from "./plain-numbers.js";

/** A neural Turing machine's memory in plain numbers, one step at a time: the equations of Graves et al. (2014) written once more. */
export interface TuringTwin {
  memory: number[][];
  weights: number[][];
}

/** What a step reads, head after head; the twin goes on. */
export function step(
  twin: TuringTwin,
  emitted: readonly number[],
  { readHeads, writeHeads, farthest }: { readHeads: number; writeHeads: number; farthest: number },
): number[] {
  const width = twin.memory[0]!.length;
  const rows = twin.memory.length;
  const take = taker(emitted);
  const before = twin.memory;
  twin.weights = twin.weights.map((previous) => {
    const key = take(width).map(Math.tanh);
    const beta = oneplus(take(1)[0]!);
    const g = sigmoid(take(1)[0]!);
    const moves = softmax(take(2 * farthest + 1));
    const gamma = oneplus(take(1)[0]!);
    const content = softmax(before.map((row) => beta * cosine(key, row)));
    const gated = content.map((c, i) => g * c + (1 - g) * previous[i]!);
    const moved = gated.map((_, i) =>
      sum(moves.map((s, k) => s * gated[(((i - (k - farthest)) % rows) + rows) % rows]!)),
    );
    return sharpened(moved, gamma);
  });
  const read = twin.weights
    .slice(0, readHeads)
    .flatMap((w) => before[0]!.map((_, j) => sum(before.map((row, i) => w[i]! * row[j]!))));
  let memory = before;
  const added = before.map((row) => row.map(() => 0));
  for (let h = 0; h < writeHeads; h++) {
    const w = twin.weights[readHeads + h]!;
    const erase = take(width).map(sigmoid);
    const add = take(width).map(Math.tanh);
    memory = memory.map((row, i) => row.map((m, j) => m * (1 - w[i]! * erase[j]!)));
    for (const [i, row] of added.entries()) for (const j of row.keys()) row[j]! += w[i]! * add[j]!;
  }
  twin.memory = memory.map((row, i) => row.map((m, j) => m + added[i]![j]!));
  return read;
}
