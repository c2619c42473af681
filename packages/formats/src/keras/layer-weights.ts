import { fromArray, type StoredTensor, type Tensor, WeightFileError } from "longspan";
import { type CellParams, cellFrom, type KerasCell, kerasCells } from "./cell-kinds.js";
import type { KerasLayer } from "./keras-layer.js";

/** A weight of a layer there. */
export type Variable = "kernel" | "recurrent_kernel" | "bias" | "embeddings";

/** Which part of a layer has a weight: a direction of two, a cell of several. */
export interface LayerPart {
  readonly direction?: "forward" | "backward";
  readonly cell?: number;
}

/** The weights of one layer in a file. */
export interface LayerWeights {
  /** What a weight is called in the file, for messages too. */
  nameOf(variable: Variable, part: LayerPart): string;
  /** A tensor, if there is one. */
  find(name: string): StoredTensor | undefined;
  has(name: string): boolean;
}

/** What the settings of a cell say of its weights, where they say it. */
export interface CellDetails {
  readonly bias?: boolean | undefined;
  /** Of a GRU. */
  readonly resetAfter?: boolean | undefined;
}

/** A layer as a file has it: where its weights are, and what they are. */
export interface StoredLayer {
  readonly layer: KerasLayer;
  /** As the file calls it, for messages. */
  readonly name: string;
  /** The group of its weights in an HDF5 file: `layers/lstm_1`. */
  readonly path: string;
  /** One entry per cell; one for what has no cells. */
  readonly details: readonly CellDetails[];
}

/**
 * The parameters of a layer from its weights.
 * @throws WeightFileError if one is missing, or of another shape
 */
export function readParams({ layer, name, details }: StoredLayer, weights: LayerWeights): unknown {
  const owner = `the ${layer.kind} layer "${name}"`;
  const reader = new Reader(owner, weights);
  switch (layer.kind) {
    case "LSTM":
    case "GRU":
    case "SimpleRNN": {
      const one = (part: LayerPart) => cell(layer, part, reader, details[0]);
      if (layer.bidirectional === undefined) return one({});
      return { forward: one({ direction: "forward" }), backward: one({ direction: "backward" }) };
    }
    case "StackedRNNCells":
      return layer.cells.map((of, k) => cell(of, { cell: k }, reader, details[k]));
    case "Embedding":
      return { E: reader.get("embeddings", {}, [null, null]) };
    case "Dense": {
      const W = reader.get("kernel", {}, [null, null]);
      if (!reader.hasBias({}, details[0])) return { W };
      return { W, b: reader.get("bias", {}, [W.shape[1]!]) };
    }
    default:
      return {};
  }
}

function cell({ kind }: KerasCell, part: LayerPart, reader: Reader, details: CellDetails = {}): CellParams {
  const gates = kerasCells[kind].blocks.length;
  const recurrent = reader.get("recurrent_kernel", part, [null, null]);
  const units = recurrent.shape[0]!;
  reader.get("recurrent_kernel", part, [units, gates * units]);
  const kernel = reader.get("kernel", part, [null, gates * units]);
  if (!reader.hasBias(part, details))
    return cellFrom(kind, { kernel, recurrent, bias: undefined }, details.resetAfter);
  const { resetAfter = reader.axes("bias", part) === 2 } = details;
  const shape = kind === "GRU" && resetAfter ? [2, 3 * units] : [gates * units];
  return cellFrom(kind, { kernel, recurrent, bias: reader.get("bias", part, shape) }, resetAfter);
}

/** Takes the weights of one layer. */
class Reader {
  constructor(
    private readonly owner: string,
    private readonly weights: LayerWeights,
  ) {}

  /** A tensor of a shape; null for an axis of any length of at least 1. */
  get(variable: Variable, part: LayerPart, shape: readonly (number | null)[]): Tensor {
    const name = this.weights.nameOf(variable, part);
    const found = this.weights.find(name);
    const wanted = `[${shape.map((n) => n ?? "any").join(", ")}]`;
    const expected = `${variable} ${wanted} of ${this.owner}`;
    if (!found) throw new WeightFileError({ tensor: name, expected, found: "no such tensor" });
    const fits =
      found.shape.length === shape.length &&
      found.shape.every((n, axis) => n > 0 && (shape[axis] === null || n === shape[axis]));
    if (!fits || found.dtype === "int32")
      throw new WeightFileError({
        tensor: name,
        expected,
        found: `${found.dtype} [${found.shape.slice(0, 16).join(", ")}]`,
      });
    return fromArray(found.data, found.shape, found.dtype);
  }

  axes(variable: Variable, part: LayerPart): number | undefined {
    return this.weights.find(this.weights.nameOf(variable, part))?.shape.length;
  }

  /** Whether there is a bias, as the settings say it; where they do not, as the file does. */
  hasBias(part: LayerPart, { bias }: CellDetails = {}): boolean {
    return bias ?? this.weights.has(this.weights.nameOf("bias", part));
  }
}
