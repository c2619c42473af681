import type { Shapes, ValuesOf } from "../cell/index.js";
import type { Key, Value } from "../tensor/index.js";
import type { Backward } from "./backward.js";
import type { Probes } from "./probes.js";

/** How a cell is unfolded. */
export interface UnfoldOptions<S extends Shapes> {
  /** Initial states, one row per sequence [sequences, ...slot]; by default what the cell starts from, which is zeros if it does not say. Differentiable. */
  readonly initial?: Partial<ValuesOf<S>>;
  /** The key of the cell's random draws; needed if the cell draws. */
  readonly key?: Key;
  /** How it is differentiated; full by default. */
  readonly backward?: Backward;
  /** Clips the gradient that flows back through each state read to [-clipState, clipState], element by element (Graves 2013). */
  readonly clipState?: number;
  /** Values added to the states where they are written or read, to see what flows through the recurrence. */
  readonly probes?: Probes<S>;
  /** Cotangents of the new states to be pulled back through each node's step, to the states that it reads. */
  readonly pullback?: Pullback<S>;
  /** Also return the state at every node. */
  readonly states?: boolean;
  /** Also return what the sigmoids and hyperbolic tangents of the step give at every node, those of an edge step at every edge: gates, as a rule. */
  readonly activations?: boolean;
  /** `plain` runs the slow definition, a loop over nodes in ordinary ops. For tests and teaching. */
  readonly loop?: "compiled" | "plain";
}

/** How an unfold runs under a watcher. */
export interface WatchedOptions extends UnfoldOptions<Shapes> {
  /**
   * Whether the innermost derivative around it ignores `backward` and `clipState`, so that it shows all that flows back. Derivatives
   * further out keep to them.
   */
  readonly fullInnermostGradient?: boolean;
}

/** What is pulled back through the steps of an unfold. */
export interface Pullback<S extends Shapes> {
  /** Per slot [nodes, ...slot]: a cotangent of the state that each node writes; zeros where not given. Differentiable. */
  readonly of: Partial<ValuesOf<S>>;
}

/** What an unfold gives. */
export interface Unfolded<S extends Shapes, O, N> {
  /** The cell's output at every node: [nodes, ...] in row order, in the form that the cell returned. */
  readonly output: O;
  /** Final states, one row per sequence: [sequences, ...slot]. For trees, the states of the roots. */
  readonly final: ValuesOf<S>;
  /** What the step returned under `sums`, added over the nodes of each sequence: [sequences, ...]. */
  readonly sums: N;
  /** States at every node, if asked for. */
  readonly states: ValuesOf<S> | null;
  /** If asked for: each sigmoid and tanh of the step, in the order of its equations, with its values [nodes, ...]; of an edge step [reads, ...]. */
  readonly activations: readonly { readonly op: string; readonly value: Value }[] | null;
  /**
   * If asked for, per slot [reads, ...slot], one row for each edge into a node (`structure.reads`): the sum over slots of
   * d dstate(target)/dslot(source) along that edge, of one step alone and of its edge step where there is one. In a chain that is one row
   * per node, d dstate(t)/dslot(t-1).
   */
  readonly pullback: ValuesOf<S> | null;
}
