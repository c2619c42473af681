import { inSlots, outSlots, type Slot } from "../cell/index.js";
import type { BufferOperand, Scope } from "../ops/index.js";
import {
  type BufferDecl,
  type BufferRole,
  isWithin,
  type RowMap,
  type Space,
  type TableDecl,
} from "../program/index.js";
import { sizeOf, type Value } from "../tensor/index.js";
import { type Fused, operandsOf } from "./4-fuse.js";
import { compilerDefect } from "./compile-error.js";
import { type Phase, result } from "./context.js";
import { memoryOf } from "./memory.js";
import { type RowTableDecl, type RowTableKey, tableName } from "./row-tables.js";

/** The memory of a value: a buffer, and which of its rows each row of `space` reads. */
interface ValueLocation {
  readonly buffer: number;
  readonly rows: RowMap;
  readonly space: Scope;
}

/** The cell after pass 5: its buffers, its tables, and where each value lies. */
export interface BufferAssignment extends Fused {
  readonly buffers: BufferDecl[];
  readonly tables: RowTableDecl[];
  /** The location of each value that has memory of its own. */
  readonly locations: ReadonlyMap<Value, ValueLocation>;
  /** A value as an operand of an instruction over `space`. */
  operand(v: Value, space: Scope): BufferOperand;
  /** Whether a value has memory. */
  inMemory(v: Value): boolean;
  table(key: RowTableKey, kind: TableDecl["kind"]): number;
  readonly valueBuffers: readonly number[];
  readonly sourceBuffers: readonly (number | null)[];
  readonly finalBuffers: readonly (number | null)[];
  readonly outputBuffers: readonly number[];
  /** Per slot: the buffer that initial states are copied to and final states are read from. */
  readonly boundaryBuffers: readonly number[];
  /** Per in-port and slot: the buffer of the sums of what arrives, if nodes read any number of rows; else null. */
  readonly arrivalBuffers: readonly (readonly (number | null)[])[];
  /** Per slot of the in-ports: the buffer of the states or messages that arrive. */
  readonly arrivalSources: readonly number[];
}

/**
 * Pass 5 assigns buffers: a value that one instruction computes and another reads gets a buffer. If only the loop reads it, that is a
 * level buffer, which keeps the rows of one level. States have one buffer per slot: a zero row, the sources, then the nodes of each port.
 */
