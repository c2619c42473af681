import type { ValuesOf } from "../../cell/index.js";
import { checkSettings, finite, optional, size } from "../../check/index.js";
import {
  add,
  concat,
  cumulativeSum,
  matmul,
  minimum,
  relu,
  reshape,
  sigmoid,
  slice,
  sub,
  tanh,
} from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { cut } from "./cut.js";
import type { Memory } from "./memory.js";

// What stacks, queues and their double-ended kin share: a list of rows, M [N, W], each there to the extent of its strength, s [N]. A list has
// two ends, and all that is done is done at one of them. (Grefenstette et al. keep the first push in the first row and let the list grow; here
// the rows move, so that the list may have as many pushes as one likes: the row that is pushed out at the other end is forgotten.)

/** An end of a list of rows. */
export type End = "first row" | "last row";

/** Settings of a list with strengths. */
export interface StrengthsConfig {
  /** The capacity, N: how many pushes are kept. Every step pushes once, if only with a strength near 0. */
  readonly rows: number;
  /** Features of a row, W. */
  readonly width: number;
  /** Is added to what decides on pushing, so that little is pushed at first; -1 by default. */
  readonly pushBias?: number;
  /** Is added to what decides on popping, so that less is popped than pushed at first; -2 by default. */
  readonly popBias?: number;
}

/** State of a list with strengths: M [N, W] and s [N]. */
export interface StrengthsState {
  readonly memory: Shape;
  readonly strengths: Shape;
  readonly [slot: string]: Shape;
}

/** The kinds of the settings. */
export const strengthsKinds = {
  rows: size,
  width: size,
  pushBias: optional(finite),
  popBias: optional(finite),
};

/**
 * Where lists begin: they push weakly, and pop still more weakly, so that a read reaches down through several rows, and its gradient with
 * it. A stack that pushes half of each row at first hides under what it pushes later all that it should give back, and learns slowly or
 * not at all; one that pops more than it pushes keeps nothing.
 */
const [pushedAtFirst, poppedAtFirst] = [-1, -2];

/** A list as it is at one step. */
export type Listed = ValuesOf<StrengthsState>;

/** What is pushed: v [W], and d [1], how much of it. */
export interface Pushed {
  readonly value: Value;
  readonly amount: Value;
}

/** What an end is told, of W + 2 numbers: v [W], d [1] and u [1]. */
export function signalsOf(
  emitted: Value,
  { width, pushBias = pushedAtFirst, popBias = poppedAtFirst }: StrengthsConfig,
): Pushed & { readonly pop: Value } {
  const [v, d, u] = cut(emitted, [width, 1, 1]);
  return { value: tanh(v), amount: sigmoid(add(d, pushBias)), pop: sigmoid(add(u, popBias)) };
}

/**
 * Strengths after so much was popped from an end: the row at the end gives first, and what it lacks the next one gives.
 *
 *     s'(i) = max(0, s(i) - max(0, u - sum of s over the rows before i))
 *
 * @param strengths [N] @param amount u [1] @returns [N]
 */
export function popped(strengths: Value, amount: Value, end: End): Value {
  return relu(sub(strengths, relu(sub(amount, before(strengths, end)))));
}

/** A list with one row more at an end; the row at the other end is gone. */
export function pushed({ memory, strengths }: Listed, { value, amount }: Pushed, end: End): Listed {
  return {
    memory: withRow(memory, reshape(value, [1, memory.shape[1]!]), end),
    strengths: withRow(strengths, amount, end),
  };
}

/**
 * What lies at an end: the rows there whose strengths together make 1.
 *
 *     r = sum over i of min(s(i), max(0, 1 - sum of s over the rows before i)) M(i)
 *
 * @returns [W]
 */
export function readAt({ memory, strengths }: Listed, end: End): Value {
  return matmul(minimum(strengths, relu(sub(1, before(strengths, end)))), memory);
}

/** For each row, the sum of the strengths of the rows that lie nearer to an end. */
function before(strengths: Value, end: End): Value {
  return sub(cumulativeSum(strengths, 0, { reverse: end === "last row" }), strengths);
}

function withRow(rows: Value, row: Value, end: End): Value {
  const n = rows.shape[0]!;
  return end === "first row"
    ? concat([row, slice(rows, 0, 0, n - 1)], 0)
    : concat([slice(rows, 0, 1, n), row], 0);
}

/** A list that is pushed to at the first row, and popped and read at one end: a stack or a queue. @param name of the function that makes it */
export function listMemory(
  name: string,
  config: StrengthsConfig,
  end: End,
): Memory<Readonly<Record<never, never>>, StrengthsState> {
  const settings = checkSettings<StrengthsConfig>(name, config, strengthsKinds);
  const { rows, width } = settings;
  return {
    name,
    emits: width + 2,
    reads: width,
    state: { memory: [rows, width], strengths: [rows] },
    specs: {},
    step({ emitted, state: { memory, strengths } }) {
      const { pop, ...pushing } = signalsOf(emitted, settings);
      const state = pushed({ memory, strengths: popped(strengths, pop, end) }, pushing, "first row");
      return { read: readAt(state, end), state };
    },
  };
}
