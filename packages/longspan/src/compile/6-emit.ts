import type { Equation } from "../autodiff/index.js";
import { MapBuilder, type Placed, type Scope } from "../ops/index.js";
import { type Instruction, views } from "../program/index.js";
import { sizeOf, type Value } from "../tensor/index.js";
import type { Unit } from "./4-fuse.js";
import type { Planned } from "./5-plan.js";
import { type CompileError, compilerDefect } from "./compile-error.js";
import { type Phase, result } from "./context.js";
import { isView } from "./memory.js";

/** Pass 6, emit: turns units into instructions, region by region. */
export function emit(plan: Planned): Record<Phase, Instruction[]> {
  const regions: Record<Phase, Instruction[]> = { before: [], loop: [], after: [] };
  regions.before.push(...initialStates(plan));
  const instructions = (phase: Phase, keep: (u: Unit) => boolean = () => true) =>
    plan.units.filter((u) => u.phase === phase && keep(u)).map((u) => emitUnit(plan, u));
  const arrivals = (wanted: boolean) => emitArrivals(plan, wanted);
  regions.before.push(...staticArrivals(plan, instructions("before")));
  const nodes = instructions("loop", (u) => u.space !== "edge");
  const edges = instructions("loop", (u) => u.space === "edge");
  if (plan.hasLoop)
    regions.loop.push(
      ...(plan.cell.edge?.when === "push"
        ? [...arrivals(true), ...nodes, ...edges]
        : [...edges, ...arrivals(true), ...nodes]),
    );
  regions.after.push(...instructions("after"), ...finalStates(plan));
  return regions;
}

/**
 * Arrivals of states without recurrence, where nodes read any number of rows: summed once, between the instruction that completes
 * the states and the first that reads them.
 */
function staticArrivals(plan: Planned, before: Instruction[]): Instruction[] {
  const sums = emitArrivals(plan, false);
  if (sums.length === 0) return before;
  const reads = (i: Instruction, buffer: number) =>
    [...views(i)].some(([view, , use]) => use !== "out" && view.buffer === buffer);
  const result = [...before];
  for (const sum of sums) {
    if (sum.kind !== "segmentSum") continue;
    const first = result.findIndex((i) => reads(i, sum.out.buffer));
    result.splice(first < 0 ? result.length : first, 0, sum);
  }
  return result;
}

function emitArrivals(plan: Planned, recurrent: boolean): Instruction[] {
  const list: Instruction[] = [];
  plan.arrivalBuffers.forEach((port, q) => {
    port.forEach((buffer, s) => {
      if (buffer === null || plan.recurrent[s] !== recurrent) return;
      list.push({
        kind: "segmentSum",
        space: "node",
        out: { buffer, offset: 0, rows: "same" },
        a: { buffer: plan.arrivalSources[s]!, offset: 0, rows: "same" },
        lists: plan.table({ rows: "arrivals", port: q }, "lists"),
        columns: sizeOf(plan.cell.inPorts[q]!.slots[s]!.shape),
        accumulate: false,
      });
    });
  });
  return list;
}

function initialStates(plan: Planned): Instruction[] {
  const map = new MapBuilder();
  let any = false;
  plan.cell.sourceSlots.forEach((slot, s) => {
    const from = plan.sourceBuffers[s];
    if (from === null || from === undefined) return;
    any = true;
    const r = map.load({ ...slot, view: { buffer: from, offset: 0, rows: "same" } });
    map.store(r, {
      ...slot,
      view: { buffer: plan.boundaryBuffers[s]!, offset: 0, rows: plan.table({ rows: "sources" }, "map") },
    });
  });
  return any ? [map.build("source")] : [];
}

function finalStates(plan: Planned): Instruction[] {
  const list: Instruction[] = [];
  const map = new MapBuilder();
  let any = false;
  plan.cell.sinkSlots.forEach((slot, s) => {
    const to = plan.finalBuffers[s];
    if (to === null || to === undefined) return;
    const out = { buffer: to, offset: 0, rows: "same" as const };
    const from = plan.boundaryBuffers[s]!;
    if (plan.structure.sinks === "single") {
      any = true;
      const r = map.load({
        ...slot,
        view: { buffer: from, offset: 0, rows: plan.table({ rows: "sinks" }, "map") },
      });
      map.store(r, { ...slot, view: out });
    } else
      list.push({
        kind: "segmentSum",
        space: "sink",
        out,
        a: { buffer: from, offset: 0, rows: "same" },
        lists: plan.table({ rows: "sinks" }, "lists"),
        columns: sizeOf(slot.shape),
        accumulate: false,
      });
  });
  return any ? [...list, map.build("sink")] : list;
}

