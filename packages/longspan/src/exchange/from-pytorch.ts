import { check, checkSettings, oneOf, optional, rate, text } from "../check/index.js";
import type { StoredWeights } from "../io/index.js";
import {
  type AnySequenceLayer,
  bidirectional,
  type EmbeddingParams,
  embedding,
  type Layer,
  type LayerNormParams,
  type LinearParams,
  layerNorm,
  linear,
  recurrent,
  type SequenceLayer,
  stacked,
} from "../nn/index.js";
import { permute } from "../ops/index.js";
import type { Tensor } from "../tensor/index.js";
import { NamedWeights, storedKind } from "./named-weights.js";
import { type CellParams, cellFrom } from "./pytorch-cells.js";

/** The modules of `torch.nn` whose weights are read and written. */
export type PytorchKind = PytorchRecurrentKind | PytorchCellKind | keyof PytorchRowLayers;

/** Recurrent modules: of several layers, and of two directions. */
export type PytorchRecurrentKind = "LSTM" | "GRU" | "RNN";
/** Modules that take one step. */
export type PytorchCellKind = "LSTMCell" | "GRUCell" | "RNNCell";

/** Those that work row by row, with their parameters here. */
export interface PytorchRowLayers {
  /** An affine map; without a bias, `b` is missing. */
  readonly Linear: LinearParams;
  /** A table of vectors. */
  readonly Embedding: EmbeddingParams;
  /** Layer normalisation. */
  readonly LayerNorm: LayerNormParams;
}

/** Which weights of a file, and what their shapes do not say. */
export interface PytorchOptions {
  /** What their names begin with, such as `encoder.lstm.`; nothing by default. */
  readonly prefix?: string;
  /** Between the layers of a recurrent module, as its `dropout`; 0 by default. */
  readonly dropout?: number;
  /** Of an RNN: its `nonlinearity`; tanh by default. */
  readonly activation?: "tanh" | "relu";
}

/** A recurrent layer with its weights: `stacked`, one entry per layer; `{ forward, backward }` where there are two directions. */
export interface PytorchLayer {
  // biome-ignore lint/suspicious/noExplicitAny: the states of any of the cells
  readonly layer: SequenceLayer<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: the parameters of any of the cells
  readonly params: any;
}

/** A layer that works row by row, with its weights. */
export interface PytorchRowLayer<P> {
  readonly layer: Layer<P>;
  readonly params: P;
}

/**
 * A layer with the weights of a module of PyTorch, whose sizes are read from their shapes: numbers of layers, two directions, projections.
 * It gives the same numbers as the module does in evaluation.
 *
 * The gates stand in another order here, and matrices are [in, out]. `b` is the sum of PyTorch's two biases, but for the GRU's target, whose
 * second bias `c` is inside the reset gate; its cell is `gruResetAfter`. A module without biases gets zeros. Steps are rows: x [T, B, input]
 * there is [nodes, input] here, over a chain of the sequences' lengths, as a packed sequence is there.
 *
 * @param kind the class of the module in `torch.nn`
 * @param weights from `decodePytorch`, or `decodeSafetensors`
 * @throws TypeError if the kind is none of these; `MultiheadAttention` is not
 * @throws WeightFileError if a tensor is missing, is of another shape, or if there are others under the prefix
 * @see https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 * @example
 * const file = await encodePytorch(toPytorch("Linear", linear({ input: 3, output: 2 }).init(Key.of(1)), { prefix: "head." }));
 * const { layer, params } = fromPytorch("Linear", decodePytorch(file), { prefix: "head." });
 * layer.apply(params, zeros([4, 3])).shape // [ 4, 2 ]
 */
