import type { Equation } from "../autodiff/index.js";
import { type CellGraph, derivativeReads, outSlots, reenter, simplify, substitute } from "../cell/index.js";
import { applyAll, stopGradient, withAmbient } from "../ops/index.js";
import { sameShape, type Value } from "../tensor/index.js";

/**
 * The cell in which derivatives go from the old state to the new one by its direct paths alone: additions, and products element by element
 * with what is held, such as s(t-1) times the forget gate. Gates, targets and all else that a step makes of its state are constants to them.
 */
export function withDirectPaths(graph: CellGraph): CellGraph {
  const { trace, env, cell } = reenter(graph);
  const flowing = new Set<Value>([...graph.stateIn.flat(), ...(graph.edge?.state ?? [])]);
  withAmbient(trace, () => {
    for (const eq of graph.equations) {
      const inThese = eq.inputs.map((v) => flowing.has(v));
      const goesOn = isDirect(eq, inThese);
      const operands = eq.inputs.map((v, i) => {
        const own = env.get(v) ?? v;
        return inThese[i] && !goesOn && v.dtype !== "int32" ? stopGradient(own) : own;
      });
      applyAll(eq.op, eq.attrs, operands).forEach((v, k) => {
        env.set(eq.outputs[k]!, v);
        if (goesOn) flowing.add(eq.outputs[k]!);
      });
    }
  });
  return simplify(substitute(cell, trace.equations, (v) => env.get(v) ?? v));
}

/** The slots that have a direct path from their old value to their new one. */
export function directSlots(graph: CellGraph): string[] {
  return outSlots(graph).flatMap(({ name }, s) => {
    const flowing = new Set<Value>(
      graph.edge ? [graph.edge.state[s]!] : graph.stateIn.map((port) => port[s]!),
    );
    const follow = () => {
      for (const eq of graph.equations)
        if (
          isDirect(
            eq,
            eq.inputs.map((v) => flowing.has(v)),
          )
        )
          for (const v of eq.outputs) flowing.add(v);
    };
    follow();
    if (graph.edge && graph.edge.message.length > 0) {
      graph.edge.message.forEach((v, m) => {
        if (flowing.has(v)) for (const port of graph.stateIn) flowing.add(port[m]!);
      });
      follow();
    }
    return flowing.has(graph.stateOut[0]![s]!) ? [name] : [];
  });
}

/** Whether an equation is linear in these operands, and each number of its result depends on the same number of them alone. */
function isDirect(eq: Equation, inThese: readonly boolean[]): boolean {
  const { lowering } = eq.op;
  const isLocal = (lowering.kind === "map" && lowering.elementwise === true) || lowering.kind === "alias";
  const [out] = eq.outputs;
  const fits = (v: Value) =>
    v.dtype === out!.dtype && (lowering.kind === "alias" || sameShape(v.shape, out!.shape));
  if (!isLocal || !eq.inputs.every((v, i) => !inThese[i] || fits(v))) return false;
  const reads = derivativeReads(eq, inThese);
  return reads !== null && !reads.own;
}
