import type { ParamSpec, ParamValues, Shapes, StartOf, StepContext, ValuesOf } from "../../cell/index.js";
import { having, type RequiredKind } from "../../check/index.js";
import type { DType, Value } from "../../tensor/index.js";

/** The parameters of a memory, by name. */
export type MemorySpecs = Readonly<Record<string, ParamSpec>>;

/** What a memory is given at a step. */
export interface MemoryCall<P, S> {
  /** What the controller says to it: [emits]. */
  readonly emitted: Value;
  readonly params: ParamValues<P>;
  /** What it kept from the step before. */
  readonly state: ValuesOf<S>;
  /** For memories that draw, or ask for the position. */
  readonly context: StepContext;
}

/** What a memory gives at a step. */
export interface MemoryAnswer<S> {
  /** What is read: [reads]. */
  readonly read: Value;
  /** What it keeps for the next step. */
  readonly state: ValuesOf<S>;
  /** The logarithm of the probability of what it drew at this step, [], where it draws. */
  readonly logProbability?: Value;
}

/**
 * A memory, as its controller sees it: at every step the controller says something to it, it changes, and it answers. Turing machines'
 * tapes, stacks and queues are all such; `withMemory` makes a cell of one and a controller.
 *
 * Its state has names that tools look for: `memory` [N, W] for the contents, `readWeights` [R, N] and `writeWeights` [H, N] for where heads
 * read and write.
 */
export interface Memory<P extends MemorySpecs = MemorySpecs, S extends Shapes = Shapes> {
  /** Its name, in messages and in the name of the cell. */
  readonly name: string;
  /** Features that it is to be told at each step. */
  readonly emits: number;
  /** Features that it answers. */
  readonly reads: number;
  /** What it keeps from step to step. */
  readonly state: S;
  /** Its own parameters; most have none. */
  readonly specs: P;
  /** What it starts from, by slot; zeros where it does not say. */
  start?(params: ParamValues<P>, dtype: DType): StartOf<S>;
  /** One step. */
  step(call: MemoryCall<P, S>): MemoryAnswer<S>;
}

/** A memory, as far as functions that take one need it. */
export const memoryKind: RequiredKind = having(
  "a memory, such as turingMemory({ rows: 16, width: 8 })",
  "step",
);
