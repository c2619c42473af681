import type { Tensor } from "longspan";
import { check, checkSettings, encodeUtf8, kind, oneOf, optional, text, writeZip } from "longspan/engine";
import { KerasError } from "./error.js";
import { writeHdf5 } from "./hdf5.js";
import { checkKerasLayers, type KerasLayer, type KerasLayerOrKind } from "./keras-layer.js";
import { kerasModel } from "./keras-model.js";
import { kerasClassOf, UniqueNames, weightPath } from "./weight-paths.js";
import { configOf, namesFor, type WrittenLayer } from "./write-config.js";
import { type WrittenWeight, weightsOf } from "./write-weights.js";

/** Which file is written, and what the model is called. */
export interface ToKerasOptions {
  /** `keras` for `keras.models.load_model`, by default; `weights.h5` for `model.load_weights`. */
  readonly format?: "keras" | "weights.h5";
  /** The name of the model; `longspan` by default. */
  readonly name?: string;
}

/**
 * The parameters of layers as a file of Keras 3: a `.keras` file that `keras.models.load_model` takes, or a `.weights.h5` file for `load_weights` of a
 * model of the same layers. `fromKeras` gives the same parameters back, bit for bit.
 *
 * Every layer has its parameters: those of `lstm`, `gru`, `gruResetAfter` or `rnn`; of `bidirectional`; a list of cells' for StackedRNNCells; of
 * `embedding` and `linear`. An LSTM or GRU without `activation` has tanh, as the library's cells have. The model is a Sequential; all weights have
 * one type.
 *
 * @param layers in their order, as `fromKeras` gives them; the name of a class for one with the usual settings
 * @param params one entry per layer; {} or undefined for a layer without weights
 * @throws TypeError if the parameters are those of something else
 * @throws KerasError if h5wasm is not installed, or for what Keras does not have
 * @example
 * const model = languageModel({ vocabulary: 9, features: 4, hidden: 5, layers: 2 });
 * const { embedding, layers, readout } = model.init(Key.of(1));
 * const file = await toKeras(["Embedding", "LSTM", "LSTM", "Dense"], [embedding, ...layers, readout]);
 * // writeFileSync("language.keras", file), then keras.models.load_model("language.keras") in Python
 */
export async function toKeras(
  layers: readonly KerasLayerOrKind[],
  params: readonly unknown[],
  options?: ToKerasOptions,
): Promise<Uint8Array> {
  const what = "toKeras";
  const described = checkKerasLayers(what, layers);
  check(what, "params", params, kind("a list with the parameters of every layer", Array.isArray));
  const { format = "keras", name = "longspan" } = checkSettings<ToKerasOptions>(what, options, {
    format: optional(oneOf("keras", "weights.h5")),
    name: optional(text),
  });
  if (params.length !== described.length)
    throw new TypeError(
      `${what}: params holds ${params.length} entries for ${described.length} layers; give {} for a layer without weights`,
    );
  const both = described.map((layer, k) => withDirections(layer, params[k]));
  const names = namesFor(both);
  const written = both.map(
    (layer, k): WrittenLayer => ({ layer, name: names[k]!, weights: checked(what, layer, k, params[k]) }),
  );
  const dtype = typeOf(
    what,
    written.flatMap(({ weights }) => weights),
  );
  // What does not fit together is found here, not when Keras loads it.
  kerasModel(what, { name, layers: both, params: params.map((of) => of ?? {}), leftOut: [] });
  const config = configOf(what, name, written, dtype);
  const weights = await writeHdf5(what, pathsOf(written));
  if (format === "weights.h5") return weights;
  const json = (value: unknown) => encodeUtf8(JSON.stringify(value));
  return writeZip(
    new Map([
      ["metadata.json", json({ keras_version: "3.15.1", date_saved: "2026-01-01@00:00:00" })],
      ["config.json", json(config)],
      ["model.weights.h5", weights],
    ]),
  );
}

/** Two directions, where the parameters are those of two. */
function withDirections(layer: KerasLayer, params: unknown): KerasLayer {
  if (layer.kind !== "LSTM" && layer.kind !== "GRU" && layer.kind !== "SimpleRNN") return layer;
  const two = typeof params === "object" && params !== null && "forward" in params;
  return two && layer.bidirectional === undefined ? { ...layer, bidirectional: "concat" } : layer;
}

const madeBy: Readonly<Record<KerasLayer["kind"], string>> = {
  LSTM: "lstm",
  GRU: "gru or gruResetAfter",
  SimpleRNN: "rnn",
  StackedRNNCells: "its cells, a list",
  Embedding: "embedding",
  Dense: "linear",
  Activation: "no weights, {}",
  Dropout: "no weights, {}",
  Masking: "no weights, {}",
};

function checked(what: string, layer: KerasLayer, k: number, params: unknown): WrittenWeight[] {
  const weights = weightsOf(layer, params);
  if (weights) return weights;
  throw new TypeError(
    `${what}: params[${k}] should be those of ${madeBy[layer.kind]}, for the layer ${kerasClassOf(layer)}, got something else`,
  );
}

/** The one type of all weights. */
function typeOf(what: string, weights: readonly { readonly tensor: Tensor }[]): string {
  const types = [...new Set(weights.map(({ tensor }) => tensor.dtype))];
  if (types.length === 1) return types[0]!;
  throw new KerasError(what, {
    where: "the parameters",
    found: types.length === 0 ? "no layer has weights" : `they are ${types.join(" and ")}`,
    remedy: "a file holds weights of one type: make them all float32",
  });
}

function pathsOf(layers: readonly WrittenLayer[]): Map<string, Tensor> {
  const names = new UniqueNames();
  return new Map(
    layers.flatMap(({ layer, weights }) => {
      const path = `layers/${names.next(kerasClassOf(layer))}`;
      return weights.map(({ variable, part, tensor }): [string, Tensor] => [
        weightPath(layer, path, variable, part),
        tensor,
      ]);
    }),
  );
}
