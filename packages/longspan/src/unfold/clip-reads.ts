import { evaluate } from "../autodiff/index.js";
import { type CellGraph, readsAtEdges, reenter, simplify, substitute } from "../cell/index.js";
import { splitProducts } from "../compile/index.js";
import { clipGradientOp, withAmbient } from "../ops/index.js";
import { remembered } from "./derived-cells.js";

const clipped = new WeakMap<CellGraph, Map<string, CellGraph>>();

/** The cell with a `clipGradient` behind each state read, after the sum over edges; as it is without a limit. */
export function clipReads(graph: CellGraph, limit: number | null): CellGraph {
  if (limit === null) return graph;
  if (!(limit > 0)) throw new RangeError(`clipState is a positive number, got ${limit}`);
  return remembered(clipped, graph, `${limit}`, () => {
    const { trace, env, cell } = reenter(graph);
    graph.stateIn.forEach((port, q) => {
      port.forEach((v, s) => {
        env.set(v, trace.process(clipGradientOp, { limit }, [cell.stateIn[q]![s]!])[0]!);
      });
    });
    // Where each edge is read by itself, each read is clipped.
    if (readsAtEdges(graph))
      graph.edge!.state.forEach((v, s) => {
        env.set(v, trace.process(clipGradientOp, { limit }, [cell.edge!.state[s]!])[0]!);
      });
    withAmbient(trace, () => evaluate(graph.equations, env));
    return splitProducts(simplify(substitute(cell, trace.equations, (v) => env.get(v) ?? v)));
  });
}
