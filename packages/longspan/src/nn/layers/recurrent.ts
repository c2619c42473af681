import type { Cell, InputSpec, InputSpecs, ParamsOf, Shapes, ValuesOf } from "../../cell/index.js";
import { check, checkSettings, flag, having, optional, text } from "../../check/index.js";
import type { DType, Key, Traceable, Value } from "../../tensor/index.js";
import { treeKind } from "../../tensor/kinds.js";
import { chain, type Structure, StructureError, type UnfoldOptions, unfold } from "../../unfold/index.js";
import { checkInit, checkOver } from "./check-call.js";
import { checkOneOutput, checkSequenceCell } from "./check-layers.js";
import { reversedChain } from "./reversed-chain.js";
import type { SequenceOptions } from "./sequence-options.js";
import { openStream, type PartialState, type Stream } from "./stream.js";

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
  /** One row of x. */
  readonly input: InputSpec;
  /** Whether an output depends on no later input; else there is no stream. */
  readonly forward: boolean;
  /** Initial parameters; float32 unless a type is named. */
  init(key: Key, dtype?: DType): P;
  /** Runs the layer over a structure. @param x its rows, [nodes, features] */
  apply(
    params: Traceable<P>,
    x: Value,
    structure: Structure,
    options?: SequenceOptions<S>,
  ): SequenceResult<S>;
  /**
   * The layer one step at a time, with its state and weights held ready: the same numbers as `apply` over the whole sequence. It
   * draws nothing, as in evaluation. Dispose of it.
   * @throws StructureError if the layer is not `forward`
   * @see `openStream`
   */
  stream(params: P): Stream<S>;
}

/**
 * A sequence layer from what it computes, with the stream that follows from that.
 *
 * @param name what messages call it
 * @example
 * const inner = recurrent(gru({ input: 3, hidden: 3 }));
 * const doubled = sequenceLayer("doubled", {
 *   ...inner,
 *   apply(params, x, structure, options) {
 *     const { output, final } = inner.apply(params, x, structure, options);
 *     return { output: mul(output, 2), final };
 *   },
 * });
 * const stream = doubled.stream(doubled.init(Key.of(1)));
 * stream.step([1, 0, -1]); // Float32Array of 3 numbers
 * stream.dispose();
 */
export function sequenceLayer<P, S>(
  name: string,
  layer: Omit<SequenceLayer<P, S>, "stream">,
): SequenceLayer<P, S> {
  check("sequenceLayer", "name", name, text);
  check(
    "sequenceLayer",
    "layer",
    layer,
    having("a layer with the functions init and apply", "init", "apply"),
  );
  const one = chain([1]);
  const stream = (params: P) => {
    check(`${name}.stream`, "params", params, treeKind);
    if (!layer.forward)
      throw new StructureError(
        `stream ${name}: the layer reads each sequence from its end, which a stream does not know; stream a forward layer`,
      );
    return openStream<P, S>({
      name: `stream ${name}`,
      input: layer.input,
      params,
      apply: (p, x, state) =>
        layer.apply(p as Traceable<P>, x, one, state ? { initial: state as PartialState<S> } : {}),
    });
  };
  return {
    ...layer,
    init(key, dtype = "float32") {
      checkInit(name, key, dtype);
      return layer.init(key, dtype);
    },
    apply(params, x, structure, options) {
      checkOver(name, params, x, structure, options);
      return layer.apply(params, x, structure, options);
    },
    stream,
  };
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
 * @throws TypeError if the cell has other inputs, or, when it runs, an output of several values
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
  options?: { reverse?: boolean },
): SequenceLayer<ParamsOf<P>, ValuesOf<S>> {
  checkSequenceCell("recurrent", cell);
  const { reverse = false } = checkSettings("recurrent", options, { reverse: optional(flag) });
  return sequenceLayer<ParamsOf<P>, ValuesOf<S>>(cell.name, {
    input: cell.inputs.x!,
    forward: !reverse,
    init: (key, dtype = "float32") => cell.init(key, dtype),
    apply(params, x, structure, options = {}) {
      const over = reverse ? reversedChain(structure) : structure;
      const inputs = { x } as ValuesOf<InputSpecs & { x: InputSpec }>;
      const result = unfold(cell, params, inputs, over, unfoldOptions(options));
      checkOneOutput("recurrent", cell.name, result.output);
      return result;
    },
  });
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