function emitUnit(plan: Planned, unit: Unit): Instruction {
  return unit.isMap ? emitMap(plan, unit) : emitInstruction(plan, unit, unit.equations[0]!);
}

function emitMap(plan: Planned, unit: Unit): Instruction {
  const { producer } = plan;
  const map = new MapBuilder();
  const registers = new Map<Value, number>();
  const inside = new Set<Value>(unit.equations.map(result));
  const register = (v: Value): number => {
    const known = registers.get(v);
    if (known !== undefined) return known;
    const eq = producer.get(v);
    let r: number;
    if (eq && eq.inputs.length === 0 && !plan.inMemory(v)) r = constantRegister(plan, eq, map);
    else if (eq && isView(eq, producer) && !plan.inMemory(v)) r = viewRegister(eq, register, map);
    else if (eq && isView(eq, producer) && insideRoot(v)) r = viewRegister(eq, register, map);
    else r = map.load(plan.place(v, unit.space));
    registers.set(v, r);
    return r;
  };
  /** Whether a view's memory is written by this very map, so that the register is to be used. */
  const insideRoot = (v: Value): boolean => {
    const eq = producer.get(v);
    return inside.has(v) || (eq !== undefined && isView(eq, producer) && insideRoot(eq.inputs[0]!));
  };
  for (const eq of unit.equations) {
    const { lowering } = eq.op;
    if (lowering.kind !== "map") throw notRowLocal(plan, eq);
    const v = result(eq);
    const r = lowering.emit(eq.attrs, eq.inputs.map(register), v, map);
    registers.set(v, map.expand(r, v.shape));
    if (plan.inMemory(v)) map.store(registers.get(v)!, plan.place(v, unit.space));
  }
  return map.build(unit.space);
}

function notRowLocal({ cell }: Planned, eq: Equation): CompileError {
  return compilerDefect(cell.name, `${eq.op.name} is part of a map and not row-local`);
}

function constantRegister(plan: Planned, eq: Equation, map: MapBuilder): number {
  const { lowering } = eq.op;
  if (lowering.kind !== "map") throw notRowLocal(plan, eq);
  return lowering.emit(eq.attrs, [], result(eq), map);
}

function viewRegister(eq: Equation, register: (v: Value) => number, map: MapBuilder): number {
  const { lowering } = eq.op;
  const source = register(eq.inputs[0]!);
  if (lowering.kind === "map") return lowering.emit(eq.attrs, [source], result(eq), map);
  const out = result(eq);
  if (out.shape.join() === map.shape(source).join()) return source;
  const r = map.register(out);
  map.push({ op: "reshape", out: r, a: source });
  return r;
}

function emitInstruction(plan: Planned, unit: Unit, eq: Equation): Instruction {
  const { producer, cell } = plan;
  const accumulate = plan.accumulations.get(eq)?.instruction === eq;
  const out = plan.place(result(eq), result(eq).scope);
  const { lowering } = eq.op;
  const placed = (values: readonly Value[]): Placed[] => values.map((v) => plan.place(v, unit.space));
  if (lowering.kind === "instruction")
    return lowering.build(eq.attrs, placed(eq.inputs), out, unit.space, accumulate);
  const inner = producer.get(eq.inputs[0]!);
  if (inner && plan.absorbed.has(inner)) {
    const summed =
      inner.op.lowering.kind === "map" || inner.op.lowering.kind === "instruction"
        ? inner.op.lowering.summed
        : undefined;
    return summed!(inner.attrs, placed(inner.inputs), out, unit.space, accumulate);
  }
  const from = (eq.inputs[0] as { scope?: Scope }).scope!;
  const columns = sizeOf(eq.inputs[0]!.shape);
  if (result(eq).scope === "one")
    return {
      kind: "sumRows",
      space: unit.space,
      out: out.view,
      a: plan.place(eq.inputs[0]!, from).view,
      columns,
      accumulate,
    };
  const a = plan.place(eq.inputs[0]!, from);
  if (a.view.rows !== "same")
    throw compilerDefect(cell.name, `a sum per ${unit.space} of rows that are read by a table`);
  const lists = plan.table({ rows: "children", of: from, by: result(eq).scope }, "lists");
  return {
    kind: "segmentSum",
    space: unit.space,
    out: out.view,
    a: a.view,
    lists,
    columns,
    accumulate,
  };
}
