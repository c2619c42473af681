import type { Cell } from "../cell/index.js";
import type { Value } from "../tensor/index.js";
import { rowNorms } from "./by-lag.js";
import { numbersOf } from "./layer-steps.js";
import { contents, memorySlot, weightSlots } from "./memory-slots.js";

/** A memory in a few figures. */
export interface MemoryFigures {
  /** Rows that weights are spread over, by slot: exp of their entropy, the mean over all steps and heads. 1 is one row alone. */
  readonly spread: Readonly<Record<string, number>>;
  /** The share of the contents in |dL/dh|^2, h being the whole state: the mean over the steps that have a gradient. */
  readonly share: number;
}

/** The figures of a cell's memory; null if it has none. @param states, gradients by slot, [nodes, ...slot] */
export async function memoryFigures(
  cell: Pick<Cell, "state">,
  states: Readonly<Record<string, Value>>,
  gradients: Readonly<Record<string, Value | null>>,
): Promise<MemoryFigures | null> {
  const shape = contents(cell);
  if (shape === null) return null;
  const [values, slopes] = [await numbersOf(states), await numbersOf(gradients)];
  const nodes = values[memorySlot]!.length / (shape.rows * shape.width);
  const spread = Object.fromEntries(
    weightSlots(cell).map(({ slot, rows }) => [slot, meanSpread(values[slot]!, rows)]),
  );
  return { spread, share: meanShare(slopes, nodes) };
}

/** The mean over the nodes that have a gradient of |dL/dM|^2 / |dL/dh|^2. @param slopes [nodes, ...slot] by slot */
function meanShare(slopes: Readonly<Record<string, Float64Array>>, nodes: number): number {
  const squares = Object.entries(slopes).map(
    ([slot, of]) => [slot, rowNorms(of, of.length / nodes)] as const,
  );
  let [total, count] = [0, 0];
  for (let n = 0; n < nodes; n++) {
    const whole = squares.reduce((sum, [, norms]) => sum + norms[n]! ** 2, 0);
    if (!(whole > 0)) continue;
    const own = squares.find(([slot]) => slot === memorySlot)?.[1][n] ?? 0;
    total += own ** 2 / whole;
    count += 1;
  }
  return count === 0 ? 0 : total / count;
}

/** exp(-sum over i of p(i) ln p(i)), p being the weights over their sum; the mean over the rows of weights that are not zero. */
function meanSpread(weights: ArrayLike<number>, rows: number): number {
  let [total, count] = [0, 0];
  for (let at = 0; at < weights.length; at += rows) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += Math.max(0, weights[at + i]!);
    if (!(sum > 0)) continue;
    let entropy = 0;
    for (let i = 0; i < rows; i++) {
      const p = Math.max(0, weights[at + i]!) / sum;
      if (p > 0) entropy -= p * Math.log(p);
    }
    total += Math.exp(entropy);
    count += 1;
  }
  return count === 0 ? 0 : total / count;
}
