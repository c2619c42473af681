import type { DType, Key, Shape, Tensor, Value } from "../tensor/index.js";

/** A parameter to be: its shape and how it is initialised. */
export interface ParamSpec {
  readonly shape: Shape;
  /** Integers, such as the places of a sparse matrix, which are not trained; floats of the cell's type by default. */
  readonly dtype?: "int32";
  /** Draws from the key of the record that it stands in, as its siblings do that say so: they are parts of one draw. */
  readonly isDrawnWithSiblings?: true;
  /** Makes the initial tensor; a function of the key alone. */
  readonly initialise: (key: Key, shape: Shape, dtype: DType) => Tensor;
}

/** The shape of an input; floats by default. */
export type InputSpec = Shape | { readonly shape: Shape; readonly dtype: DType };

/** The sets that a cell reads, by name, each with the inputs of its members. */
export type SetSpecs = Readonly<Record<string, InputSpecs>>;

/** What a cell is given at each step, by name: inputs, and the inputs of the members of sets. */
export type OperandSpecs = Readonly<Record<string, InputSpec | InputSpecs>>;

/** Values of inputs, and of the inputs of the members of sets, under the same names. */
export type OperandsOf<I> = {
  readonly [K in keyof I]: NonNullable<I[K]> extends InputSpec ? Value : ValuesOf<NonNullable<I[K]>>;
};

/** Named shapes. */
export type Shapes = Readonly<Record<string, Shape>>;
/** Named input shapes. */
export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** Values under the same names. */
export type ValuesOf<S> = { readonly [K in keyof S]: Value };

/** A tree of parameter specifications as the tree of their tensors. */
export type ParamsOf<P> = P extends ParamSpec ? Tensor : { [K in keyof P]: ParamsOf<P[K]> };

/** A tree of parameter specifications as the tree of their values. */
export type ParamValues<P> = P extends ParamSpec ? Value : { [K in keyof P]: ParamValues<P[K]> };

/** What a step may ask for besides its operands. */
export interface StepContext {
  /**
   * Uniform numbers in [0, 1), drawn afresh at every node, or once per sequence and the same at all its nodes. They depend
   * on the key given to `unfold`, the sequence and the node only, so a sequence run alone draws the same.
   */
  uniform(shape: Shape, options?: { per?: "node" | "sequence" }): Value;
  /**
   * Where a node stands in its sequence: int32 [], 0 for the first step of a chain. In trees and graphs it is the number of the node.
   */
  position(): Value;
}

/** What an edge step may ask for besides its operands. */
export interface EdgeContext<S> {
  /**
   * The state that the edge's target had at the level before, by slot. In a chain that is what the edge itself brings: the state of the
   * step before, or the initial one. In a graph it comes along the edge that is marked `own`, and is zero at a node without one; it is
   * for nodes that stand for one thing, round after round. The nodes of trees have no state before their own: there, it is refused.
   */
  target(): ValuesOf<S>;
}

/** What a step returns. */
export interface StepResult<S extends Shapes, O, N> {
  /** The new state: the slots and shapes of the old one. */
  readonly state: ValuesOf<S>;
  /** What the node gives: a value, or a tree of values. */
  readonly output: O;
  /** Values that are summed over the nodes of each sequence, such as a loss. */
  readonly sums?: N;
}

/** Whether a leaf of a parameter tree has been reached. */
export function isSpec(v: unknown): v is ParamSpec {
  return typeof v === "object" && v !== null && "initialise" in v && "shape" in v;
}
