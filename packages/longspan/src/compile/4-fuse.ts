import type { Equation, Var } from "../autodiff/index.js";
import { add, broadcastToOp, type Scope } from "../ops/index.js";
import { isPaired } from "../program/index.js";
import { sameShape, sizeOf, type Value } from "../tensor/index.js";
import type { Hoisted } from "./3-hoist.js";
import { type Phase, result } from "./context.js";
import { firstLayer, type Layer, type LayerKind, layerAfter, layerBefore, layerFrom } from "./layers.js";
import { isView, memoryOf } from "./memory.js";

/** Equations that become one instruction. They run together over the rows of one space. */
export interface Unit {
  readonly phase: Phase;
  readonly space: Scope;
  readonly layer: Layer;
  /** Row-local equations of one map, sums over lists of what a map forms, or one equation with an instruction of its own. */
  readonly kind: "map" | "sums" | "instruction";
  readonly equations: Equation[];
}

/** A sum that needs no instruction of its own: its memory begins as `start`, and `instruction` adds to it. */
interface Accumulation {
  readonly sum: Equation;
  readonly instruction: Equation;
  readonly start: Var;
}

export interface Fused extends Hoisted {
  readonly units: readonly Unit[];
  readonly unitOf: ReadonlyMap<Equation, Unit>;
  /** By instruction and by sum. */
  readonly accumulations: ReadonlyMap<Equation, Accumulation>;
  /** Equations whose result is not computed: the sum over rows that reads it takes their operands instead. */
  readonly absorbed: ReadonlySet<Equation>;
  /** Equations that are computed wherever they are used, and have no memory. */
  readonly inlined: ReadonlySet<Equation>;
}

/**
 * Pass 4 fuses: row-local equations become maps. Within a region, layers of maps and layers of other instructions take turns. Each
 * equation goes into the first layer in which its operands are there. All row-local equations of one layer over one space become one map.
 */
