import type { Value } from "longspan";
import { OnnxError } from "../error.js";
import { refuse } from "./decode-model.js";
import type { Graph, GraphNode, Names } from "./graph.js";

/** What a node reads, an absent input being undefined, and what is around it. */
export interface NodeCall {
  readonly node: GraphNode;
  readonly inputs: readonly (Value | undefined)[];
  /** Values by name in the graph that the node stands in. */
  readonly names: Names;
  /** Runs the body of a loop. */
  run(body: Graph, inputs: readonly Value[]): Value[];
}

/** What an operator does. */
export type Operator = (call: NodeCall) => readonly Value[];

/** The operators by name. */
export type Operators = Readonly<Record<string, Operator>>;

/** Runs a graph on values by name. @throws OnnxError naming the node at which something does not fit */
export function runGraph(
  graph: Graph,
  inputs: ReadonlyMap<string, Value>,
  operators: Operators,
  outer: Names = new Map(),
): Value[] {
  const names = new Map<string, Value>([...outer, ...graph.tensors, ...inputs]);
  for (const node of graph.nodes) {
    const results = runNode(node, names, operators);
    node.outputs.forEach((name, i) => {
      const result = results[i];
      if (name !== "" && result) names.set(name, result);
    });
  }
  return graph.outputs.map(
    ({ name }) =>
      names.get(name) ??
      refuse(`output ${name}`, "its node did not make it", "the file may be damaged; write it again"),
  );
}

function runNode(node: GraphNode, names: Names, operators: Operators): readonly Value[] {
  const inputs = node.inputs.map((name) =>
    name === ""
      ? undefined
      : (names.get(name) ??
        refuse(node.where, `${name} was not made`, "the file may be damaged; write it again")),
  );
  const run = (body: Graph, values: readonly Value[]) =>
    runGraph(body, new Map(body.inputs.map(({ name }, i) => [name, values[i]!])), operators, names);
  try {
    return operators[node.op]!({ node, inputs, names, run });
  } catch (error) {
    if (error instanceof OnnxError || !(error instanceof Error)) throw error;
    return refuse(
      node.where,
      error.message,
      "its inputs do not fit it; the model may be used with other shapes than it was written for",
      error,
    );
  }
}
