import { defineCell, type ParamSpec } from "../../cell/index.js";
import { size } from "../../check/index.js";
import { add, div, dot, less, matmul, mul, reshape, sigmoid, where } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { lengthOf } from "../addressing/length-of.js";
import { constantInit, normalInit } from "../init/index.js";

/** Settings of `entityMemory`. */
export interface EntityMemoryConfig {
  /** Features of a sentence, of a key and of what is known of an entity. */
  readonly width: number;
  /** Entities that are kept track of, N. */
  readonly entities: number;
}

/**
 * A memory with a row for each of some entities: every sentence changes the rows that it is about, all at once, and by the same rule.
 *
 *     g_j = sigmoid(x . h_j + x . w_j)                        whether the sentence is about entity j: by what is known, and by its key
 *     c_j = phi(h_j U + w_j V + x W)                          what it says of it
 *     h_j <- (h_j + g_j c_j) / |h_j + g_j c_j|                what is known now
 *
 * with phi(z) = z above 0, slope z below. That rows have the length 1 is how they forget: what is added turns them away from what they were. A row of
 * zeros stays so.
 *
 * Input x [width], a sentence. State memory [entities, width], which starts from the keys, each as it is. Output g [entities]. Parameters: keys w
 * [entities, width], U, V and W [width, width], normal with the deviation .1 at first, slope [width], 1 at first, so that phi is the identity.
 *
 * @see Henaff, Weston, Szlam, Bordes, LeCun (2017), "Tracking the world state with recurrent entity networks", section 2.2
 * @example
 * const cell = entityMemory({ width: 4, entities: 3 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 4]) }, chain([3, 2]));
 * output.shape // [ 5, 3 ]: for each sentence, how much it changes each entity
 * final.memory.shape // [ 2, 3, 4 ]
 */
export const entityMemory = defineCell({
  name: "entityMemory",
  settings: { width: size, entities: size },
  inputs: ({ width }: EntityMemoryConfig): { x: Shape } => ({ x: [width] }),
  state: ({ width, entities }): { memory: Shape } => ({ memory: [entities, width] }),
  params: ({ width, entities }) => ({
    keys: normalInit(0.1, entities, width),
    U: normalInit(0.1, width, width),
    V: normalInit(0.1, width, width),
    W: normalInit(0.1, width, width),
    slope: slopeInit(width),
  }),
  start: ({ keys }) => ({ memory: keys }),
  step({ x, memory }, { keys, U, V, W, slope }) {
    const entities = memory.shape[0]!;
    const gates = sigmoid(add(dot(memory, x), dot(keys, x)));
    const said = bent(add(add(matmul(memory, U), matmul(keys, V)), matmul(x, W)), slope);
    const moved = add(memory, mul(reshape(gates, [entities, 1]), said));
    return {
      state: { memory: div(moved, reshape(lengthOf(moved), [entities, 1])) },
      output: gates,
    };
  },
});

/** phi of entity networks, a rectifier whose slope below 0 is learned, feature by feature (PReLU). @param z [..., width] @param slope [width] */
export function bent(z: Value, slope: Value): Value {
  return where(less(0, z), z, mul(z, slope));
}

/** The slopes of phi: 1, the identity. */
export function slopeInit(width: number): ParamSpec {
  return constantInit(1, width);
}