export function assignBuffers(fused: Fused): BufferAssignment {
  const { cell, structure, producer, shared, hasLoop } = fused;
  const buffers: BufferDecl[] = [];
  const tables: RowTableDecl[] = [];
  const locations = new Map<Value, ValueLocation>();

  const buffer = (
    name: string,
    v: { shape: readonly number[]; dtype: BufferDecl["dtype"] },
    space: Space,
    role: BufferRole,
    clearHead = false,
  ) => {
    buffers.push({
      name,
      dtype: v.dtype,
      space,
      columns: sizeOf(v.shape),
      role,
      ...(clearHead ? { clearHead } : {}),
    });
    return buffers.length - 1;
  };
  const table = (key: RowTableKey, kind: TableDecl["kind"]) => {
    const name = tableName(key);
    const known = tables.findIndex((t) => t.name === name);
    if (known >= 0) return known;
    tables.push({ name, kind, key });
    return tables.length - 1;
  };

  const valueBuffers = cell.values.map((v) => {
    const b = buffer(v.name, v.variable, v.variable.scope, "input");
    locations.set(v.variable, {
      buffer: b,
      rows: v.variable.scope === "one" ? "fixed" : "same",
      space: v.variable.scope,
    });
    return b;
  });
  const sourceBuffers = cell.sourceSlots.map((s, i) =>
    fused.initials[i] ? buffer(`initial.${s.name}`, s, "source", "input") : null,
  );

  // States: rows [zero | sources | nodes of each port]. Where messages are pushed, these are [zero | sources | messages], and the
  // states only [nodes of each port].
  const sharedSlots = new Set([...shared.values()].map((s) => s.slot));
  const pushes = cell.edge?.when === "push";
  const onePort = cell.outPorts.length === 1;
  const consumers = consumersOutside(fused);
  /** Whether only the level that makes a value reads it, by the same rows. */
  const inLoopOnly = (v: Value) => {
    const { phases, sameRows } = consumers.get(v) ?? { phases: [], sameRows: true };
    return hasLoop && sameRows && [...phases].every((c) => c === "loop");
  };
  /** States that nobody reads but later levels of the loop, and sinks: a buffer for a few levels will do. */
  const areRecent = (slot: number) =>
    fused.recurrent[slot]! &&
    !cell.edge &&
    !sharedSlots.has(slot) &&
    cell.stateOut.every((port) => madeInLoop(fused, port[slot]!) && inLoopOnly(port[slot]!)) &&
    cell.stateIn.every((port) => inLoopOnly(port[slot]!));
  const recent = outSlots(cell).map((_, s) => areRecent(s));
  const stateBuffers = outSlots(cell).map((s, i) => {
    const role: BufferRole = sharedSlots.has(i) ? "output" : "temporary";
    return pushes
      ? buffer(`state.${s.name}`, s, onePort ? "node" : "leaving", role)
      : buffer(`state.${s.name}`, s, recent[i] ? "recent" : "state", role, true);
  });
  const messageSlots: readonly Slot[] = cell.edge ? inSlots(cell) : [];
  const messageBuffers = messageSlots.map((s) =>
    pushes
      ? buffer(`arrive.${s.name}`, s, "state", "temporary", true)
      : buffer(`message.${s.name}`, s, "edge", "temporary"),
  );
  const arrivalSources = cell.edge ? messageBuffers : stateBuffers;
  const boundaryBuffers = pushes ? messageBuffers : stateBuffers;

  cell.outPorts.forEach((_, p) => {
    stateBuffers.forEach((state, s) => {
      const rows: RowMap =
        pushes && onePort ? "same" : table({ rows: "port", port: p, recent: recent[s]! }, "map");
      locations.set(cell.stateOut[p]![s]!, { buffer: state, rows, space: "node" });
    });
  });
  cell.edge?.message.forEach((v, s) => {
    locations.set(v, {
      buffer: messageBuffers[s]!,
      rows: pushes ? table({ rows: "messages" }, "map") : "same",
      space: "edge",
    });
  });
  cell.edge?.state.forEach((v, s) => {
    locations.set(v, { buffer: stateBuffers[s]!, rows: table({ rows: "edgeStates" }, "map"), space: "edge" });
  });
  const outputBuffers = cell.outputs.map((o, i) => {
    const state = shared.get(i);
    if (state) return stateBuffers[state.slot]!;
    const b = buffer(o.name, o.value, o.scope, "output");
    locations.set(o.value, { buffer: b, rows: o.scope === "one" ? "fixed" : "same", space: o.scope });
    return b;
  });
  const finalBuffers = cell.sinkSlots.map((s, i) =>
    fused.finals[i] ? buffer(`final.${s.name}`, s, "sink", "output") : null,
  );

  // All other values that one instruction computes and another reads.
  const arrivalBuffers = cell.stateIn.map((port, q) =>
    port.map((v, s) => {
      if (structure.arrivals[q] !== "lists") {
        locations.set(v, {
          buffer: arrivalSources[s]!,
          rows: table({ rows: "arrivals", port: q, recent: recent[s]! }, "map"),
          space: "node",
        });
        return null;
      }
      if (!consumers.has(v)) return null;
      const slot = cell.inPorts[q]!.slots[s]!;
      const level = fused.recurrent[s] && inLoopOnly(v);
      const b = buffer(
        `in.${cell.inPorts[q]!.name}.${slot.name}`,
        slot,
        "node",
        level ? "level" : "temporary",
      );
      locations.set(v, { buffer: b, rows: "same", space: "node" });
      return b;
    }),
  );
  let count = 0;
  const assign = (v: Value) => {
    const { root } = memoryOf(v, producer);
    if (locations.has(root)) return;
    const eq = producer.get(root)!;
    const level = fused.phases.get(eq) === "loop" && inLoopOnly(root);
    const b = buffer(`v${count++}`, root, root.scope, level ? "level" : "temporary");
    locations.set(root, { buffer: b, rows: root.scope === "one" ? "fixed" : "same", space: root.scope });
  };
  // A sum in place, its start and the instruction's own result are one piece of memory.
  const chains = [...fused.accumulations.values()];
  for (const { sum } of [...chains].reverse()) assign(result(sum));
  const shareLocation = (from: Value, to: Value) => {
    const location = locations.get(from)!;
    locations.set(to, location);
  };
  for (const a of [...new Set(chains)].reverse()) {
    shareLocation(result(a.sum), result(a.instruction));
    shareLocation(result(a.sum), a.start);
  }
  for (const v of consumers.keys()) assign(v);
  for (const unit of fused.units)
    if (unit.kind !== "map") for (const eq of unit.equations) assign(result(eq));

  const operand = (v: Value, space: Scope): BufferOperand => {
    const { root, offset } = memoryOf(v, producer);
    const location = locations.get(root);
    if (!location) throw compilerDefect(cell.name, "a value is read that has no memory");
    let { rows } = location;
    if (rows !== "fixed" && location.space !== space) {
      if (!isWithin(space, location.space))
        throw compilerDefect(cell.name, `rows of ${location.space} are read per ${space}`);
      const ends = { of: location.space, by: space };
      const key: RowTableKey =
        rows === "same" ? { rows: "parent", ...ends } : { rows: "through", key: tables[rows]!.key, ...ends };
      rows = table(key, "map");
    }
    return { shape: v.shape, dtype: v.dtype, view: { buffer: location.buffer, offset, rows } };
  };
  return {
    ...fused,
    buffers,
    tables,
    locations,
    operand,
    inMemory: (v) => locations.has(memoryOf(v, producer).root),
    table,
    valueBuffers,
    sourceBuffers,
    finalBuffers,
    outputBuffers,
    boundaryBuffers,
    arrivalBuffers,
    arrivalSources,
  };
}

/** Whether a value is formed level by level. */
function madeInLoop({ producer, phases }: Fused, v: Value): boolean {
  const eq = producer.get(v);
  return eq !== undefined && phases.get(eq) === "loop";
}

/** How instructions other than its own read a value from memory. */
interface Consumers {
  /** The regions that read it. */
  readonly phases: Set<Phase>;
  /** Whether all read it by the rows that it has. */
  sameRows: boolean;
}

/** For each value that some instruction other than its own reads from memory: who reads it. */
function consumersOutside(fused: Fused): Map<Value, Consumers> {
  const { producer } = fused;
  const consumers = new Map<Value, Consumers>();
  for (const unit of fused.units) {
    for (const eq of unit.equations) {
      for (const v of operandsOf(eq, fused)) {
        const { root } = memoryOf(v, producer);
        const made = producer.get(root);
        const sameMap = made && unit.kind === "map" && fused.unitOf.get(made) === unit;
        if (sameMap) continue;
        const known = consumers.get(root) ?? { phases: new Set<Phase>(), sameRows: true };
        known.phases.add(unit.phase);
        if (unit.kind === "sums" || unit.space !== root.scope) known.sameRows = false;
        consumers.set(root, known);
      }
    }
  }
  return consumers;
}
