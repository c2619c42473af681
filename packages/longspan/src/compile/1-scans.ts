import {
  dependencies,
  dependents,
  type Equation,
  evaluate,
  producersOf,
  type Var,
} from "../autodiff/index.js";
import { type CellGraph, inSlots, reenter, simplify, substitute } from "../cell/index.js";
import { apply, broadcastToOp, constantOp, mul, withAmbient, zerosLike } from "../ops/index.js";
import { sameShape, sizeOf, type Value } from "../tensor/index.js";
import { type Affine, affineResult, affineState } from "./affine.js";
import type { StructureClass } from "./context.js";
import { recurrentSlots } from "./recurrent-slots.js";
import { scanOp } from "./scan-op.js";

/** A cell after the search for scans. */
export interface Scanned {
  readonly cell: CellGraph;
  /** The slots that are scans. */
  readonly scans: readonly string[];
  /** Why the recurrence is a loop; undefined where it is a scan, or there is none. */
  readonly because?: string;
}

/** What a scan reads may take so many times the numbers that it is made of: beyond, forming it at every node costs more than the loop. */
const mostSpread = 2;

/**
 * Finds recurrences that are linear in the state, and writes them as scans: s(t) = a(t) s(t-1) + b(t), element by element, or the sum of
 * several such products where slots read each other. a and b are derived from the step (`affine.ts`). They do not depend on the
 * state, so a later pass takes them out of the loop: they are formed for all nodes at once, and one multiplication and addition per
 * element is left in it. All recurrent slots are scans, or the cell stays as it is.
 */
export function scans(cell: CellGraph, structure: StructureClass): Scanned {
  const none: Scanned = { cell, scans: [] };
  const slots = inSlots(cell);
  const recurrent = recurrentSlots(cell).in;
  if (!recurrent.some((r) => r)) return none;
  const loop = (because: string): Scanned => ({ ...none, because });
  if (cell.edge) return loop("states go through an edge step");
  if (structure.arrivals.some((a) => a === "lists")) return loop("a node reads the sum of several states");
  const shapes = slots.filter((_, s) => recurrent[s]);
  const [first] = shapes;
  if (shapes.some((s) => s.dtype !== first!.dtype || s.dtype === "int32"))
    return loop("slots of other types");

  const states = cell.stateIn.flatMap((port) => port.filter((_, s) => recurrent[s]));
  const next = new Set<Value>(cell.stateOut.flatMap((port) => port.filter((_, s) => recurrent[s])));
  const inState = dependents(cell.equations, states);
  const wanted = dependencies(cell.equations, next);
  const producer = producersOf(cell.equations);
  if ([...next].some((v) => !producer.has(v))) return loop("a slot is handed on as it is");

  const { trace, env, cell: entered } = reenter(cell);
  const known = new Map<Value, Affine>();
  const failed = withAmbient(trace, () => {
    for (const s of states) known.set(s, affineState(s));
    for (const eq of cell.equations) {
      const [out] = eq.outputs as [Var];
      if (inState.has(out) && wanted.has(out)) {
        const affine = affineResult(
          eq,
          eq.inputs.map((v) => known.get(v)),
          (v) => env.get(v) ?? v,
        );
        if (!affine) return eq;
        known.set(out, affine);
        if (next.has(out)) {
          if ([...affine.factors.keys()].some((s) => !sameShape(s.shape, out.shape))) return eq;
          env.set(out, scanOf(affine, out, env));
          continue;
        }
      }
      evaluate([eq], env);
    }
    return undefined;
  });
  if (failed) return loop(`${failed.op.name} of the state is not linear in it, element by element`);
  const scanned = simplify(substitute(entered, withoutOnes(trace.equations), (v) => env.get(v) ?? v));
  if (isSpread(scanned)) return loop("what a scan reads would take more memory than the loop");
  return { cell: scanned, scans: shapes.map(({ name }) => name) };
}

/** The sum of the products with the states, and of what is no state. */
function scanOf({ factors, rest }: Affine, out: Var, env: ReadonlyMap<Value, Value>): Value {
  const whole = (v: Value) =>
    sameShape(v.shape, out.shape) ? v : apply(broadcastToOp, { shape: out.shape }, v);
  let sum = whole(rest ?? zerosLike({ shape: [], dtype: out.dtype }));
  for (const [state, factor] of factors) sum = apply(scanOp, {}, whole(factor), env.get(state)!, sum);
  return sum;
}

/** Products with the number 1 are their other factor. */
function withoutOnes(equations: readonly Equation[]): Equation[] {
  const producer = producersOf(equations);
  const isOne = (v: Value): boolean => {
    const eq = producer.get(v);
    if (eq?.op === broadcastToOp) return isOne(eq.inputs[0]!);
    return eq?.op === constantOp && eq.attrs.value === 1;
  };
  const same = new Map<Value, Value>();
  return equations.map((eq) => {
    const inputs = eq.inputs.map((v) => same.get(v) ?? v);
    const [out] = eq.outputs;
    const other = inputs.find(
      (v, i) => eq.op === mul.op && isOne(inputs[1 - i]!) && sameShape(v.shape, out!.shape),
    );
    if (other) same.set(out!, other);
    return { ...eq, inputs };
  });
}

/** Whether what the scans read at every node is much larger than what it is made of, as outer products are. */
function isSpread(cell: CellGraph): boolean {
  const producer = producersOf(cell.equations);
  const read = new Set<Value>();
  for (const eq of cell.equations)
    if (eq.op === scanOp) for (const v of [eq.inputs[0]!, eq.inputs[2]!]) read.add(v);
  const sources = new Set<Value>();
  const visited = new Set<Value>();
  const visit = (v: Value): void => {
    if (visited.has(v)) return;
    visited.add(v);
    const eq = producer.get(v);
    if (eq && (eq.op.lowering.kind === "map" || eq.op.lowering.kind === "alias")) eq.inputs.forEach(visit);
    else if (isPerNode(v) && eq?.op !== scanOp) sources.add(v);
  };
  const total = (values: Iterable<Value>) => [...values].reduce((n, v) => n + sizeOf(v.shape), 0);
  for (const v of read) visit(v);
  const formed = [...read].filter((v) => isPerNode(v) && producer.get(v)?.op !== scanOp);
  return total(formed) > mostSpread * total(sources);
}

function isPerNode(v: Value): boolean {
  return (v as Var).scope === "node";
}
