import {
  DualLevel,
  type Equation,
  evaluate,
  liveEquations,
  producersOf,
  Trace,
  Var,
} from "../autodiff/index.js";
import { isPaired, type Linear, withAmbient, zerosLike } from "../ops/index.js";
import { sizeOf, type Value } from "../tensor/index.js";
import { type CellGraph, inSlots, outSlots, type Port, type Slot, usedValues } from "./graph.js";
import { withEntries } from "./reenter.js";
import { simplify, substitute } from "./simplify.js";
import { verifyCell } from "./verify.js";

/** Where the tangent cell finds a value of the primal one: an operand of the primal cell, or a result saved for it. */
export type Residual =
  | { readonly from: "value"; readonly index: number }
  | { readonly from: "output"; readonly index: number };

/** A cell split into its value and its derivative. */
export interface LinearizedCell {
  /** The cell itself, with the residuals that the derivative needs appended to its outputs. */
  readonly forward: CellGraph;
  /** Linear in its states and in the last values; the first `residuals.length` values are held fixed. */
  readonly tangent: CellGraph;
  readonly residuals: readonly Residual[];
  /** Which values of the primal cell have a tangent, in the order of the tangent cell's last values. */
  readonly activeValues: readonly number[];
  /** Outputs of the primal cell that have tangents, in the order of the tangent cell's outputs. */
  readonly activeOutputs: readonly number[];
  /** Source and sink slots of the primal cell that carry tangents, in the order of the tangent cell's. */
  readonly activeSlots: readonly number[];
}

/**
 * The derivative of a cell as a cell: jvp of every equation, primal part and tangent part separated. What the tangent part
 * needs of the primal part is saved, unless it is cheap to compute again from what is there.
 *
 * @param values which values have tangents @param sources which source slots have tangents
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const { residuals } = linearizeCell(traced, [true, true, true, true], [true]);
 * residuals.length // 5: U, W and x, which are there anyway, and two saved: the old h and the new one
 */
export function linearizeCell(
  cell: CellGraph,
  values: readonly boolean[],
  sources: readonly boolean[],
): LinearizedCell {
  let active = initialActivity(cell, sources);
  for (;;) {
    const attempt = differentiate(cell, values, active);
    const next = grow(cell, attempt, active);
    if (next === null) return assemble(cell, active, attempt);
    active = next;
  }
}

/** Which slots carry tangents: those of the out-ports and those of the in-ports. */
interface Activity {
  readonly out: readonly boolean[];
  readonly in: readonly boolean[];
}

interface Attempt {
  readonly primal: Trace;
  readonly tangent: Trace;
  /** From the cell's variables to the primal trace. */
  readonly env: Map<Value, Value>;
  readonly tangentValues: (Var | undefined)[];
  readonly tangentIn: (Var | undefined)[][];
  readonly tangentEdge: (Var | undefined)[];
  readonly value: (v: Value) => Value;
  readonly derivative: (v: Value) => Linear;
}

/** Sources bring out-port slots, except where messages are pushed: there they enter in-ports directly. */
function initialActivity(cell: CellGraph, sources: readonly boolean[]): Activity {
  const none = (slots: readonly Slot[]) => slots.map(() => false);
  if (cell.edge?.when === "push") return { out: none(outSlots(cell)), in: sources };
  return { out: sources, in: cell.edge ? none(inSlots(cell)) : sources };
}

function differentiate(cell: CellGraph, values: readonly boolean[], active: Activity): Attempt {
  const primal = new Trace(1);
  const tangent = new Trace(2);
  const duals = new DualLevel(3);
  const env = new Map<Value, Value>();
  const enter = (v: Var, isActive: boolean | undefined): Var | undefined => {
    const p = primal.variable(v, v.scope);
    const t = isActive && v.dtype !== "int32" ? tangent.variable(v, v.scope) : undefined;
    env.set(v, duals.lift(p, t));
    return t;
  };
  const tangentValues = cell.values.map((v, i) => enter(v.variable, values[i]));
  const tangentIn = cell.stateIn.map((port) => port.map((v, s) => enter(v, active.in[s])));
  const tangentEdge = (cell.edge?.state ?? []).map((v, s) => enter(v, active.out[s]));
  withAmbient(primal, () => evaluate(cell.equations, env));
  const find = (v: Value) => env.get(v) ?? v;
  return {
    primal,
    tangent,
    env,
    tangentValues,
    tangentIn,
    tangentEdge,
    value: (v) => duals.primal(find(v)),
    derivative: (v) => duals.tangent(find(v)),
  };
}