export function fuse(hoisted: Hoisted): Fused {
  const { cell, producer } = hoisted;
  const absorbed = findAbsorbed(hoisted);
  const inlined = findInlined(hoisted, absorbed);
  const accumulations = findAccumulations(hoisted, absorbed, inlined);
  const layers = new Map<Equation, Layer>();

  /** The layer in which a value is made, for an equation in `phase`. Undefined if the value is there when the region begins. */
  const available = (v: Value, phase: Phase): { layer: Layer | null; eq: Equation | undefined } => {
    const { root } = memoryOf(v, producer);
    const eq = producer.get(root);
    if (eq) return { layer: hoisted.phases.get(eq) === phase ? layerOf(eq) : null, eq };
    return { layer: stateLayer(root, phase), eq: undefined };
  };
  /** The layer after which a state that is not recurrent can be read: all its new values are there. */
  const stateLayer = (v: Var, phase: Phase): Layer | null => {
    for (const port of cell.stateIn) {
      const s = port.indexOf(v);
      if (s < 0 || hoisted.recurrent[s]) continue;
      let latest: Layer | null = null;
      for (const out of cell.stateOut) {
        const eq = producer.get(memoryOf(out[s]!, producer).root);
        if (eq && hoisted.phases.get(eq) === phase) latest = Math.max(latest ?? 0, layerOf(eq));
      }
      // Rows of other nodes are read, so this never joins the map that writes them.
      return latest === null ? null : layerFrom(latest, "instructions");
    }
    return null;
  };
  const layerOf = (eq: Equation): Layer => {
    const known = layers.get(eq);
    if (known !== undefined) return known;
    const accumulation = accumulations.get(eq);
    const layer =
      accumulation && eq === accumulation.sum
        ? layerOf(accumulation.instruction)
        : earliest(eq, accumulation?.start);
    layers.set(eq, layer);
    return layer;
  };
  const earliest = (eq: Equation, start: Var | undefined): Layer => {
    const phase = hoisted.phases.get(eq)!;
    const kind = layerKindOf(eq);
    let first = firstLayer(kind);
    const operands = operandsOf(eq, { absorbed, inlined, producer });
    for (const v of start ? [...operands, start] : operands) {
      const { layer, eq: made } = available(v, phase);
      if (layer === null) continue;
      // What a map computes row by row, the same map can use.
      const joins = kind === "maps" && made !== undefined && result(made).scope === result(eq).scope;
      first = Math.max(first, joins ? layerFrom(layer, kind) : layerAfter(layer, kind));
    }
    return first;
  };

  const scheduled = cell.equations.filter(
    (eq) =>
      !isView(eq, producer) && !absorbed.has(eq) && accumulations.get(eq)?.sum !== eq && !inlined.has(eq),
  );
  for (const eq of scheduled) layerOf(eq);
  delay({ ...hoisted, absorbed, inlined, accumulations }, scheduled, layers);

  const units: Unit[] = [];
  const unitOf = new Map<Equation, Unit>();
  const joined = new Map<string, Unit>();
  for (const eq of scheduled) {
    const phase = hoisted.phases.get(eq)!;
    const { lowering } = eq.op;
    const sums = lowering.kind === "sum" && isOfInlined(eq, { inlined, producer });
    const kind = lowering.kind === "map" ? "map" : sums ? "sums" : "instruction";
    const space = lowering.kind === "sum" ? sumSpace(eq) : result(eq).scope;
    const layer = layerOf(eq);
    const key = `${kind}:${phase}:${layer}:${space}:${sums ? (eq.inputs[0] as Var).scope : ""}`;
    let unit = kind === "instruction" ? undefined : joined.get(key);
    if (!unit) {
      unit = { phase, space, layer, kind, equations: [] };
      units.push(unit);
      joined.set(key, unit);
    }
    unit.equations.push(eq);
    unitOf.set(eq, unit);
  }
  units.sort((a, b) => a.layer - b.layer);
  return { ...hoisted, units, unitOf, accumulations, absorbed, inlined };
}

/** Maps are row-local work; everything else is an instruction of its own. */
function layerKindOf(eq: Equation): LayerKind {
  return eq.op.lowering.kind === "map" ? "maps" : "instructions";
}

/**
 * What is computed wherever it is used: constants, which each map writes for itself; what repeats a smaller value; and row-local values of
 * several numbers per pair, of which there are so many that memory would cost more than computing them again, where maps and sums over pairs
 * alone use them.
 */
function findInlined(
  { cell, producer, uses, destinations }: Hoisted,
  absorbed: ReadonlySet<Equation>,
): Set<Equation> {
  const usersOf = (v: Value): Equation[] =>
    (uses.get(v) ?? []).flatMap((u) => (isView(u, producer) ? usersOf(result(u)) : [u]));
  const isMap = (eq: Equation) => layerKindOf(eq) === "maps" && !absorbed.has(eq);
  const isSum = ({ op: { lowering }, outputs }: Equation) =>
    lowering.kind === "sum" && lowering.code === "sum" && outputs[0]!.scope !== "one";
  const inlined = new Set<Equation>();
  for (const eq of cell.equations) {
    const { scope, shape } = result(eq);
    if (!isMap(eq) || isView(eq, producer) || destinations.has(result(eq))) continue;
    if (eq.inputs.length === 0) {
      if ((uses.get(result(eq)) ?? []).every((u) => u.op.lowering.kind === "map")) inlined.add(eq);
    } else if (isPaired(scope) && sizeOf(shape) > 1) {
      if (usersOf(result(eq)).every((u) => isMap(u) || isSum(u))) inlined.add(eq);
    } else if (eq.op === broadcastToOp && sizeOf(shape) > sizeOf(eq.inputs[0]!.shape)) {
      if (usersOf(result(eq)).every(isMap)) inlined.add(eq);
    }
  }
  return inlined;
}

