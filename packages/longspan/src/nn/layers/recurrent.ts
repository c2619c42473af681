import type { Cell, InputSpec, InputSpecs, ParamsOf, Shapes, ValuesOf } from "../../cell/index.js";
import type { DType, Key, Traceable, Value } from "../../tensor/index.js";
import { type Backward, type Structure, type UnfoldOptions, unfold } from "../../unfold/index.js";
import { reversedChain } from "./reversed-chain.js";

/** A tree of states of which any part may be left out: those start at zero. */
export type PartialState<S> = { readonly [K in keyof S]?: S[K] extends Value ? S[K] : PartialState<S[K]> };

/** How a sequence layer is run. */
export interface SequenceOptions<S> {
  /** Initial states, of the form of `final`, one row per sequence; zeros where not given. Differentiable. */
  readonly initial?: PartialState<S>;
  /** The key of random draws; null or absent for none, as in evaluation. */
  readonly key?: Key | null;
  /** How the recurrence is differentiated; full unless given. */
  readonly backward?: Backward;
  /** Clips the gradient that flows back through each state read (Graves 2013). */
  readonly clipState?: number;
}

/** What a sequence layer gives. */
export interface SequenceResult<S> {
  /** Rows of the structure, [nodes, features]. */
  readonly output: Value;
  /** States after each sequence's last step, one row per sequence. */
  readonly final: S;
}

/**
 * A layer over the rows of a structure, with parameters of type P and states of type S: what `recurrent`,
 * `bidirectional` and `stacked` make, and what `stacked` takes.
 */
export interface SequenceLayer<P, S> {
  /** Initial parameters; float32 unless a type is named. */
  init(key: Key, dtype?: DType): P;
  /** Runs the layer over a structure. @param x its rows, [nodes, features] */
  apply(
    params: Traceable<P>,
    x: Value,
    structure: Structure,
    options?: SequenceOptions<S>,
  ): SequenceResult<S>;
}

/** A cell that a sequence layer can run: one input named x, one value as output. */
export type SequenceCell<S extends Shapes, P> = Cell<{ x: InputSpec }, S, P, Value>;

/**
 * A cell as a layer: `unfold` with the cell's input named x. The parameters are the cell's own.
 *
 * To read a whole sequence and then give one output (figure 10.5), feed `final` to the next layer instead of
 * `output`.
 *
 * @param cell any cell whose only input is x and whose output is one value: its state may have any slots
 * @param options.reverse run each sequence from its last step to its first; the rows stay where they are.
 * Chains only
 * @throws StructureError if `reverse` is asked for and the structure is not a chain
 * @example
 * const layer = recurrent(lstm({ input: 3, hidden: 4 }));
 * const classify = linear({ input: 4, output: 2 });
 * const params = { layer: layer.init(Key.of(1)), classify: classify.init(Key.of(2)) };
 * const { final } = layer.apply(params.layer, zeros([4, 3]), chain([3, 1]));
 * classify.apply(params.classify, final.h).shape // [ 2, 2 ]: one row per sequence
 */
export function recurrent<S extends Shapes, P>(
  cell: SequenceCell<S, P>,
  { reverse = false }: { reverse?: boolean } = {},
): SequenceLayer<ParamsOf<P>, ValuesOf<S>> {
  return {
    init: (key, dtype = "float32") => cell.init(key, dtype),
    apply(params, x, structure, options = {}) {
      const over = reverse ? reversedChain(structure) : structure;
      return unfold(
        cell,
        params,
        { x } as ValuesOf<InputSpecs & { x: InputSpec }>,
        over,
        unfoldOptions(options),
      );
    },
  };
}

/** The options of `unfold` that a layer's options amount to. */
function unfoldOptions<S extends Shapes>(options: SequenceOptions<ValuesOf<S>>): UnfoldOptions<S> {
  const { initial, key, backward, clipState } = options;
  return {
    ...(initial ? { initial: initial as Partial<ValuesOf<S>> } : {}),
    ...(key ? { key } : {}),
    ...(backward ? { backward } : {}),
    ...(clipState === undefined ? {} : { clipState }),
  };
}
