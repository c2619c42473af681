import type { InputSpec, InputSpecs } from "../cell/index.js";
import type { DType, Key, Traceable, Value } from "../tensor/index.js";
import type { Backward, Structure } from "../unfold/index.js";
import type { PartialState, Stream } from "./layers/stream.js";
import type { FurtherInputs, StreamOptions } from "./layers/stream-options.js";

/**
 * What layers and models have in common: a description that holds no numbers. `init` makes its parameters, a tree of tensors of type
 * P; `apply` is a pure function of parameters and arguments A, differentiable in both.
 *
 * There are two shapes of it. A `Layer` works row by row; a `SequenceLayer` runs over a structure and has a state. Models are sequence
 * layers too.
 */
export interface Module<P, A extends readonly unknown[], R> {
  /** Initial parameters; float32 by default. */
  init(key: Key, dtype?: DType): P;
  /** The result for parameters and arguments. What the arguments must be is said at each module. */
  apply(params: Traceable<P>, ...args: A): R;
}

/** A layer that works row by row: `embedding`, `linear`, `layerNorm`. It has no state, and sees no structure. */
export interface Layer<P> extends Module<P, [x: Value], Value> {
  /** One row of x; absent where the layer takes rows of any shape. A stack or model that begins with the layer needs it. */
  readonly input?: InputSpec | undefined;
  /** Features of a row of the output; absent where they follow from x. */
  readonly features?: number | undefined;
}

/**
 * A layer over the rows of a structure, with parameters of type P and states of type S: what `recurrent`, `bidirectional` and
 * `stacked` make, and `languageModel` and `sequenceModel` too. x is the rows of the structure, [nodes, ...input].
 */
export interface SequenceLayer<P, S>
  extends Module<P, [x: Value, structure: Structure, options?: SequenceOptions<S>], SequenceResult<S>> {
  /** One row of x. */
  readonly input: InputSpec;
  /** One row of each input that nodes have besides x, by name; `apply` finds them under `options.inputs`. */
  readonly further?: InputSpecs | undefined;
  /** Features of a row of the output; absent where they are not known beforehand. */
  readonly features?: number | undefined;
  /** Whether an output depends on no later input; else there is no stream. */
  readonly forward: boolean;
  /**
   * The layer one step at a time, with its state and weights held ready: the same numbers as `apply` over the whole sequence. It
   * draws only with a key; without one, nothing is drawn, as in evaluation. Several sequences can go on side by side, with the sets that they carry.
   * Dispose of it.
   * @throws StructureError if the layer is not `forward`
   * @see `openStream`
   */
  stream(params: P, options?: StreamOptions): Stream<S>;
}

/** How a sequence layer is run. */
export interface SequenceOptions<S> {
  /** Initial states, of the form of `final`, one row per sequence; zeros where not given. Differentiable. */
  readonly initial?: PartialState<S>;
  /** The key of random draws; null or absent for none, as in evaluation. */
  readonly key?: Key | null;
  /**
   * What is read besides x, by name: further inputs of nodes, inputs of sequences, shared ones, and for a set that the structure carries
   * the inputs of its members. A layer takes from here what its cell reads.
   */
  readonly inputs?: FurtherInputs;
  /** How the recurrence is differentiated; full by default. */
  readonly backward?: Backward;
  /** Clips the gradient that flows back through each state read (Graves 2013). */
  readonly clipState?: number;
  /** The rows of the structure whose output is asked for, in this order, such as the `scored` rows of a batch; all by default. */
  readonly rows?: Int32Array;
}

/** What a sequence layer gives. */
export interface SequenceResult<S> {
  /** Rows of the structure, [nodes, features]; or those that `rows` asks for, [rows, features]. */
  readonly output: Value;
  /** States after each sequence's last step, one row per sequence. */
  readonly final: S;
}

/** Any layer that works row by row. */
export type AnyLayer = Layer<unknown>;

/** Any sequence layer. */
export type AnySequenceLayer = SequenceLayer<unknown, unknown>;
