import type { Equation, Var } from "../autodiff/index.js";
import { readsAtEdges } from "../cell/index.js";
import { type BufferOperand, MapBuilder, type Scope } from "../ops/index.js";
import { type Instruction, views } from "../program/index.js";
import { sizeOf, type Value } from "../tensor/index.js";
import type { Unit } from "./4-fuse.js";
import type { BufferAssignment } from "./5-assign-buffers.js";
import { type CompileError, compilerDefect } from "./compile-error.js";
import { type Phase, result } from "./context.js";
import { isView } from "./memory.js";

/** Pass 6 emits the program: it turns the units of each region into instructions. */
export function emit(assignment: BufferAssignment): Record<Phase, Instruction[]> {
  const regions: Record<Phase, Instruction[]> = { before: [], loop: [], after: [] };
  regions.before.push(...initialStates(assignment));
  const instructions = (phase: Phase, keep: (u: Unit) => boolean = () => true) =>
    assignment.units.filter((u) => u.phase === phase && keep(u)).map((u) => emitUnit(assignment, u));
  const arrivals = (wanted: boolean) => emitArrivals(assignment, wanted);
  regions.before.push(...staticArrivals(assignment, instructions("before")));
  if (assignment.hasLoop) {
    const nodes = () => instructions("loop", (u) => u.space !== "edge");
    const edges = () => instructions("loop", (u) => u.space === "edge");
    // What goes from edges to nodes and back within a level runs layer by layer, after all that arrives from other levels.
    const loop = isMixed(assignment)
      ? [...arrivals(true), ...instructions("loop")]
      : assignment.cell.edge?.when === "push"
        ? [...arrivals(true), ...nodes(), ...edges()]
        : [...edges(), ...arrivals(true), ...nodes()];
    regions.loop.push(...loop);
  }
  regions.after.push(...instructions("after"), ...finalStates(assignment));
  return regions;
}

/** Whether nodes reduce what differs per edge within a level, instead of reading the sums of messages that arrive. */
function isMixed({ cell, phases }: BufferAssignment): boolean {
  if (readsAtEdges(cell)) return true;
  const reduces = ({ attrs }: Equation) => attrs.from === "edge" && attrs.to === "node";
  const isIn = cell.equations.some((eq) => reduces(eq) && phases.get(eq) === "loop");
  if (isIn && cell.edge?.when === "pull")
    throw compilerDefect(cell.name, "nodes reduce what differs per edge and read sums of messages too");
  return isIn;
}

/**
 * The instructions of the region before the loop, with sums of what arrives at nodes that read any number of rows. Such a sum over states
 * that are not recurrent is computed once, between the instruction that completes the states and the first one that reads the sum.
 */
