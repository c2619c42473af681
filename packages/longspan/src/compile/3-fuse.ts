import type { Equation, Var } from "../autodiff/index.js";
import { addOp, type Scope } from "../ops/index.js";
import { sameShape, type Value } from "../tensor/index.js";
import type { Hoisted } from "./2-hoist.js";
import { isView, resolve } from "./resolve.js";
import { type Phase, result, type Target, type Work } from "./work.js";

/** One instruction to be: equations that run together over the rows of one space. */
export interface Unit {
  readonly phase: Phase;
  readonly space: Scope;
  readonly time: number;
  readonly isMap: boolean;
  readonly equations: Equation[];
}

/** A sum that an instruction forms in place: `target` starts as `start`, and `instruction` adds to it. */
interface Accumulation {
  readonly sum: Equation;
  readonly instruction: Equation;
  readonly start: Var;
}

export interface Fused {
  readonly units: readonly Unit[];
  readonly unitOf: ReadonlyMap<Equation, Unit>;
  /** By instruction and by sum. */
  readonly accumulations: ReadonlyMap<Equation, Accumulation>;
  /** Equations whose result is never formed: a sum over rows takes their operands. */
  readonly absorbed: ReadonlySet<Equation>;
}

/**
 * Pass 3, fuse: chains of row-local ops become one map. Maps happen at even times and other instructions at odd ones, each as early
 * as its operands allow; everything row-local at one time over one space is one instruction.
 */
export function fuse(work: Work, hoisted: Hoisted, targets: ReadonlyMap<Value, Target>): Fused {
  const { cell, producer } = work;
  const absorbed = findAbsorbed(work, hoisted, targets);
  const accumulations = findAccumulations(work, hoisted, targets, absorbed);
  const times = new Map<Equation, number>();
  const ready = -1;

  /** When a value is there for a consumer in `phase`: its equation's time, or `ready`. */
  const available = (v: Value, phase: Phase): { time: number; eq: Equation | undefined } => {
    const { root } = resolve(v, producer);
    const eq = producer.get(root);
    if (eq && isInline(eq, work, targets)) return { time: ready, eq };
    if (eq) return hoisted.phases.get(eq) === phase ? { time: timeOf(eq), eq } : { time: ready, eq };
    return { time: stateTime(root, phase), eq: undefined };
  };
  /** A state without recurrence can be read once its new values are all there. */
  const stateTime = (v: Var, phase: Phase): number => {
    for (const port of cell.stateIn) {
      const s = port.indexOf(v);
      if (s < 0 || hoisted.recurrent[s]) continue;
      let latest = ready;
      for (const out of cell.stateOut) {
        const eq = producer.get(resolve(out[s]!, producer).root);
        if (eq && hoisted.phases.get(eq) === phase) latest = Math.max(latest, timeOf(eq));
      }
      // Rows of other nodes are read, so this never joins the map that writes them.
      return latest === ready ? ready : latest % 2 === 0 ? latest + 1 : latest;
    }
    return ready;
  };
  const timeOf = (eq: Equation): number => {
    const known = times.get(eq);
    if (known !== undefined) return known;
    const accumulation = accumulations.get(eq);
    const t =
      accumulation && eq === accumulation.sum
        ? timeOf(accumulation.instruction)
        : earliest(eq, accumulation?.start);
    times.set(eq, t);
    return t;
  };
  const earliest = (eq: Equation, start: Var | undefined): number => {
    const phase = hoisted.phases.get(eq)!;
    const map = eq.op.lowering.kind === "map";
    let t = map ? 0 : 1;
    const operands = absorbedOperands(eq, absorbed, producer);
    for (const v of start ? [...operands, start] : operands) {
      const { time, eq: made } = available(v, phase);
      if (time === ready) continue;
      const fromMap = time % 2 === 0;
      if (!map) t = Math.max(t, fromMap ? time + 1 : time + 2);
      else if (!fromMap) t = Math.max(t, time + 1);
      else t = Math.max(t, made && result(made).scope === result(eq).scope ? time : time + 2);
    }
    return t;
  };

  const scheduled = cell.equations.filter(
    (eq) =>
      !isView(eq, producer) &&
      !absorbed.has(eq) &&
      accumulations.get(eq)?.sum !== eq &&
      !isInline(eq, work, targets),
  );
  for (const eq of scheduled) timeOf(eq);
  delay(work, hoisted, scheduled, times, accumulations, absorbed, targets);

  const units: Unit[] = [];
  const unitOf = new Map<Equation, Unit>();
  const maps = new Map<string, Unit>();
  for (const eq of scheduled) {
    const phase = hoisted.phases.get(eq)!;
    const isMap = eq.op.lowering.kind === "map";
    const space = eq.op.lowering.kind === "sum" ? sumSpace(eq) : result(eq).scope;
    const time = timeOf(eq);
    const key = `${phase}:${time}:${space}`;
    let unit = isMap ? maps.get(key) : undefined;
    if (!unit) {
      unit = { phase, space, time, isMap, equations: [] };
      units.push(unit);
      if (isMap) maps.set(key, unit);
    }
    unit.equations.push(eq);
    unitOf.set(eq, unit);
  }
  units.sort((a, b) => a.time - b.time);
  return { units, unitOf, accumulations, absorbed };
}

