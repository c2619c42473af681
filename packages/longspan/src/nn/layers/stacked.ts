import { checkSettings, flag, optional, rate } from "../../check/index.js";
import { add } from "../../ops/index.js";
import { sameShape, type Value } from "../../tensor/index.js";
import { checkSequenceLayers } from "./check-layers.js";
import { dropoutOver } from "./dropout.js";
import { type SequenceLayer, sequenceLayer } from "./recurrent.js";
import type { SequenceOptions } from "./sequence-options.js";
import type { PartialState } from "./stream.js";

/** Settings of `stacked`. */
export interface StackedConfig {
  /** Dropout between layers, not on the stack's input or output: a rate in [0, 1); 0 unless given. */
  readonly dropout?: number;
  /** Adds a layer's input to its output wherever the two have the same width. */
  readonly residual?: boolean;
}

/** Any sequence layer. */
export type AnySequenceLayer = SequenceLayer<unknown, unknown>;

/** The parameters of each layer. */
export type StackedParams<L extends readonly AnySequenceLayer[]> = {
  [K in keyof L]: L[K] extends AnySequenceLayer ? ReturnType<L[K]["init"]> : never;
};

/** The state of each layer. */
export type StackedState<L extends readonly AnySequenceLayer[]> = {
  [K in keyof L]: L[K] extends AnySequenceLayer ? ReturnType<L[K]["apply"]>["final"] : never;
};

/**
 * A deep recurrent network: the output of each layer is the input of the next (figure 10.13a).
 *
 *     h_1(t) from x(t),   h_k(t) from h_(k-1)(t)
 *
 * x [nodes, input] gives the last layer's output [nodes, features]. Parameters and states are lists with one
 * entry per layer, so `initial` takes a state per layer and `final` is one. Layers are made by `recurrent`,
 * `bidirectional` or `stacked`; what works row by row, such as `layerNorm`, becomes one with `sequenceLayer`. Dropout between layers leaves the recurrences alone (Zaremba et al. 2014); it
 * is drawn only if `apply` gets a key.
 *
 * @throws TypeError for what is no sequence layer, naming its place
 * @throws RangeError if the rate is not in [0, 1), or there is no layer
 * @see Goodfellow, Bengio, Courville (2016), section 10.5; Graves et al. (2013)
 * @example
 * const net = stacked(
 *   [recurrent(lstm({ input: 3, hidden: 4 })), recurrent(lstm({ input: 4, hidden: 4 }))],
 *   { dropout: 0.2 },
 * );
 * const { output, final } = net.apply(net.init(Key.of(1)), zeros([4, 3]), chain([3, 1]), { key: Key.of(2) });
 * // output [4, 4], final[1].h [2, 4]
 */
export function stacked<const L extends readonly AnySequenceLayer[]>(
  layers: L,
  options?: StackedConfig,
): SequenceLayer<StackedParams<L>, StackedState<L>> {
  checkSequenceLayers("stacked", layers);
  const { dropout = 0, residual = false } = checkSettings("stacked", options, kinds);
  if (layers.length === 0) throw new RangeError("stacked: layers holds at least one layer, got none");
  return sequenceLayer<StackedParams<L>, StackedState<L>>("stacked", {
    input: layers[0]!.input,
    forward: layers.every((layer) => layer.forward),
    init: (key, dtype = "float32") =>
      layers.map((layer, k) => layer.init(key.fold(k), dtype)) as StackedParams<L>,
    apply(params, x, structure, { initial, key, ...options } = {}) {
      const perLayer = params as readonly Record<string, Value>[];
      const starts = (initial ?? []) as readonly (PartialState<unknown> | undefined)[];
      let output = x;
      const final = layers.map((layer, k) => {
        const start = starts[k];
        const layerOptions: SequenceOptions<unknown> = {
          ...options,
          ...(start ? { initial: start } : {}),
          ...(key ? { key: key.fold(2 * k) } : {}),
        };
        const input = k > 0 && key ? dropoutOver(structure, output, dropout, key.fold(2 * k + 1)) : output;
        const result = layer.apply(perLayer[k]!, input, structure, layerOptions);
        const skips = residual && sameShape(input.shape, result.output.shape);
        output = skips ? add(input, result.output) : result.output;
        return result.final;
      });
      return { output, final: final as StackedState<L> };
    },
  });
}

const kinds = { dropout: optional(rate), residual: optional(flag) };
