import {
  type AnyLayer,
  type AnySequenceLayer,
  add,
  bidirectional,
  dropoutOver,
  embedding,
  type Layer,
  linear,
  mul,
  recurrent,
  sequenceLayer,
  softmax,
  split,
  stacked,
  type Tensor,
  type Value,
} from "longspan";
import { activation } from "./activations.js";
import { type AnyKerasCell, type CellParams, cellOf } from "./cell-kinds.js";
import type { KerasDense, KerasLayer, KerasMerge, KerasRecurrentLayer } from "./keras-layer.js";

/** The parameters of two directions. */
export interface BothParams {
  readonly forward: CellParams;
  readonly backward: CellParams;
}

/** The layer of the library for a description and its parameters. @param features of a row that it reads */
export function layerOf(layer: KerasLayer, params: unknown, features: number): AnyLayer | AnySequenceLayer {
  switch (layer.kind) {
    case "LSTM":
    case "GRU":
    case "SimpleRNN":
      return withDropout(oneRecurrent(layer, params), layer.dropout ?? 0);
    case "StackedRNNCells":
      return stacked(
        layer.cells.map(
          (cell, k) => recurrent(cellOf(cell, (params as readonly CellParams[])[k]!)) as AnySequenceLayer,
        ),
      ) as AnySequenceLayer;
    case "Embedding": {
      const [vocabulary, wide] = (params as { E: Tensor }).E.shape as [number, number];
      return embedding({ vocabulary, features: wide }) as AnyLayer;
    }
    case "Dense":
      return dense(layer, params as { W: Tensor; b?: Tensor }) as AnyLayer;
    case "Activation":
      return ofRows(features, layer.activation);
    case "Dropout":
      return dropoutLayer(features, layer.rate);
    case "Masking":
      return ofRows(features, "linear");
  }
}

function oneRecurrent(layer: KerasRecurrentLayer, params: unknown): AnySequenceLayer {
  const { bidirectional: merge, reverse = false } = layer;
  if (merge === undefined)
    return recurrent(cellOf(layer, params as CellParams), { reverse }) as AnySequenceLayer;
  const { forward, backward } = params as BothParams;
  const cells: [AnyKerasCell, AnyKerasCell] = [cellOf(layer, forward), cellOf(layer, backward)];
  const both = bidirectional(...cells) as AnySequenceLayer;
  if (merge === "concat") return both;
  return sequenceLayer<unknown, unknown>("bidirectional", {
    ...both,
    features: both.features! / 2,
    apply(params, x, structure, options) {
      const { output, final } = both.apply(params, x, structure, options);
      const [h, g] = split(output, 2);
      return { output: merged(merge, h, g), final };
    },
  });
}

/** What two directions give together. */
export function merged(merge: Exclude<KerasMerge, "concat">, h: Value, g: Value): Value {
  if (merge === "mul") return mul(h, g);
  return merge === "sum" ? add(h, g) : mul(add(h, g), 0.5);
}

function dense(
  { activation: name = "linear" }: KerasDense,
  { W, b }: { W: Tensor; b?: Tensor },
): Layer<unknown> {
  const [input, output] = W.shape as [number, number];
  const affine = (b ? linear({ input, output }) : linear({ input, output, bias: false })) as Layer<unknown>;
  if (name === "linear") return affine;
  const f = functionOf(name);
  return { ...affine, apply: (params, x) => f(affine.apply(params, x)) };
}

function functionOf(name: Parameters<typeof activation>[0] | "softmax"): (x: Value) => Value {
  return name === "softmax" ? softmax : activation(name);
}

/** A layer without parameters that works row by row. */
function ofRows(features: number, name: Parameters<typeof activation>[0] | "softmax"): AnyLayer {
  const f = functionOf(name);
  return { input: [features], features, init: () => ({}), apply: (_, x) => f(x) };
}

/** A sequence layer without parameters or state, that draws where it gets a key. */
function dropoutLayer(features: number, rate: number): AnySequenceLayer {
  return sequenceLayer<unknown, unknown>("dropout", {
    input: [features],
    features,
    forward: true,
    init: () => ({}),
    apply: (_, x, structure, { key } = {}) => ({
      output: dropoutOver(structure, x, rate, key ?? null),
      final: {},
    }),
  });
}

/** A layer that drops features of what it reads, the same at all steps of a sequence. */
function withDropout(layer: AnySequenceLayer, rate: number): AnySequenceLayer {
  if (rate === 0) return layer;
  return sequenceLayer<unknown, unknown>("recurrent", {
    ...layer,
    apply: (params, x, structure, { key, ...options } = {}) =>
      layer.apply(
        params,
        dropoutOver(structure, x, rate, key ?? null, { per: "sequence" }),
        structure,
        options,
      ),
  });
}
