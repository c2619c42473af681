import { check } from "../../check/index.js";
import { add, mul, roll, slice } from "../../ops/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/**
 * Weights moved along the rows of a memory, by a distribution over moves: addressing by place relative to where a head was. The rows lie
 * in a ring, the first after the last.
 *
 *     w'_i = sum over moves k of s_k w_(i - k),   k = -n, ..., n
 *
 * @param weights [N], or one row of it for each head [H, N]
 * @param moves the shares of the moves -n, ..., 0, ..., n: [2n + 1], or [H, 2n + 1]
 * @returns weights in the same shape
 * @throws ShapeError if the number of moves is even
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", equation 8
 * @example shiftWeights(tensor([1, 0, 0, 0]), tensor([0.25, 0.5, 0.25])) // [0.5, 0.25, 0, 0.25]
 */
export function shiftWeights(weights: Value, moves: Value): Value {
  check("shiftWeights", "weights", weights, valueKind);
  check("shiftWeights", "moves", moves, valueKind);
  const count = moves.shape.at(-1) ?? 0;
  if (count % 2 === 0)
    throw new ShapeError(
      `shiftWeights: moves are ${formatShape(moves.shape)}, expected an odd number on the last axis, as many back as forward: -n, ..., 0, ..., n`,
    );
  const farthest = (count - 1) / 2;
  let shifted: Value | null = null;
  for (let k = 0; k < count; k++) {
    const moved = mul(slice(moves, -1, k, k + 1), roll(weights, k - farthest));
    shifted = shifted === null ? moved : add(shifted, moved);
  }
  return shifted!;
}