/** Whether an equation's operand is computed where it is used. */
function isOfInlined(eq: Equation, { inlined, producer }: Pick<Fused, "inlined" | "producer">): boolean {
  const made = producer.get(memoryOf(eq.inputs[0]!, producer).root);
  return made !== undefined && inlined.has(made);
}

/**
 * Moves row-local equations of the first map to a later one. Each goes to the map of the equations that read it, so that its result is
 * not stored in between; a result of the cell goes to the last map. An equation stays if an instruction before that map reads it, and so
 * do the equations that need only it. A sum or product that no equation reads comes after the last map, so it keeps nothing from moving.
 */
function delay(
  { producer, uses, destinations, phases, accumulations, absorbed, inlined }: Omit<Fused, "units" | "unitOf">,
  scheduled: readonly Equation[],
  layers: Map<Equation, Layer>,
): void {
  const key = (eq: Equation) => `${phases.get(eq)}:${result(eq).scope}`;
  const isMap = (eq: Equation) => layerKindOf(eq) === "maps";
  const first = firstLayer("maps");
  const mapLayers = new Map<string, Set<Layer>>();
  for (const eq of scheduled) {
    if (!isMap(eq)) continue;
    const set = mapLayers.get(key(eq)) ?? new Set();
    mapLayers.set(key(eq), set.add(layers.get(eq)!));
  }
  const starts = new Set<Value>([...accumulations.values()].map((a) => a.start));
  const consumersOf = (v: Value): Equation[] =>
    (uses.get(v) ?? []).flatMap((u) =>
      isView(u, producer) || absorbed.has(u) || inlined.has(u) ? consumersOf(result(u)) : [u],
    );
  const isLast = (eq: Equation) =>
    !isMap(eq) &&
    phases.get(eq) !== "loop" &&
    !accumulations.has(eq) &&
    destinations.get(result(eq))?.kind !== "state" &&
    consumersOf(result(eq)).every((c) => phases.get(c) !== phases.get(eq));
  const last = scheduled.filter(isLast);
  // The latest layer for each, from the results backwards.
  const latest = new Map<Equation, Layer>();
  for (let i = scheduled.length - 1; i >= 0; i--) {
    const eq = scheduled[i]!;
    if (!isMap(eq) || layers.get(eq) !== first) continue;
    const phase = phases.get(eq);
    // Outside the loop a new state is read by whole regions, so it must not come later than its layer.
    const fixed =
      starts.has(result(eq)) || (phase !== "loop" && destinations.get(result(eq))?.kind === "state");
    let limit = fixed ? first : Math.max(...mapLayers.get(key(eq))!);
    for (const c of consumersOf(result(eq))) {
      if (phases.get(c) !== phase || last.includes(c)) continue;
      const read = latest.get(c) ?? layers.get(c) ?? first;
      const joins = isMap(c) && result(c).scope === result(eq).scope;
      limit = Math.min(limit, joins ? read : layerBefore(read, "maps"));
    }
    latest.set(eq, Math.max(...[...mapLayers.get(key(eq))!].filter((layer) => layer <= limit), first));
  }
  // An equation that stays keeps its operands, and what else it feeds, from moving.
  const pinned = new Set<Equation>();
  for (let before = -1; before !== pinned.size; ) {
    before = pinned.size;
    for (const [eq, layer] of latest) {
      const operands = operandsOf(eq, { absorbed, inlined, producer }).flatMap((v) => {
        const made = producer.get(memoryOf(v, producer).root);
        return made && latest.has(made) && phases.get(made) === phases.get(eq) ? [made] : [];
      });
      const there = operands.filter((o) => pinned.has(o));
      const fedAtOnce = operands.length > 0 && there.length === operands.length;
      // Moved, it would read its operands from memory; where it is, its result goes there, if it does not in any case.
      const numbers = (eqs: readonly Equation[]) => eqs.reduce((n, e) => n + sizeOf(result(e).shape), 0);
      const spared = destinations.has(result(eq)) ? 0 : sizeOf(result(eq).shape);
      if (layer === first || fedAtOnce || numbers(there) > spared + fewNumbers) pinned.add(eq);
      if (pinned.has(eq)) for (const o of operands) pinned.add(o);
    }
  }
  for (const [eq, layer] of latest) if (!pinned.has(eq)) layers.set(eq, layer);
  // Their operands may have moved.
  for (const eq of last) layers.delete(eq);
}

