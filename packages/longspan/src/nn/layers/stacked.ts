import { checkSettings, flag, optional, rate } from "../../check/index.js";
import { add, concat } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Traceable, type Value } from "../../tensor/index.js";
import type { AnyLayer, AnySequenceLayer, SequenceLayer, SequenceResult } from "../module.js";
import { checkLayers } from "./check-layers.js";
import { dropoutOver } from "./dropout.js";
import { furtherOf, inputOf, isSequenceLayer, keepsWidth, rowShape } from "./layer-shapes.js";
import { sequenceLayer } from "./sequence-layer.js";
import type { PartialState } from "./stream.js";

/** Settings of `stacked`. */
export interface StackedConfig {
  /** Dropout between layers, not on the stack's input or output: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
  /** Adds a layer's input to its output wherever the two have the same width. For single layers, see `residual`. */
  readonly residual?: boolean;
  /**
   * Skip connections: every layer but the first reads the stack's input too, after what the layer before it gives, and the stack's
   * output is that of all layers, joined along the features.
   */
  readonly skip?: boolean;
}

/** What a stack is made of. */
export type StackedLayers = readonly (AnyLayer | AnySequenceLayer)[];

/** The parameters of each layer. */
export type StackedParams<L extends StackedLayers> = {
  [K in keyof L]: L[K] extends AnyLayer | AnySequenceLayer ? ReturnType<L[K]["init"]> : never;
};

/** The state of each layer; {} for one that works row by row. */
export type StackedState<L extends StackedLayers> = {
  [K in keyof L]: L[K] extends AnyLayer | AnySequenceLayer
    ? ReturnType<L[K]["apply"]> extends SequenceResult<infer S>
      ? S
      : Readonly<Record<string, never>>
    : never;
};

/**
 * A deep recurrent network: the output of each layer is the input of the next (figure 10.13a).
 *
 *     h_1(t) from x(t),   h_k(t) from h_(k-1)(t)
 *
 * x [nodes, input] gives the last layer's output [nodes, features]. Layers are made by `recurrent`, `bidirectional` or `stacked`, or
 * work row by row: `embedding`, `layerNorm`, `linear`. Parameters and states are lists with one entry per layer, so `initial` takes a
 * state per layer and `final` is one; the state of a layer that works row by row is {}. Dropout between layers leaves the recurrences
 * alone (Zaremba et al. 2014); it is drawn only if `apply` gets a key.
 *
 * With residual connections, and with skip connections (Graves 2013):
 *
 *     residual:   h_k(t) = h_(k-1)(t) + layer_k(h_(k-1))(t),   where the widths agree
 *     skip:       h_k(t) from [h_(k-1)(t), x(t)],   output(t) = [h_1(t), ..., h_K(t)]
 *
 * Layers that come last and work row by row run only for the `rows` that `apply` is asked for, if nothing is dropped or skipped.
 *
 * @throws TypeError for what is no layer, naming its place
 * @throws RangeError if the rate is not in [0, 1), there is no layer, or both `residual` and `skip` are asked for
 * @throws ShapeError if `residual` finds no layer as wide as its input, or with `skip` a layer is not made for what it reads
 * @see Goodfellow, Bengio, Courville (2016), section 10.5; Graves et al. (2013); Graves (2013), "Generating sequences with recurrent
 * neural networks", section 2, for skip connections
 * @example
 * const net = stacked(
 *   [recurrent(lstm({ input: 3, hidden: 4 })), layerNorm({ features: 4 }), recurrent(lstm({ input: 4, hidden: 4 }))],
 *   { dropout: 0.2 },
 * );
 * const { output, final } = net.apply(net.init(Key.of(1)), zeros([4, 3]), chain([3, 1]), { key: Key.of(2) });
 * // output [4, 4], final[1] {}, final[2].h [2, 4]
 */