/** Slots that turn out to carry tangents although they were not marked; null when nothing is left to mark. */
function grow(cell: CellGraph, attempt: Attempt, active: Activity): Activity | null {
  const out = active.out.map(
    (a, s) => a || cell.stateOut.some((port) => attempt.derivative(port[s]!) !== undefined),
  );
  let arrivals = active.in.map((a) => a);
  if (cell.edge)
    arrivals = arrivals.map((a, s) => a || attempt.derivative(cell.edge!.message[s]!) !== undefined);
  else arrivals = arrivals.map((a, s) => a || out[s]!);
  const same = (a: readonly boolean[], b: readonly boolean[]) => a.every((x, i) => x === b[i]);
  return same(out, active.out) && same(arrivals, active.in) ? null : { out, in: arrivals };
}

function assemble(cell: CellGraph, active: Activity, attempt: Attempt): LinearizedCell {
  const { value, derivative } = attempt;
  const pick = <T>(list: readonly T[], flags: readonly boolean[]) => list.filter((_, i) => flags[i]);
  const activeOutputs = cell.outputs
    .map((_, i) => i)
    .filter((i) => derivative(cell.outputs[i]!.value) !== undefined);
  const tangentRoots: Linear[] = [
    ...activeOutputs.map((i) => derivative(cell.outputs[i]!.value)),
    ...cell.stateOut.flat().map(derivative),
    ...(cell.edge?.message ?? []).map(derivative),
  ];
  const primalEntries = new Map<Value, number>(cell.values.map((v, i) => [value(v.variable), i]));
  const results = [...cell.outputs.map((o) => value(o.value)), ...cell.stateOut.flat().map(value)];
  const choice = chooseResiduals(attempt, tangentRoots, primalEntries, results);

  // The primal cell, with what was saved appended to its outputs, where it is not among them.
  const outputs = cell.outputs.map((o) => ({ ...o, value: value(o.value) }));
  const savedOutputs = choice.saved.map((v, i) => {
    const known = outputs.findIndex((o) => o.value === v && o.scope === v.scope);
    return known < 0 ? outputs.push({ name: `residual${i}`, value: v, scope: v.scope }) - 1 : known;
  });
  const entered = withEntries(cell, (v) => value(v) as Var);
  const forward = simplify({ ...substitute(entered, attempt.primal.equations, value), outputs });

  // The tangent cell, recorded afresh: residuals come in as values, cheap ones are computed again.
  const trace = new Trace(1);
  const env = new Map<Value, Value>();
  const enter = (v: Var) => {
    const own = trace.variable(v, v.scope);
    env.set(v, own);
    return own;
  };
  const residualValues = [...choice.free, ...choice.saved].map((v, i) => ({
    name: `r${i}`,
    variable: enter(v),
  }));
  const activeValues = cell.values.map((_, i) => i).filter((i) => attempt.tangentValues[i] !== undefined);
  const tangentValues = activeValues.map((i) => ({
    name: `d${cell.values[i]!.name}`,
    variable: enter(attempt.tangentValues[i]!),
  }));
  const stateIn = attempt.tangentIn.map((port) => pick(port, active.in).map((v) => enter(v!)));
  const edgeState = pick(attempt.tangentEdge, active.out).map((v) => enter(v!));
  const tangentCell = withAmbient(trace, () => {
    evaluate(choice.recomputed, env);
    evaluate(attempt.tangent.equations, env);
    const result = (v: Value) => {
      const t = derivative(v);
      if (t !== undefined) return env.get(t)!;
      return zerosLike(v);
    };
    const ports = (list: readonly Port[], flags: readonly boolean[]) =>
      list.map((p) => ({ ...p, slots: pick(p.slots, flags) }));
    const boundary = (slots: readonly Slot[], isIn: boolean) => pick(slots, isIn ? active.in : active.out);
    const pushes = cell.edge?.when === "push";
    return simplify({
      name: `d(${cell.name})`,
      inPorts: ports(cell.inPorts, active.in),
      outPorts: ports(cell.outPorts, active.out),
      sourceSlots: boundary(cell.sourceSlots, pushes),
      sinkSlots: boundary(cell.sinkSlots, pushes),
      values: [...residualValues, ...tangentValues],
      stateIn,
      stateOut: cell.stateOut.map((port) => pick(port, active.out).map(result)),
      edge: cell.edge && {
        when: cell.edge.when,
        state: edgeState,
        message: pick(cell.edge.message, active.in).map(result),
      },
      outputs: activeOutputs.map((i) => ({ ...cell.outputs[i]!, value: result(cell.outputs[i]!.value) })),
      // Read last: the results above may add constants.
      get equations() {
        return trace.equations;
      },
    });
  });
  const usable = dropUnusedResiduals(tangentCell, choice.free.length + choice.saved.length);
  verifyCell(forward);
  verifyCell(usable.cell);
  const boundaryFlags = cell.edge?.when === "push" ? active.in : active.out;
  const all: Residual[] = [
    ...choice.free.map((v) => ({ from: "value" as const, index: primalEntries.get(v)! })),
    ...savedOutputs.map((index) => ({ from: "output" as const, index })),
  ];
  return {
    forward,
    tangent: usable.cell,
    residuals: usable.kept.map((i) => all[i]!),
    activeValues,
    activeOutputs,
    activeSlots: boundaryFlags.map((_, s) => s).filter((s) => boundaryFlags[s]),
  };
}

