import { Tensor } from "longspan";
import { isRecord } from "longspan/engine";
import { type CellParams, cellTo, isCellOf, type KerasCell } from "./cell-kinds.js";
import type { KerasLayer } from "./keras-layer.js";
import type { LayerPart, Variable } from "./layer-weights.js";

/** A weight as Keras keeps it. */
export interface WrittenWeight {
  readonly variable: Variable;
  readonly part: LayerPart;
  readonly tensor: Tensor;
}

/** The weights of a layer, in the order of Keras; null if the parameters are those of something else. */
export function weightsOf(layer: KerasLayer, params: unknown): WrittenWeight[] | null {
  switch (layer.kind) {
    case "LSTM":
    case "GRU":
    case "SimpleRNN": {
      if (layer.bidirectional === undefined) return cellWeights(layer, params, {});
      const { forward, backward } = isRecord(params) ? params : {};
      const [first, second] = [
        cellWeights(layer, forward, { direction: "forward" }),
        cellWeights(layer, backward, { direction: "backward" }),
      ];
      return first && second && [...first, ...second];
    }
    case "StackedRNNCells": {
      if (!Array.isArray(params) || params.length !== layer.cells.length) return null;
      const all = layer.cells.map((cell, k) => cellWeights(cell, params[k], { cell: k }));
      return all.includes(null) ? null : (all as WrittenWeight[][]).flat();
    }
    case "Embedding":
      return hasTensors(params, { E: 2 })
        ? [{ variable: "embeddings" as const, part: {}, tensor: params.E! }]
        : null;
    case "Dense": {
      if (!hasTensors(params, { W: 2 }, { b: 1 }) || (params.b && params.b.shape[0] !== params.W!.shape[1]))
        return null;
      const { W, b } = params;
      return [
        { variable: "kernel", part: {}, tensor: W! },
        ...(b ? [{ variable: "bias" as const, part: {}, tensor: b }] : []),
      ];
    }
    default:
      return params === undefined || (isRecord(params) && Object.keys(params).length === 0) ? [] : null;
  }
}

function cellWeights({ kind }: KerasCell, params: unknown, part: LayerPart): WrittenWeight[] | null {
  if (!isRecord(params) || !Object.values(params).every((leaf) => leaf instanceof Tensor)) return null;
  if (!isCellOf(kind, params as CellParams)) return null;
  const { kernel, recurrent, bias } = cellTo(kind, params as CellParams);
  return [
    { variable: "kernel", part, tensor: kernel },
    { variable: "recurrent_kernel", part, tensor: recurrent },
    { variable: "bias", part, tensor: bias },
  ];
}

/** Whether parameters are tensors of some names and numbers of axes. */
function hasTensors(
  params: unknown,
  needed: Readonly<Record<string, number>>,
  besides: Readonly<Record<string, number>> = {},
): params is Readonly<Record<string, Tensor>> {
  if (!isRecord(params)) return false;
  const known: Readonly<Record<string, number>> = { ...besides, ...needed };
  return (
    Object.keys(needed).every((name) => name in params) &&
    Object.entries(params).every(
      ([name, value]) => value instanceof Tensor && Object.hasOwn(known, name) && value.rank === known[name],
    )
  );
}
