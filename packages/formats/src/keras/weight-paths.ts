import { type StoredWeights, WeightFileError } from "longspan";
import type { KerasLayer } from "./keras-layer.js";
import type { LayerPart, LayerWeights, Variable } from "./layer-weights.js";

/** The class of the layer that Keras has for a description. */
export function kerasClassOf(layer: KerasLayer): string {
  if ("bidirectional" in layer && layer.bidirectional !== undefined) return "Bidirectional";
  if (layer.kind === "Dense" && layer.timeDistributed) return "TimeDistributed";
  return layer.kind === "StackedRNNCells" ? "RNN" : layer.kind;
}

/** Gives names as Keras does in HDF5 files: `lstm`, then `lstm_1`, after the classes of what stands in a list. */
export class UniqueNames {
  private readonly used = new Map<string, number>();

  /** The name of the next one of a class. */
  next(className: string): string {
    const name = toSnakeCase(className);
    const count = this.used.get(name) ?? 0;
    this.used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  }
}

/** `SimpleRNN` becomes `simple_rnn`, as Keras does it. */
export function toSnakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The number of a weight among those of its cell or layer. */
const indices: Readonly<Record<Variable, readonly [recurrent: number, other: number]>> = {
  kernel: [0, 0],
  recurrent_kernel: [1, 1],
  bias: [2, 1],
  embeddings: [0, 0],
};

/** Where Keras puts a weight of a layer in an HDF5 file: `layers/lstm/cell/vars/0`. */
export function weightPath(layer: KerasLayer, path: string, variable: Variable, part: LayerPart): string {
  const folders = [path];
  const recurrent = layer.kind === "StackedRNNCells" || isCell(layer);
  if (layer.kind === "Dense" && layer.timeDistributed) folders.push("layer");
  if (part.direction) folders.push(`${part.direction}_layer`);
  if (recurrent) folders.push("cell");
  if (layer.kind === "StackedRNNCells") {
    const names = new UniqueNames();
    folders.push("cells", layer.cells.map(({ kind }) => names.next(`${kind}Cell`))[part.cell ?? 0]!);
  }
  return [...folders, "vars", indices[variable][recurrent ? 0 : 1]].join("/");
}

function isCell({ kind }: KerasLayer): boolean {
  return kind === "LSTM" || kind === "GRU" || kind === "SimpleRNN";
}

/** The weights of a layer in an HDF5 file. One that cannot be held is an error when it is asked for. @param read the names that were asked for and are there */
export function pathWeights(
  layer: KerasLayer,
  path: string,
  stored: StoredWeights,
  read: Set<string>,
): LayerWeights {
  return {
    nameOf: (variable, part) => weightPath(layer, path, variable, part),
    has: (name) => stored.tensors.has(name) || stored.unread.has(name),
    find(name) {
      read.add(name);
      const problem = stored.unread.get(name);
      if (problem) throw new WeightFileError(problem);
      return stored.tensors.get(name);
    },
  };
}
