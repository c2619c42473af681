import { evaluate, Trace, transposeGraph, type Var } from "../autodiff/index.js";
import { add, equal, type Linear, where, withAmbient, zerosLike } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { type CellGraph, type CellOutput, outSlots } from "./graph.js";
import { reenter } from "./reenter.js";
import { simplify, substitute } from "./simplify.js";

/**
 * The cell that also pulls cotangents of its new state back through its own step, to the states that the step read:
 *
 *     m = sum over slots of d_slot  d(new slot) / d(slot read)
 *
 * One more value per node and slot, `cotangent.SLOT`, and one more output per slot. Where a node reads a sum of states, that is one per
 * node, `pullback.SLOT`, and with several ports one for each, `pullback.PORT.SLOT`. With an edge step it is one per edge: what comes back
 * through the step at the edge's target and the edge step to the state at its source. The result is a cell like any other: its derivative
 * contains second derivatives of the step.
 *
 * @example
 * const { graph: step } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * withPullback(step).outputs.map((o) => o.name) // ["output", "pullback.h"]
 */
export function withPullback(graph: CellGraph): CellGraph {
  const { trace, env, cell } = reenter(graph);
  const slots = outSlots(graph);
  const cotangents = graph.stateOut[0]!.map((v) => trace.variable(v, "node"));
  const port = needsPortOfEdge(graph) ? trace.variable({ shape: [], dtype: "int32" }, "edge") : null;
  const pulled = withAmbient(trace, () => {
    evaluate(graph.equations, env);
    return pulledBack(graph, env, cotangents, port);
  });
  const extended = substitute(
    {
      ...cell,
      values: [
        ...cell.values,
        ...cotangents.map((variable, i) => ({ name: `cotangent.${slots[i]!.name}`, variable })),
        ...(port ? [{ name: "port@edge", variable: port }] : []),
      ],
    },
    trace.equations,
    (v) => env.get(v) ?? v,
  );
  const scope = graph.edge ? "edge" : "node";
  const added = pulled.flatMap((values, q) =>
    values.map((value, i): CellOutput => {
      const of = pulled.length > 1 ? `${graph.inPorts[q]!.name}.${slots[i]!.name}` : slots[i]!.name;
      return { name: `pullback.${of}`, value, scope };
    }),
  );
  return simplify({ ...extended, outputs: [...extended.outputs, ...added] });
}

/**
 * Whether what is pulled back along an edge depends on the port that the edge leads to.
 * @example needsPortOfEdge(childSumTreeLstm({ input: 3, hidden: 4 }).trace("float32").graph) // false: it has one port
 */
export function needsPortOfEdge({ edge, inPorts }: CellGraph): boolean {
  return edge !== null && inPorts.length > 1;
}

/** By port and slot where a node reads sums of states; with an edge step, once and by slot. */
function pulledBack(
  graph: CellGraph,
  env: ReadonlyMap<Value, Value>,
  cotangents: readonly Value[],
  port: Var | null,
): Value[][] {
  const tangents = new Trace(2);
  const read = [...graph.stateIn.flat(), ...(graph.edge?.state ?? [])];
  const inputs = read.map((v) => tangents.variable(v, v.scope));
  const primalOf = (v: Value) => env.get(v) ?? v;
  const tangentOf = new Map<Value, Linear>(read.map((v, i) => [v, inputs[i]!]));
  for (const { op, attrs, inputs: from, outputs } of graph.equations) {
    const ts = from.map((v) => tangentOf.get(v));
    if (ts.every((t) => t === undefined)) continue;
    const results = op.jvp({ attrs, inputs: from.map(primalOf), outputs: outputs.map(primalOf) }, ts);
    outputs.forEach((v, i) => {
      tangentOf.set(v, results[i]);
    });
  }
  const pull = (from: readonly Value[], cts: readonly Linear[]) =>
    transposeGraph(
      { inputs, equations: tangents.equations, outputs: from.map((v) => tangentOf.get(v)) },
      cts,
    );
  const back = pull(graph.stateOut[0]!, cotangents);
  let at = 0;
  const arrivals = graph.stateIn.map((slots) => slots.map((v) => back[at++] ?? zerosLike(v)));
  if (!graph.edge) return arrivals;
  const own = back.slice(at);
  const along = pull(graph.edge.message, messageCotangents(arrivals, port)).slice(at);
  return [
    graph.edge.state.map((v, s) => {
      const parts = [own[s], along[s]].filter((ct) => ct !== undefined);
      return parts.length === 0 ? zerosLike(v) : parts.reduce((a, b) => add(a, b));
    }),
  ];
}

/**
 * Cotangents of the messages from those of the sums in which they arrive: each edge gets that of the port to which it leads.
 * @param arrivals by port and slot, per node @param port of each edge; null where there is one port
 * @example messageCotangents([[tensor([1, 2])], [tensor([3, 4])]], tensor(1, "int32"))[0] // [3, 4]: that of the second port
 */
export function messageCotangents(arrivals: readonly (readonly Value[])[], port: Value | null): Value[] {
  return arrivals[0]!.map((first, s) =>
    arrivals.slice(1).reduce((own, slots, q) => where(equal(port!, q + 1), slots[s]!, own), first),
  );
}