function staticArrivals(assignment: BufferAssignment, before: Instruction[]): Instruction[] {
  const sums = emitArrivals(assignment, false);
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

function emitArrivals(assignment: BufferAssignment, recurrent: boolean): Instruction[] {
  const list: Instruction[] = [];
  assignment.arrivalBuffers.forEach((port, q) => {
    port.forEach((buffer, s) => {
      if (buffer === null || assignment.recurrent[s] !== recurrent) return;
      list.push({
        kind: "segmentSum",
        space: "node",
        out: { buffer, offset: 0, rows: "same" },
        a: { buffer: assignment.arrivalSources[s]!, offset: 0, rows: "same" },
        lists: assignment.table(
          { rows: "arrivals", port: q, recent: isRecent(assignment, assignment.arrivalSources[s]!) },
          "lists",
        ),
        columns: sizeOf(assignment.cell.inPorts[q]!.slots[s]!.shape),
        accumulate: false,
      });
    });
  });
  return list;
}

function initialStates(assignment: BufferAssignment): Instruction[] {
  const map = new MapBuilder();
  let any = false;
  assignment.cell.sourceSlots.forEach((slot, s) => {
    const from = assignment.sourceBuffers[s];
    if (from === null || from === undefined) return;
    any = true;
    const r = map.load({ ...slot, view: { buffer: from, offset: 0, rows: "same" } });
    map.store(r, {
      ...slot,
      view: {
        buffer: assignment.boundaryBuffers[s]!,
        offset: 0,
        rows: assignment.table({ rows: "sources" }, "map"),
      },
    });
  });
  return any ? [map.build("source")] : [];
}

function finalStates(assignment: BufferAssignment): Instruction[] {
  const list: Instruction[] = [];
  const map = new MapBuilder();
  let any = false;
  assignment.cell.sinkSlots.forEach((slot, s) => {
    const to = assignment.finalBuffers[s];
    if (to === null || to === undefined) return;
    const out = { buffer: to, offset: 0, rows: "same" as const };
    const from = assignment.boundaryBuffers[s]!;
    const sinks = { rows: "sinks", recent: isRecent(assignment, from) } as const;
    if (assignment.structure.sinks === "single") {
      any = true;
      const r = map.load({
        ...slot,
        view: { buffer: from, offset: 0, rows: assignment.table(sinks, "map") },
      });
      map.store(r, { ...slot, view: out });
    } else
      list.push({
        kind: "segmentSum",
        space: "sink",
        out,
        a: { buffer: from, offset: 0, rows: "same" },
        lists: assignment.table(sinks, "lists"),
        columns: sizeOf(slot.shape),
        accumulate: false,
      });
  });
  return any ? [...list, map.build("sink")] : list;
}

/** Whether a buffer of states keeps those of a few levels only. */
function isRecent({ buffers }: BufferAssignment, buffer: number): boolean {
  return buffers[buffer]!.space === "recent";
}

function emitUnit(assignment: BufferAssignment, unit: Unit): Instruction {
  if (unit.kind === "map") return emitMap(assignment, unit);
  if (unit.kind === "sums") return emitSums(assignment, unit);
  return emitInstruction(assignment, unit, unit.equations[0]!);
}

/** The registers of a map over the rows of `space` that computes `equations`. */
function registersOf(
  assignment: BufferAssignment,
  map: MapBuilder,
  space: Scope,
  equations: readonly Equation[],
): (v: Value) => number {
  const { producer, inlined } = assignment;
  const registers = new Map<Value, number>();
  const inside = new Set<Value>(equations.map(result));
  const register = (v: Value): number => {
    const known = registers.get(v);
    if (known !== undefined) return known;
    const eq = producer.get(v);
    let r: number;
    if (eq && (inside.has(v) || inlined.has(eq))) {
      const { lowering } = eq.op;
      if (lowering.kind !== "map") throw notRowLocal(assignment, eq);
      r = map.expand(lowering.emit(eq.attrs, eq.inputs.map(register), result(eq), map), v.shape);
    } else if (eq && isView(eq, producer) && !assignment.inMemory(v)) r = viewRegister(eq, register, map);
    else if (eq && isView(eq, producer) && insideRoot(v)) r = viewRegister(eq, register, map);
    else r = map.load(assignment.operand(v, space));
    registers.set(v, r);
    return r;
  };
  /** Whether a view's memory is written by this very map, so that the register is to be used. */
  const insideRoot = (v: Value): boolean => {
    const eq = producer.get(v);
    return inside.has(v) || (eq !== undefined && isView(eq, producer) && insideRoot(eq.inputs[0]!));
  };
  return register;
}

function emitMap(assignment: BufferAssignment, { space, equations }: Unit): Instruction {
  const map = new MapBuilder();
  const register = registersOf(assignment, map, space, equations);
  for (const v of equations.map(result)) {
    const r = register(v);
    if (assignment.inMemory(v)) map.store(r, assignment.operand(v, space));
  }
  return map.build(space);
}

/** Sums over lists of what a map forms at each of their rows. */
function emitSums(assignment: BufferAssignment, { space, equations }: Unit): Instruction {
  const map = new MapBuilder();
  const inner = (equations[0]!.inputs[0] as Var).scope;
  const register = registersOf(assignment, map, inner, []);
  const sums = equations.map((eq) => register(eq.inputs[0]!));
  for (const [i, eq] of equations.entries()) map.store(sums[i]!, assignment.operand(result(eq), space));
  return map.buildSums(space, inner, assignment.table({ rows: "children", of: inner, by: space }, "lists"));
}

function notRowLocal({ cell }: BufferAssignment, eq: Equation): CompileError {
  return compilerDefect(cell.name, `${eq.op.name} is part of a map and not row-local`);
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

function emitInstruction(assignment: BufferAssignment, unit: Unit, eq: Equation): Instruction {
  const { producer, cell } = assignment;
  const accumulate = assignment.accumulations.get(eq)?.instruction === eq;
  const out = assignment.operand(result(eq), result(eq).scope);
  const { lowering } = eq.op;
  const operands = (values: readonly Value[]): BufferOperand[] =>
    values.map((v) => assignment.operand(v, unit.space));
  if (lowering.kind === "instruction")
    return lowering.build(eq.attrs, operands(eq.inputs), out, unit.space, accumulate);
  const inner = producer.get(eq.inputs[0]!);
  if (inner && assignment.absorbed.has(inner)) {
    const summed =
      inner.op.lowering.kind === "map" || inner.op.lowering.kind === "instruction"
        ? inner.op.lowering.summed
        : undefined;
    return summed!(inner.attrs, operands(inner.inputs), out, unit.space, accumulate);
  }
  const source = eq.inputs[0] as Var;
  const columns = sizeOf(source.shape);
  const a = assignment.operand(source, source.scope);
  if (result(eq).scope === "one")
    return { kind: "sumRows", space: unit.space, out: out.view, a: a.view, columns, accumulate };
  if (a.view.rows !== "same")
    throw compilerDefect(cell.name, `a sum per ${unit.space} of rows that are read by a table`);
  const lists = assignment.table({ rows: "children", of: source.scope, by: result(eq).scope }, "lists");
  const common = { space: unit.space, out: out.view, a: a.view, lists, columns };
  switch (lowering.kind === "sum" ? lowering.code : "sum") {
    case "sum":
      return { kind: "segmentSum", ...common, accumulate };
    case "max":
      return { kind: "segmentMax", ...common, positions: false };
    case "argmax":
      return { kind: "segmentMax", ...common, positions: true };
    case "pick":
      return { kind: "segmentPick", ...common, index: assignment.operand(eq.inputs[1]!, unit.space).view };
  }
}