export function fromPytorch<K extends keyof PytorchRowLayers>(
  kind: K,
  weights: StoredWeights,
  options?: PytorchOptions,
): PytorchRowLayer<PytorchRowLayers[K]>;
export function fromPytorch(
  kind: PytorchRecurrentKind | PytorchCellKind,
  weights: StoredWeights,
  options?: PytorchOptions,
): PytorchLayer;
export function fromPytorch(kind: PytorchKind, weights: StoredWeights, options?: PytorchOptions): unknown {
  checkKind("fromPytorch", kind);
  check("fromPytorch", "weights", weights, storedKind);
  const {
    prefix = "",
    dropout = 0,
    activation = "tanh",
  } = checkSettings("fromPytorch", options, {
    prefix: optional(text),
    dropout: optional(rate),
    activation: optional(oneOf("tanh", "relu")),
  });
  const named = new NamedWeights(`torch.nn.${kind}`, weights, prefix);
  const made =
    kind in rowLayers
      ? rowLayers[kind as keyof PytorchRowLayers](named)
      : kind.endsWith("Cell")
        ? oneCell(kind as PytorchCellKind, named, activation)
        : layersFrom(kind as PytorchRecurrentKind, named, { dropout, activation });
  named.checkAllRead();
  return made;
}

/** What row-local modules are here. */
const rowLayers: Readonly<Record<keyof PytorchRowLayers, (weights: NamedWeights) => unknown>> = {
  Linear(weights) {
    const W = permute(weights.get("weight", 2)) as Tensor;
    const [input, output] = W.shape as [number, number];
    if (!weights.has("bias")) return { layer: linear({ input, output, bias: false }), params: { W } };
    return { layer: linear({ input, output }), params: { W, b: weights.shaped("bias", [output]) } };
  },
  Embedding(weights) {
    const E = weights.get("weight", 2);
    const [vocabulary, features] = E.shape as [number, number];
    return { layer: embedding({ vocabulary, features }), params: { E } };
  },
  LayerNorm(weights) {
    const gain = weights.get("weight", 1);
    const features = gain.shape[0]!;
    return { layer: layerNorm({ features }), params: { gain, bias: weights.shaped("bias", [features]) } };
  },
};

const kindKind = oneOf(
  ...(["LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell"] as const),
  ...(Object.keys(rowLayers) as (keyof PytorchRowLayers)[]),
);

/** @throws TypeError if a kind is none of ours, with more words where PyTorch's attention is meant */
export function checkKind(what: "fromPytorch" | "toPytorch", kind: unknown): void {
  if (kind === "MultiheadAttention")
    throw new TypeError(
      `${what}: kind "MultiheadAttention" is not among those ${what === "fromPytorch" ? "read" : "written"}, since no layer here takes queries, keys and values of several heads; write it as a cell over a set, with scaledDotScores for each head, and ${what === "fromPytorch" ? "take in_proj_weight and out_proj.weight from weights.tensors" : "give its tensors to encodePytorch by their names"}`,
    );
  check(what, "kind", kind, kindKind);
}

function oneCell(kind: PytorchCellKind, weights: NamedWeights, activation: "tanh" | "relu") {
  const { cell, params } = cellFrom(recurrentKindOf(kind), weights, { suffix: "", activation });
  return { layer: recurrent(cell), params };
}

/** The recurrent module that is made of a cell; a recurrent module is its own. */
export function recurrentKindOf(kind: PytorchKind): PytorchRecurrentKind {
  return kind.replace("Cell", "") as PytorchRecurrentKind;
}

function layersFrom(
  kind: PytorchRecurrentKind,
  weights: NamedWeights,
  { dropout, activation }: { dropout: number; activation: "tanh" | "relu" },
) {
  const layers: AnySequenceLayer[] = [];
  const params: (CellParams | { forward: CellParams; backward: CellParams })[] = [];
  const one = (suffix: string) => cellFrom(kind, weights, { suffix, activation });
  do {
    const suffix = `_l${layers.length}`;
    const forward = one(suffix);
    if (weights.has(`weight_ih${suffix}_reverse`)) {
      const backward = one(`${suffix}_reverse`);
      layers.push(bidirectional(forward.cell, backward.cell) as AnySequenceLayer);
      params.push({ forward: forward.params, backward: backward.params });
    } else {
      layers.push(recurrent(forward.cell) as AnySequenceLayer);
      params.push(forward.params);
    }
  } while (weights.has(`weight_ih_l${layers.length}`));
  return { layer: stacked(layers, { dropout }), params };
}
