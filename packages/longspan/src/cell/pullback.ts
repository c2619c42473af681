import { evaluate, Trace, transposeGraph } from "../autodiff/index.js";
import { type Linear, withAmbient, zerosLike } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import type { CellGraph, CellOutput } from "./graph.js";
import { reenter } from "./reenter.js";
import { simplify, substitute } from "./simplify.js";
import { CellError } from "./verify.js";

/**
 * The cell that also pulls cotangents of its new state back through its own step:
 *
 *     m = sum over slots of d_slot  d(new slot) / d(old state)
 *
 * One more value per node and slot, `cotangent.SLOT`, and one more output, `pullback.SLOT`. The result is a cell like any other:
 * its derivative contains second derivatives of the step.
 *
 * @throws CellError for cells with several in-ports, and those with an edge step: between a state and its reading lies more than
 * one step there
 * @example
 * const { graph: step } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * withPullback(step).outputs.map((o) => o.name) // ["output", "pullback.h"]
 */
export function withPullback(graph: CellGraph): CellGraph {
  if (graph.inPorts.length !== 1 || graph.edge)
    throw new CellError(
      `cell ${graph.name}: the Jacobian of a step is that of cells with one in-port and no edge step`,
    );
  const { trace, env, cell } = reenter(graph);
  const tangents = new Trace(2);
  const slots = graph.stateIn[0]!;
  const inputs = slots.map((v) => tangents.variable(v, v.scope));
  const cotangents = slots.map((v) => trace.variable(v, "node"));
  const pulled = withAmbient(trace, () => {
    evaluate(graph.equations, env);
    const primalOf = (v: Value) => env.get(v) ?? v;
    const tangentOf = new Map<Value, Linear>(slots.map((v, i) => [v, inputs[i]!]));
    for (const { op, attrs, inputs: from, outputs } of graph.equations) {
      const ts = from.map((v) => tangentOf.get(v));
      if (ts.every((t) => t === undefined)) continue;
      const results = op.jvp({ attrs, inputs: from.map(primalOf), outputs: outputs.map(primalOf) }, ts);
      outputs.forEach((v, i) => {
        tangentOf.set(v, results[i]);
      });
    }
    const outputs = graph.stateOut[0]!.map((v) => tangentOf.get(v));
    return transposeGraph({ inputs, equations: tangents.equations, outputs }, cotangents).map(
      (m, i) => m ?? zerosLike(slots[i]!),
    );
  });
  const names = graph.inPorts[0]!.slots.map((s) => s.name);
  const extended = substitute(
    {
      ...cell,
      values: [
        ...cell.values,
        ...cotangents.map((variable, i) => ({ name: `cotangent.${names[i]}`, variable })),
      ],
    },
    trace.equations,
    (v) => env.get(v) ?? v,
  );
  const added: CellOutput[] = pulled.map((value, i) => ({
    name: `pullback.${names[i]}`,
    value,
    scope: "node",
  }));
  return simplify({ ...extended, outputs: [...extended.outputs, ...added] });
}