/** Constants are written into each map that uses them. */
function isInline(eq: Equation, { uses }: Work, targets: ReadonlyMap<Value, Target>): boolean {
  if (eq.inputs.length > 0 || eq.op.lowering.kind !== "map" || targets.has(result(eq))) return false;
  return (uses.get(result(eq)) ?? []).every((u) => u.op.lowering.kind === "map");
}

/**
 * Moves row-local work that could start at once to the latest map that can take it: next to its consumers, so that nothing is
 * stored in between, or, for a result, into the last map. What is needed at once stays, with what it alone feeds from there. A sum or
 * product that nothing waits for comes after the last map, so that it needs nothing at once.
 */
function delay(
  { producer, uses }: Work,
  hoisted: Hoisted,
  scheduled: readonly Equation[],
  times: Map<Equation, number>,
  accumulations: ReadonlyMap<Equation, Accumulation>,
  absorbed: ReadonlySet<Equation>,
  targets: ReadonlyMap<Value, Target>,
): void {
  const key = (eq: Equation) => `${hoisted.phases.get(eq)}:${result(eq).scope}`;
  const isMap = (eq: Equation) => eq.op.lowering.kind === "map";
  const mapTimes = new Map<string, Set<number>>();
  for (const eq of scheduled) {
    if (!isMap(eq)) continue;
    const set = mapTimes.get(key(eq)) ?? new Set();
    mapTimes.set(key(eq), set.add(times.get(eq)!));
  }
  const starts = new Set<Value>([...accumulations.values()].map((a) => a.start));
  const consumersOf = (v: Value): Equation[] =>
    (uses.get(v) ?? []).flatMap((u) =>
      isView(u, producer) || absorbed.has(u) ? consumersOf(result(u)) : [u],
    );
  const isLast = (eq: Equation) =>
    !isMap(eq) &&
    hoisted.phases.get(eq) !== "loop" &&
    !accumulations.has(eq) &&
    targets.get(result(eq))?.kind !== "state" &&
    consumersOf(result(eq)).every((c) => hoisted.phases.get(c) !== hoisted.phases.get(eq));
  const last = scheduled.filter(isLast);
  // The latest time for each, from the results backwards.
  const latest = new Map<Equation, number>();
  for (let i = scheduled.length - 1; i >= 0; i--) {
    const eq = scheduled[i]!;
    if (!isMap(eq) || times.get(eq) !== 0) continue;
    const phase = hoisted.phases.get(eq);
    // Outside the loop a new state is read by whole regions, so it is not to come later than planned.
    const fixed = starts.has(result(eq)) || (phase !== "loop" && targets.get(result(eq))?.kind === "state");
    let limit = fixed ? 0 : Math.max(...mapTimes.get(key(eq))!);
    for (const c of consumersOf(result(eq))) {
      if (hoisted.phases.get(c) !== phase || last.includes(c)) continue;
      const t = latest.get(c) ?? times.get(c) ?? 0;
      limit = Math.min(limit, !isMap(c) ? t - 1 : result(c).scope === result(eq).scope ? t : t - 2);
    }
    latest.set(eq, Math.max(...[...mapTimes.get(key(eq))!].filter((t) => t <= limit), 0));
  }
  // What is needed at once pins its operands and what else it feeds; the rest moves.
  const pinned = new Set<Equation>();
  for (let before = -1; before !== pinned.size; ) {
    before = pinned.size;
    for (const [eq, time] of latest) {
      const operands = eq.inputs.flatMap((v) => {
        const made = producer.get(resolve(v, producer).root);
        return made && latest.has(made) && hoisted.phases.get(made) === hoisted.phases.get(eq) ? [made] : [];
      });
      const fedAtOnce = operands.length > 0 && operands.every((o) => pinned.has(o));
      if (time === 0 || fedAtOnce) pinned.add(eq);
      if (pinned.has(eq)) for (const o of operands) pinned.add(o);
    }
  }
  for (const [eq, time] of latest) if (!pinned.has(eq)) times.set(eq, time);
  // Their operands may have moved.
  for (const eq of last) times.delete(eq);
}

