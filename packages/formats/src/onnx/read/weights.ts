import type { Tensor, Value } from "longspan";
import { OnnxError } from "../error.js";
import { refuse } from "./decode-model.js";
import type { Graph, GraphNode } from "./graph.js";
import { type CellParams, cellParams, type RecurrentNode, recurrentNode } from "./recurrent.js";

/** The weights of a model, and where nodes find theirs. */
export interface Weights {
  readonly params: Readonly<Record<string, Tensor>>;
  /** The cells of a recurrent node, from the parameters; null where its weights are computed. */
  cells(node: GraphNode, params: Readonly<Record<string, Value>>): CellParams | null;
}

const recurrent = ["LSTM", "GRU", "RNN"];
const weightInputs = [1, 2, 3, 7] as const;

/** Initializers that are parameters: rows of fractions. Those of LSTM, GRU and RNN become the parameters of cells. */
export function weightsOf(graph: Graph): Weights {
  const { tensors, nodes } = graph;
  const found = new Map<GraphNode, readonly ReadonlyMap<string, string>[]>();
  const params: Record<string, Tensor> = {};
  const taken = new Set<string>();
  for (const node of nodes) {
    if (!recurrent.includes(node.op)) continue;
    const made = recurrentNode(node);
    const names = weightInputs.map((i) => node.inputs[i] ?? "");
    if (names.some((name) => name !== "" && !tensors.has(name))) continue;
    const own = names.map((name) => tensors.get(name));
    // Two nodes may share their weights; each has the parameters by the first one's name.
    const prefix = prefixOf(node, names[0]!);
    const cells = cellsOf(node, made, own).map((cell, d) => {
      const direction = made.directions.length > 1 ? `${made.directions[d]}.` : "";
      return new Map(
        Object.entries(cell).map(([name, tensor]) => {
          params[`${prefix}${direction}${name}`] = tensor as Tensor;
          return [name, `${prefix}${direction}${name}`];
        }),
      );
    });
    found.set(node, cells);
    for (const name of names) taken.add(name);
  }
  for (const [name, tensor] of tensors) {
    const isRead = nodes.some((node) => !found.has(node) && node.inputs.includes(name));
    if (tensor.dtype !== "int32" && tensor.rank > 0 && (isRead || !taken.has(name))) params[name] = tensor;
  }
  return {
    params,
    cells: (node, values) =>
      found
        .get(node)
        ?.map((names) => Object.fromEntries([...names].map(([name, path]) => [name, values[path]!]))) ?? null,
  };
}

/** The parameters of a node's cells. @throws OnnxError if its weights do not fit each other */
function cellsOf(node: GraphNode, made: RecurrentNode, own: readonly (Tensor | undefined)[]): CellParams {
  const remedy = "the file may be damaged; write it again";
  if (!own[0] || !own[1]) return refuse(node.where, "it has no weights W and R", remedy);
  try {
    return cellParams(made, own);
  } catch (error) {
    if (error instanceof OnnxError || !(error instanceof Error)) throw error;
    return refuse(node.where, `its weights do not fit each other (${error.message})`, remedy, error);
  }
}

/** What the parameters of a node's cells begin with: the path of the layer that was written, or the name of the node. */
function prefixOf({ op, outputs, where }: GraphNode, weights: string): string {
  const ending = `${op}.W`;
  if (weights.endsWith(ending)) return weights.slice(0, -ending.length);
  const name = /^node (.*) \(\w+\)$/.exec(where)?.[1] ?? outputs[0]!;
  return `${name}.`;
}
