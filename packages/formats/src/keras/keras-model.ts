import {
  type AnyLayer,
  type AnySequenceLayer,
  concat,
  dropout,
  type Key,
  type SequenceLayer,
  type Structure,
  stacked,
  type Tensor,
  type Traceable,
  type Value,
} from "longspan";
import { check, kind } from "longspan/engine";
import { layerOf, merged } from "./build-layers.js";
import type { CellParams } from "./cell-kinds.js";
import { KerasError } from "./error.js";
import { isMask, type KerasLayer } from "./keras-layer.js";
import { kerasClassOf } from "./weight-paths.js";

/** Steps that are none for a model: those with a symbol, or those whose features are all one value. `kerasBatch` leaves them out. */
export interface KerasMask {
  readonly of: "symbol" | "features";
  readonly value: number;
}

/** A model of Keras or TensorFlow.js, as a chain of layers. */
export interface KerasModel {
  readonly name: string;
  /** What the layers are; `toKeras` takes them back. */
  readonly layers: readonly KerasLayer[];
  /** The parameters, one entry per layer; {} for those that have none. */
  readonly params: readonly unknown[];
  /**
   * The layers as a stack that gives a row at every step, with a stream where no layer goes backwards. Where a layer of the model gives only the
   * last step (`return_sequences=False`), what comes after it runs at every step too.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the parameters and states of any of the layers
  readonly layer: SequenceLayer<any, any>;
  /** Whether the model gives a row per step, or one per sequence: whether its last recurrent layer has `return_sequences`. */
  readonly answers: "step" | "sequence";
  /** Which steps the model masks; null for none: then it reads padding as steps. */
  readonly mask: KerasMask | null;
  /** What of the file is not carried over, in words: settings that act in training only. */
  readonly leftOut: readonly string[];
  /**
   * What the model gives: rows [nodes, features], or one per sequence [sequences, features], by `answers`. Differentiable.
   *
   * @param params as `params`
   * @param x rows of the structure: symbols, int32 [nodes], or [nodes, features]
   * @param structure a chain of the sequences' lengths
   * @param options the key of dropout; none is drawn by default, as in evaluation
   */
  apply(
    params: readonly unknown[],
    x: Value,
    structure: Structure,
    options?: { readonly key?: Key | null },
  ): Value;
}

/** A model of its layers and their parameters. @param input features of a row, where the file says it */
export function kerasModel(
  what: string,
  parts: Pick<KerasModel, "name" | "layers" | "params" | "leftOut"> & { readonly input?: number | undefined },
): KerasModel {
  const { name, layers, params, leftOut } = parts;
  const built = buildAll(what, layers, params, parts.input);
  const ends = layers.findIndex((layer) => "returnSequences" in layer && layer.returnSequences === false);
  const after = layers.slice(ends + 1).find((layer) => "returnSequences" in layer || isRecurrent(layer));
  if (ends >= 0 && after)
    throw new KerasError(what, {
      where: `the layer ${JSON.stringify(after.name ?? after.kind)} (${kerasClassOf(after)})`,
      found: "it comes after a layer that gives one row per sequence",
      remedy: "the layer before it needs return_sequences=True",
    });
  const whole = stacked(built) as unknown as AnySequenceLayer;
  const masking = layers.find(isMask);
  return {
    name,
    layers,
    params,
    layer: whole,
    answers: ends < 0 ? "step" : "sequence",
    mask:
      masking === undefined
        ? null
        : masking.kind === "Masking"
          ? { of: "features", value: masking.value }
          : { of: "symbol", value: 0 },
    leftOut,
    apply(params, x, structure, { key = null } = {}) {
      check(`${what} model.apply`, "params", params, paramsKind);
      const perLayer = params as readonly Traceable<unknown>[];
      if (ends < 0) return whole.apply(perLayer, x, structure, { key }).output;
      const reading = stacked(built.slice(0, ends + 1)) as unknown as AnySequenceLayer;
      const { final } = reading.apply(perLayer.slice(0, ends + 1), x, structure, { key });
      const last = lastOf(layers[ends]!, (final as readonly unknown[])[ends]);
      return built.slice(ends + 1).reduce((row, layer, k) => {
        const position = ends + 1 + k;
        const of = layers[position]!;
        if (of.kind === "Dropout") return dropout(row, of.rate, key?.fold(2 * position) ?? null);
        return (layer as AnyLayer).apply(perLayer[position]!, row);
      }, last);
    },
  };
}

const paramsKind = kind("a list with the parameters of every layer", Array.isArray);

function isRecurrent({ kind }: KerasLayer): boolean {
  return kind === "LSTM" || kind === "GRU" || kind === "SimpleRNN" || kind === "StackedRNNCells";
}

/** What a recurrent layer gives after each sequence, from its final state. */
function lastOf(layer: KerasLayer, final: unknown): Value {
  if (layer.kind === "StackedRNNCells") return (final as readonly { h: Value }[]).at(-1)!.h;
  const merge = "bidirectional" in layer ? layer.bidirectional : undefined;
  if (merge === undefined) return (final as { h: Value }).h;
  const { forward, backward } = final as { forward: { h: Value }; backward: { h: Value } };
  return merge === "concat" ? concat([forward.h, backward.h]) : merged(merge, forward.h, backward.h);
}

/** The layers of the library, each for what the one before it gives. */
function buildAll(
  what: string,
  layers: readonly KerasLayer[],
  params: readonly unknown[],
  input: number | undefined,
): (AnyLayer | AnySequenceLayer)[] {
  const first = layers.findIndex((_, k) => readsOf(layers[k]!, params[k]) !== undefined);
  let features = first < 0 ? input : readsOf(layers[first]!, params[first]);
  if (features === undefined)
    throw new KerasError(what, {
      where: "the model",
      found: "no layer has weights, and nothing says how many features its input has",
      remedy: "give it an InputLayer with a shape",
    });
  return layers.map((layer, k) => {
    const reads = readsOf(layer, params[k]);
    if (reads !== undefined && reads !== features && layer.kind !== "Embedding")
      throw new KerasError(what, {
        where: `the layer ${JSON.stringify(layer.name ?? `${k} (from 0)`)} (${kerasClassOf(layer)})`,
        found: `its weights are for ${reads} features, and the layer before it gives ${features}`,
        remedy: "check that weights and layers belong together",
      });
    const made = layerOf(layer, params[k], features!);
    features = made.features;
    return made;
  });
}

/** Features of a row that a layer reads, from its weights; 0 for symbols, undefined where any will do. */
function readsOf(layer: KerasLayer, params: unknown): number | undefined {
  switch (layer.kind) {
    case "Embedding":
      return 0;
    case "Dense":
      return (params as { W: Tensor }).W.shape[0];
    case "StackedRNNCells":
      return (params as readonly CellParams[])[0]!.U!.shape[0];
    case "LSTM":
    case "GRU":
    case "SimpleRNN": {
      const of = params as CellParams & { forward?: CellParams };
      return (of.forward ?? of).U!.shape[0];
    }
    default:
      return undefined;
  }
}
