import { checkSettings, finite, flag, optional, size } from "../../check/index.js";
import {
  add,
  argmax,
  concat,
  constant,
  mul,
  oneHot,
  reshape,
  sigmoid,
  slice,
  softmax,
} from "../../ops/index.js";
import { type Shape, ShapeError, type Value } from "../../tensor/index.js";
import { cut } from "./cut.js";
import type { Memory } from "./memory.js";

/** Settings of `actionStacks`. */
export interface ActionStacksConfig {
  /** How many stacks. */
  readonly stacks: number;
  /** Numbers that a stack holds at most. */
  readonly depth: number;
  /** How many numbers of each stack the controller sees, from the top; 2 by default. */
  readonly top?: number;
  /** Whether a stack can also be left as it is; it cannot by default. */
  readonly noOperation?: boolean;
  /** What an empty stack holds, by which it is known to be empty; -1 by default. */
  readonly empty?: number;
  /** Whether each stack carries out its most probable action alone; by default all are mixed. Not for training: actions get no gradient. */
  readonly rounded?: boolean;
}

/** State of `actionStacks`: a row for each depth, a column for each stack, [depth, stacks]. */
export interface ActionStacksState {
  readonly memory: Shape;
  readonly [slot: string]: Shape;
}

/**
 * Stacks of numbers that are pushed and popped by probability: each becomes the mean of what its actions would make of it.
 *
 *     a = softmax(.) over push, pop and, with noOperation, staying,  v = sigmoid(.)     for each stack
 *     M(0) = a_push v      + a_pop M(1)   + a_stay M(0)                                 the top           (equation 4)
 *     M(i) = a_push M(i-1) + a_pop M(i+1) + a_stay M(i)                                 below it          (5)
 *     r    = [M(0), ..., M(top-1)]                                                      of all stacks
 *
 * Below what was pushed, a stack is full of the number `empty`, which also comes up from the bottom when it is popped; what is pushed beyond
 * `depth` falls out at the bottom and is lost. At `rounded`, the most probable action of each stack counts alone, the first of equal ones. A
 * net that was trained on mixed actions is tried so: its stacks then count exactly, to whatever depth. It has the same parameters.
 *
 * It is told the logits of the actions, stack after stack [stacks actions], in the order above, then the values [stacks]. It answers r
 * [top stacks], the tops first. State: memory [depth, stacks].
 *
 * @throws ShapeError if more numbers are to be seen than a stack holds
 * @see Joulin, Mikolov (2015), "Inferring algorithmic patterns with stack-augmented recurrent nets", section 3.2
 * @example
 * const cell = withMemory(perceptron, { input: 3, hidden: 40, memory: actionStacks({ stacks: 10, depth: 100 }) });
 * cell.state // { memory: [ 100, 10 ], read: [ 20 ] }
 */
export function actionStacks(
  config: ActionStacksConfig,
): Memory<Readonly<Record<never, never>>, ActionStacksState> {
  const {
    stacks,
    depth,
    top = 2,
    noOperation = false,
    empty = -1,
    rounded = false,
  } = checkSettings("actionStacks", config, kinds);
  if (top > depth)
    throw new ShapeError(
      `actionStacks: top is ${top} and depth is ${depth}; the controller cannot see more of a stack than there is`,
    );
  const actions = noOperation ? 3 : 2;
  return {
    name: "actionStacks",
    emits: stacks * (actions + 1),
    reads: top * stacks,
    state: { memory: [depth, stacks] },
    specs: {},
    start: () => ({ memory: empty }),
    step({ emitted, state: { memory } }) {
      const [logits, values] = cut(emitted, [stacks * actions, stacks]);
      const scores = reshape(logits, [stacks, actions]);
      const chosen = rounded ? oneHot(argmax(scores), actions, memory.dtype) : softmax(scores);
      const shares = cut(chosen, Array<number>(actions).fill(1)).map((share) => reshape(share, [stacks]));
      const down = concat([reshape(sigmoid(values), [1, stacks]), slice(memory, 0, 0, depth - 1)], 0);
      const up = concat([slice(memory, 0, 1, depth), constant(empty, [1, stacks], memory.dtype)], 0);
      const next = [down, up, memory]
        .slice(0, actions)
        .map((moved, i) => mul(moved, shares[i]!))
        .reduce((a: Value, b: Value) => add(a, b));
      return { read: reshape(slice(next, 0, 0, top), [top * stacks]), state: { memory: next } };
    },
  };
}

const kinds = {
  stacks: size,
  depth: size,
  top: optional(size),
  noOperation: optional(flag),
  empty: optional(finite),
  rounded: optional(flag),
};