export function stacked<const L extends StackedLayers>(
  layers: L,
  options?: StackedConfig,
): SequenceLayer<StackedParams<L>, StackedState<L>> {
  checkLayers("stacked", layers);
  const { dropout = 0, residual = false, skip = false } = checkSettings("stacked", options, kinds);
  if (layers.length === 0) throw new RangeError("stacked: layers holds at least one layer, got none");
  const input = inputOf("stacked", "layer 0 (from 0)", layers[0]!);
  if (residual && skip)
    throw new RangeError(
      "stacked: residual and skip, but with skip a layer reads more than it could be added to; wrap layers in residual(), or choose one",
    );
  if (residual) checkResidual(layers);
  if (skip) checkSkip(layers);
  // What comes last and works row by row may wait until rows are chosen; draws and skips are of all rows.
  const whole = dropout > 0 || skip ? layers.length : layers.findLastIndex(isSequenceLayer) + 1;
  const connected = (below: Value, output: Value) =>
    residual && sameShape(below.shape, output.shape) ? add(below, output) : output;
  return sequenceLayer<StackedParams<L>, StackedState<L>>("stacked", {
    input,
    further: furtherOf("stacked", layers),
    get features() {
      return skip ? total(layers.map((layer) => layer.features)) : layers.at(-1)!.features;
    },
    forward: layers.every((layer) => !isSequenceLayer(layer) || layer.forward),
    init: (key, dtype = "float32") =>
      layers.map((layer, k) => layer.init(key.fold(k), dtype)) as StackedParams<L>,
    apply(params, x, structure, { initial, key, ...options } = {}) {
      const perLayer = params as readonly Traceable<unknown>[];
      const starts = (initial ?? []) as readonly (PartialState<unknown> | undefined)[];
      const outputs: Value[] = [];
      const final = layers.map((layer, k) => {
        if (k >= whole) return {};
        const above = outputs[k - 1] ?? x;
        const kept = k > 0 && key ? dropoutOver(structure, above, dropout, key.fold(2 * k + 1)) : above;
        const read = skip && k > 0 ? concat([kept, x]) : kept;
        if (!isSequenceLayer(layer)) {
          outputs.push(connected(read, layer.apply(perLayer[k]!, read)));
          return {};
        }
        const start = starts[k];
        const { output, final } = layer.apply(perLayer[k]!, read, structure, {
          ...options,
          ...(start ? { initial: start } : {}),
          ...(key ? { key: key.fold(2 * k) } : {}),
        });
        outputs.push(connected(read, output));
        return final;
      });
      return { output: skip ? concat(outputs) : (outputs.at(-1) ?? x), final: final as StackedState<L> };
    },
    readout(params, output) {
      const perLayer = params as readonly Traceable<unknown>[];
      const last = layers.slice(whole) as readonly AnyLayer[];
      return last.reduce((y, layer, k) => connected(y, layer.apply(perLayer[whole + k]!, y)), output);
    },
  });
}

const kinds = { dropout: optional(rate), residual: optional(flag), skip: optional(flag) };

/** @throws ShapeError if residual connections would be added nowhere */
function checkResidual(layers: StackedLayers): void {
  if (layers.some((layer) => keepsWidth(layer) !== false)) return;
  const widths = layers.map(({ input, features }) => `${formatShape(rowShape(input!))} to [${features}]`);
  throw new ShapeError(
    `stacked: residual adds a layer's input to its output where they have one width, but no layer here keeps it (${widths.join(", ")}); make a layer as wide as its input, or leave out residual`,
  );
}

/** Checks that each layer is made for what it reads with skip connections, as far as widths are known. */
function checkSkip(layers: StackedLayers): void {
  const first = layers[0]!.input!;
  const row = rowShape(first);
  if (row.length !== 1 || ("shape" in first && first.dtype === "int32"))
    throw new TypeError(
      `stacked: skip joins the stack's input to what layers give, so its rows are [features] and no symbols; layer 0 (from 0) reads ${"shape" in first ? `${first.dtype} ` : ""}${formatShape(row)}. Put what makes numbers of it before such a stack: stacked([embedding(...), stacked([...], { skip: true })])`,
    );
  for (const [k, { input }] of layers.entries()) {
    const below = layers[k - 1]?.features;
    if (input === undefined || below === undefined || sameShape(rowShape(input), [below + row[0]!])) continue;
    throw new ShapeError(
      `stacked: with skip, layer ${k} (from 0) reads [${below + row[0]!}], the ${below} features of the layer before it and the ${row[0]} of the stack's input, but it is made for ${formatShape(rowShape(input))}`,
    );
  }
}

/** The sum, if all are known. */
function total(widths: readonly (number | undefined)[]): number | undefined {
  return widths.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
}
