import { type Equation, liveEquations, producersOf, Trace, type Var } from "../autodiff/index.js";
import {
  add,
  attrsKey,
  concatOp,
  isPaired,
  type Op,
  padOp,
  type Scope,
  spaces,
  spreadToOp,
  sumToOp,
} from "../ops/index.js";
import { sameShape, type Value } from "../tensor/index.js";
import { type CellGraph, roots } from "./graph.js";

/**
 * Drops repeats and what nothing uses; sums of padded pieces become concatenations, and sums over rows go inside additions
 * where that spares forming the terms.
 */
export function simplify(cell: CellGraph): CellGraph {
  return dropUnused(mergeRepeats(distributeSums(dropUnused(joinPieces(mergeRepeats(cell))))));
}

/**
 * The sum over rows of (outer products + ...) is a sum of sums: each term is then one product of matrices, and no outer
 * product is formed at any node.
 */
function distributeSums(cell: CellGraph): CellGraph {
  const producer = producersOf(cell.equations);
  const summable = (v: Value): boolean => {
    const eq = producer.get(v);
    if (eq?.op === add.op) return eq.inputs.some(summable);
    const lowering = eq?.op.lowering;
    return (lowering?.kind === "map" || lowering?.kind === "instruction") && lowering.summed !== undefined;
  };
  const trace = new Trace(1);
  const equations: Equation[] = [];
  const distribute = (eq: Equation, v: Value, out: Var): void => {
    const inner = producer.get(v);
    if (inner?.op !== add.op || !summable(v) || !inner.inputs.every((a) => sameShape(a.shape, v.shape))) {
      sum(eq, v, out);
      return;
    }
    const parts = inner.inputs.map((a) => {
      const part = trace.variable(out, out.scope);
      distribute(eq, a, part);
      return part;
    });
    equations.push({ op: add.op, attrs: {}, inputs: parts, outputs: [out] });
  };
  // What is summed over pairs goes by way of the nodes: so their sums are formed where the pairs are.
  const sum = (eq: Equation, v: Value, out: Var): void => {
    const from = eq.attrs.from as Scope;
    if (!isPaired(from) || summable(v) || spaces[from].parents.some((p) => p === eq.attrs.to)) {
      equations.push({ ...eq, inputs: [v], outputs: [out] });
      return;
    }
    const atNodes = trace.variable(out, "node");
    equations.push({ ...eq, attrs: { from, to: "node" }, inputs: [v], outputs: [atNodes] });
    equations.push({ ...eq, attrs: { from: "node", to: eq.attrs.to }, inputs: [atNodes], outputs: [out] });
  };
  for (const eq of cell.equations) {
    if (eq.op !== sumToOp) equations.push(eq);
    else if (eq.attrs.to === "one") distribute(eq, eq.inputs[0]!, eq.outputs[0]!);
    else sum(eq, eq.inputs[0]!, eq.outputs[0]!);
  }
  return { ...cell, equations };
}

interface Piece {
  readonly start: number;
  readonly value: Value;
}

/**
 * The derivative of a split is a sum of padded pieces. Where the pieces cover an axis without overlap, the sum is a
 * concatenation.
 */
function joinPieces(cell: CellGraph): CellGraph {
  const pieces = new Map<Value, { axis: number; list: readonly Piece[] }>();
  const equations = cell.equations.map((eq) => {
    const out = eq.outputs[0]!;
    if (eq.op === padOp) {
      const [value] = eq.inputs as [Value];
      const cut = out.shape.map((n, d) => (n === value.shape[d] ? -1 : d)).filter((d) => d >= 0);
      if (cut.length === 1)
        pieces.set(out, { axis: cut[0]!, list: [{ start: eq.attrs.starts[cut[0]!], value }] });
    } else if (eq.op === add.op) {
      const [a, b] = eq.inputs.map((v) => pieces.get(v));
      if (!a || !b || a.axis !== b.axis) return eq;
      const { axis } = a;
      const list = [...a.list, ...b.list].sort((p, q) => p.start - q.start);
      const end = (p: Piece) => p.start + p.value.shape[axis]!;
      if (list.some((p, i) => i > 0 && p.start < end(list[i - 1]!))) return eq;
      pieces.set(out, { axis, list });
      const covered = list.reduce((n, p) => n + p.value.shape[axis]!, 0);
      if (covered === out.shape[axis])
        return { op: concatOp, attrs: { axis }, inputs: list.map((p) => p.value), outputs: [out] };
    }
    return eq;
  });
  return { ...cell, equations };
}

/** The same op on the same operands is computed once. */
function mergeRepeats(cell: CellGraph): CellGraph {
  const replaced = new Map<Value, Value>();
  const seen = new Map<string, Equation>();
  const ids = new Map<Value | Op, number>();
  const id = (v: Value | Op) => {
    let n = ids.get(v);
    if (n === undefined) {
      n = ids.size;
      ids.set(v, n);
    }
    return n;
  };
  const equations: Equation[] = [];
  for (const eq of cell.equations) {
    const inputs = eq.inputs.map((v) => replaced.get(v) ?? v);
    if (eq.op === spreadToOp && (inputs[0] as Var).scope === eq.attrs.to) {
      replaced.set(eq.outputs[0]!, inputs[0]!);
      continue;
    }
    const key = `${id(eq.op)}|${attrsKey(eq.attrs)}|${inputs.map(id).join()}`;
    const known = seen.get(key);
    if (known) {
      eq.outputs.forEach((v, i) => {
        replaced.set(v, known.outputs[i]!);
      });
      continue;
    }
    const kept = { ...eq, inputs };
    seen.set(key, kept);
    equations.push(kept);
  }
  return substitute(cell, equations, (v) => replaced.get(v) ?? v);
}

function dropUnused(cell: CellGraph): CellGraph {
  return { ...cell, equations: liveEquations(cell.equations, roots(cell)) };
}

/** The cell with other equations, its results renamed. */
export function substitute(
  cell: CellGraph,
  equations: readonly Equation[],
  rename: (v: Value) => Value,
): CellGraph {
  return {
    ...cell,
    equations,
    outputs: cell.outputs.map((o) => ({ ...o, value: rename(o.value) })),
    stateOut: cell.stateOut.map((port) => port.map(rename)),
    edge: cell.edge && { ...cell.edge, message: cell.edge.message.map(rename) },
  };
}