/** The rows that a sum runs over: those of its operand, or of its result where lists say what to add. */
function sumSpace(eq: Equation): Scope {
  return result(eq).scope === "one" ? (eq.inputs[0] as Var).scope : result(eq).scope;
}

/** The operands that an equation reads; a sum over an absorbed op reads that op's operands. */
export function absorbedOperands(
  eq: Equation,
  absorbed: ReadonlySet<Equation>,
  producer: ReadonlyMap<Value, Equation>,
): readonly Value[] {
  if (eq.op.lowering.kind !== "sum") return eq.inputs;
  const inner = producer.get(eq.inputs[0]!);
  return inner && absorbed.has(inner) ? inner.inputs : eq.inputs;
}

/** Ops such as the outer product, used by a sum over all rows only: the sum takes their operands. */
function findAbsorbed(work: Work, hoisted: Hoisted, targets: ReadonlyMap<Value, Target>): Set<Equation> {
  const absorbed = new Set<Equation>();
  for (const eq of work.cell.equations) {
    if (eq.op.lowering.kind !== "sum" || result(eq).scope !== "one") continue;
    const inner = work.producer.get(eq.inputs[0]!);
    if (!inner || targets.has(result(inner)) || hoisted.phases.get(eq) === "loop") continue;
    const { lowering } = inner.op;
    const summed = (lowering.kind === "map" || lowering.kind === "instruction") && lowering.summed;
    const uses = work.uses.get(result(inner))!;
    if (summed && uses.every((u) => u.op.lowering.kind === "sum" && result(u).scope === "one"))
      absorbed.add(inner);
  }
  return absorbed;
}

/** Sums with one operand that an instruction can add to the other in place. */
function findAccumulations(
  work: Work,
  hoisted: Hoisted,
  targets: ReadonlyMap<Value, Target>,
  absorbed: ReadonlySet<Equation>,
): Map<Equation, Accumulation> {
  const { cell, producer, uses } = work;
  const found = new Map<Equation, Accumulation>();
  const phase = (eq: Equation) => hoisted.phases.get(eq);
  const onlyUse = (v: Value, by: Equation) =>
    !targets.has(v) && uses.get(v)!.length === 1 && uses.get(v)![0] === by;
  const adds = (eq: Equation | undefined) =>
    eq !== undefined &&
    ((eq.op.lowering.kind === "instruction" && eq.op.lowering.accumulates) || eq.op.lowering.kind === "sum");
  for (const sum of cell.equations) {
    if (sum.op !== addOp || sum.inputs[0] === sum.inputs[1]) continue;
    for (const [i, v] of sum.inputs.entries()) {
      const other = sum.inputs[1 - i]!;
      const instruction = producer.get(v);
      const start = producer.get(other);
      if (!instruction || !start || absorbed.has(start) || found.has(instruction)) continue;
      if (!adds(instruction) || !onlyUse(v, sum) || !onlyUse(other, sum)) continue;
      if (phase(instruction) !== phase(sum) || phase(start) !== phase(sum)) continue;
      if (!sameShape(v.shape, result(sum).shape) || !sameShape(other.shape, v.shape)) continue;
      if (result(start).scope !== result(sum).scope || (v as Var).scope !== result(sum).scope) continue;
      if (isView(start, producer) || isView(instruction, producer)) continue;
      const inMemory = adds(start) || found.get(start)?.sum === start;
      // A map that starts the sum pays off only if no map has to read the result back.
      const readByMap = (uses.get(result(sum)) ?? []).some(
        (u) => u.op.lowering.kind === "map" && phase(u) === phase(sum),
      );
      if (!inMemory && (start.op.lowering.kind !== "map" || readByMap)) continue;
      const accumulation = { sum, instruction, start: result(start) };
      found.set(sum, accumulation);
      found.set(instruction, accumulation);
      break;
    }
  }
  return found;
}
