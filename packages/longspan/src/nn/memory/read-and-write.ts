import { check } from "../../check/index.js";
import { add, matmul, mul, permute, reshape, slice, sub } from "../../ops/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

// Heads lie side by side on the first axis: weights of H heads over N rows are [H, N].

/**
 * What heads read: for each, the sum of the rows of a memory by its weights.
 *
 *     r_h = sum over i of w_h(i) M(i)
 *
 * @param weights [H, N] @param memory M [N, W]
 * @returns [H, W]
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", equation 2
 * @example readRows(tensor([[0.5, 0.5]]), tensor([[1, 0], [3, 4]])) // [[2, 2]]
 */
export function readRows(weights: Value, memory: Value): Value {
  checkHeads("readRows", { weights, memory });
  return matmul(weights, memory);
}

/**
 * A memory after heads have written: each row loses the share that the erase vectors say, and the add vectors are added.
 *
 *     M'(i) = M(i) * product over h of (1 - w_h(i) e_h) + sum over h of w_h(i) a_h
 *
 * A row without weight stays as it is, bit for bit, and its derivative with respect to the row before is the identity: what is kept does
 * not vanish. Erasing comes before adding, so the order of the heads does not matter.
 *
 * @param memory M [N, W] @param weights [H, N] @param erase [H, W], from 0 to 1 @param added [H, W]
 * @returns [N, W]
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", equations 3 and 4
 * @example
 * eraseAndAdd(tensor([[1, 1], [1, 1]]), tensor([[1, 0]]), tensor([[1, 0.5]]), tensor([[3, 3]])) // [[3, 3.5], [1, 1]]
 */
export function eraseAndAdd(memory: Value, weights: Value, erase: Value, added: Value): Value {
  checkHeads("eraseAndAdd", { weights, memory, erase, added });
  const heads = weights.shape[0]!;
  const [rows, width] = memory.shape as readonly [number, number];
  let kept = memory;
  for (let h = 0; h < heads; h++) {
    const w = reshape(slice(weights, 0, h, h + 1), [rows, 1]);
    const e = reshape(slice(erase, 0, h, h + 1), [1, width]);
    kept = mul(kept, sub(1, mul(w, e)));
  }
  const written = heads === 1 ? mul(reshape(weights, [rows, 1]), added) : matmul(permute(weights), added);
  return add(kept, written);
}

function checkHeads(what: string, values: Readonly<Record<string, Value>>): void {
  for (const [name, v] of Object.entries(values)) check(what, name, v, valueKind);
  const { weights, memory, ...vectors } = values as Record<"weights" | "memory", Value>;
  const [heads, rows] = weights.shape;
  if (weights.rank !== 2 || memory.rank !== 2 || rows !== memory.shape[0])
    throw new ShapeError(
      `${what}: weights are ${formatShape(weights.shape)} and the memory ${formatShape(memory.shape)}, expected [heads, rows] and [rows, width]`,
    );
  for (const [name, v] of Object.entries(vectors as Readonly<Record<string, Value>>))
    if (v.rank !== 2 || v.shape[0] !== heads || v.shape[1] !== memory.shape[1])
      throw new ShapeError(
        `${what}: ${name} is ${formatShape(v.shape)}, expected [${heads}, ${memory.shape[1]}]: a vector of the memory's width for each head`,
      );
}