/** Residuals that simplification left without a use are not passed. */
function dropUnusedResiduals(cell: CellGraph, residuals: number): { cell: CellGraph; kept: number[] } {
  const used = usedValues(cell);
  const kept = cell.values
    .map((_, i) => i)
    .filter((i) => i < residuals && used.has(cell.values[i]!.variable));
  const values = cell.values.filter((_, i) => i >= residuals || kept.includes(i));
  return { cell: { ...cell, values }, kept };
}

interface ResidualChoice {
  /** Operands of the primal cell that the tangent cell reads as they are. */
  readonly free: Var[];
  /** Values to be kept from the primal pass. */
  readonly saved: Var[];
  /** Equations of the primal cell that the tangent cell repeats. */
  readonly recomputed: Equation[];
}

/** Pairs per node, by a guess: what a value per pair takes more memory than one per node. */
const pairsPerNode = 16;

/** What saving a value takes, in numbers per row. */
function memoryOf({ shape, scope }: Var): number {
  return sizeOf(shape) * (isPaired(scope) ? pairsPerNode : 1);
}

/** Whether an equation may be repeated in a derivative. Of several numbers per pair there are too many to be saved, whatever they cost. */
function isRepeatable(eq: Equation | undefined): eq is Equation {
  if (!eq) return false;
  const {
    op,
    outputs: [v],
  } = eq;
  return op.cheap || (op.lowering.kind === "map" && isPaired(v!.scope) && sizeOf(v!.shape) > 1);
}

/**
 * Chooses what to save. A value is recomputed if its op is cheap and what it needs costs no more memory than the value
 * itself; operands of the cell cost nothing.
 */
function chooseResiduals(
  attempt: Attempt,
  tangentRoots: readonly Linear[],
  operands: ReadonlyMap<Value, number>,
  results: readonly Value[],
): ResidualChoice {
  const producer = producersOf(attempt.primal.equations);
  const isPrimal = (v: Value): v is Var => v instanceof Var && v.interpreter === attempt.primal;
  const needed: Var[] = [];
  const live = liveEquations(
    attempt.tangent.equations,
    tangentRoots.filter((t) => t !== undefined),
  );
  for (const eq of live) for (const v of eq.inputs) if (isPrimal(v) && !needed.includes(v)) needed.push(v);

  // New states and outputs are in memory already.
  const kept = new Set<Value>(results);
  const free = new Set<Var>();
  const saved = new Set<Var>();
  const repeated = new Set<Equation>();
  // A value may be read many times over: what it costs is found once, as long as no more is saved.
  const costs = new Map<Var, number>();
  const cost = (v: Var): number => {
    if (saved.has(v) || operands.has(v) || kept.has(v)) return 0;
    const known = costs.get(v);
    if (known !== undefined) return known;
    const eq = producer.get(v);
    const found = isRepeatable(eq) ? Math.min(memoryOf(v), inputsCost(eq)) : memoryOf(v);
    costs.set(v, found);
    return found;
  };
  const inputsCost = (eq: Equation) => [...new Set(eq.inputs)].reduce((p, v) => p + cost(v as Var), 0);
  const commit = (v: Var): void => {
    if (operands.has(v)) {
      free.add(v);
      return;
    }
    if (saved.has(v)) return;
    const eq = producer.get(v);
    if (eq && repeated.has(eq)) return;
    if (!kept.has(v) && isRepeatable(eq) && inputsCost(eq) <= memoryOf(v)) {
      repeated.add(eq);
      for (const input of eq.inputs) commit(input as Var);
    } else {
      saved.add(v);
      costs.clear();
    }
  };
  // What must be saved anyway makes the rest cheaper, so it is settled first.
  const forced = needed.filter((v) => !operands.has(v) && !isRepeatable(producer.get(v)));
  for (const v of [...forced, ...needed]) commit(v);
  return {
    free: [...free],
    saved: [...saved],
    recomputed: attempt.primal.equations.filter((eq) => repeated.has(eq)),
  };
}