/** A row-local equation moves to where its result is read although that stores so many numbers more per row: loops stay as they are read. */
const fewNumbers = 256;

/** The rows that a sum runs over: those of its operand, or of its result where lists say what to add. */
function sumSpace(eq: Equation): Scope {
  return result(eq).scope === "one" ? (eq.inputs[0] as Var).scope : result(eq).scope;
}

/**
 * The operands that an equation reads: a sum over an absorbed op reads that op's operands, and in place of what is computed where it is
 * used its operands are read.
 */
export function operandsOf(
  eq: Equation,
  { absorbed, inlined, producer }: Pick<Fused, "absorbed" | "inlined" | "producer">,
): readonly Value[] {
  const read = (v: Value): readonly Value[] => {
    const made = producer.get(memoryOf(v, producer).root);
    return made && inlined.has(made) ? made.inputs.flatMap(read) : [v];
  };
  const inner = eq.op.lowering.kind === "sum" ? producer.get(eq.inputs[0]!) : undefined;
  return (inner && absorbed.has(inner) ? inner.inputs : eq.inputs).flatMap(read);
}

/** Equations that a sum over all rows absorbs, such as outer products: only that sum reads them, and it takes their operands. */
function findAbsorbed({ cell, producer, uses, destinations, phases }: Hoisted): Set<Equation> {
  const absorbed = new Set<Equation>();
  for (const eq of cell.equations) {
    if (eq.op.lowering.kind !== "sum" || result(eq).scope !== "one") continue;
    const inner = producer.get(eq.inputs[0]!);
    if (!inner || destinations.has(result(inner)) || phases.get(eq) === "loop") continue;
    const { lowering } = inner.op;
    const summed = (lowering.kind === "map" || lowering.kind === "instruction") && lowering.summed;
    const readers = uses.get(result(inner))!;
    if (summed && readers.every((u) => u.op.lowering.kind === "sum" && result(u).scope === "one"))
      absorbed.add(inner);
  }
  return absorbed;
}

/** Sums of which an instruction can compute one operand by adding to the other in place. */
function findAccumulations(
  { cell, producer, uses, destinations, phases }: Hoisted,
  absorbed: ReadonlySet<Equation>,
  inlined: ReadonlySet<Equation>,
): Map<Equation, Accumulation> {
  const found = new Map<Equation, Accumulation>();
  const phase = (eq: Equation) => phases.get(eq);
  const onlyUse = (v: Value, by: Equation) =>
    !destinations.has(v) && uses.get(v)!.length === 1 && uses.get(v)![0] === by;
  const adds = (eq: Equation | undefined) =>
    eq !== undefined &&
    ((eq.op.lowering.kind === "instruction" && eq.op.lowering.accumulates) ||
      (eq.op.lowering.kind === "sum" &&
        eq.op.lowering.code === "sum" &&
        !isOfInlined(eq, { inlined, producer })));
  for (const sum of cell.equations) {
    if (sum.op !== add.op || sum.inputs[0] === sum.inputs[1]) continue;
    for (const [i, v] of sum.inputs.entries()) {
      const other = sum.inputs[1 - i]!;
      const instruction = producer.get(v);
      const start = producer.get(other);
      if (!instruction || !start || absorbed.has(start) || found.has(instruction)) continue;
      if (inlined.has(sum) || inlined.has(start)) continue;
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
