import {
  type Instruction,
  type KernelFields,
  type ListTable,
  levelledSpaces,
  type MapInstruction,
  type Program,
  type RowMap,
  type RowTable,
  type Schedule,
  type SegmentMap,
  spaceNames,
  type View,
} from "../program/index.js";
import { recordOf } from "../program/instructions/index.js";
import { assignStorage, type KernelOp } from "./assign-storage.js";
import { instructionFields, magic, numberOf } from "./enumerations.js";
import type { Dimension } from "./flat-map.js";
import { flattenMap } from "./flatten-map.js";
import { joinPatterns } from "./join-patterns.js";
import { findNests } from "./nests.js";

const noView: View = { buffer: 0, offset: 0, rows: "same" };

/** Encodes a program as the lists of numbers that the kernels read. */
export function encodeProgram(program: Program): { ints: Int32Array; reals: Float64Array } {
  const ints: number[] = [magic, program.buffers.length, program.tables.length];
  const reals: number[] = [];
  const regions = [program.before, program.loop, program.after];
  for (const region of regions) ints.push(region.length);
  for (const b of program.buffers)
    ints.push(
      numberOf(b.dtype, "DType"),
      numberOf(b.space, "Space"),
      b.columns,
      numberOf(b.role, "Role"),
      b.clearHead ? 1 : 0,
    );
  for (const t of program.tables) ints.push(t.kind === "lists" ? 1 : 0);
  for (const region of regions)
    for (const i of region) {
      ints.push(numberOf(i.kind, "Kind"), numberOf(i.space, "Space"));
      if (i.kind === "segmentMap") ints.push(numberOf(i.inner, "Space"), i.lists);
      if (i.kind === "map" || i.kind === "segmentMap") encodeMap(i, region === program.loop, ints, reals);
      else encodeInstruction(i, ints);
    }
  return { ints: Int32Array.from(ints), reals: Float64Array.from(reals) };
}

function rowsOf(rows: RowMap): number {
  return rows === "same" ? -1 : rows === "fixed" ? -2 : rows;
}

function encodeView(view: View): number[] {
  return [view.buffer, view.offset, rowsOf(view.rows)];
}

/** Writes the views as `out`, `a`, `b` and `c`, then every number that any instruction has: 0 if this one does not have it. */
function encodeInstruction(i: Instruction, ints: number[]): void {
  const { reads, sizes, flags } = recordOf(i).kernel as KernelFields<Instruction>;
  const fields = i as unknown as Readonly<Record<string, View | number | boolean>>;
  const views = ["out", ...reads].map((name) => fields[name] as View);
  for (let v = 0; v < 4; v++) ints.push(...encodeView(views[v] ?? noView));
  const present = new Set<string>([...sizes, ...flags]);
  for (const name of [...instructionFields.sizes, ...instructionFields.flags])
    ints.push(present.has(name) ? Number(fields[name]) : 0);
}

function encodeMap(map: MapInstruction | SegmentMap, inLoop: boolean, ints: number[], reals: number[]): void {
  const isSum = map.kind === "segmentMap";
  const joined = joinPatterns(flattenMap(map), { sums: isSum });
  const { operands, ops, slots, blocks } = assignStorage(isSum ? joined : findNests(joined), inLoop);
  const widest = operands.reduce((m, o) => Math.max(m, o.size), 1);
  const elementwise = ops.every((o) =>
    ["copy", "unary", "binary", "select", "mulAdd", "ofSum", "ofSumOfTwo", "addUp"].includes(o.op),
  );
  const uniform = elementwise && operands.every((o) => o.size === widest);
  const dims: Dimension[] = [];
  // The operations of nests stand behind those of the map.
  const nests = ops.flatMap((op) => (op.op === "nest" ? [op] : []));
  const numbers = new Map(nests.map((nest, n) => [nest as KernelOp, n]));
  const encoded = [...ops, ...nests.flatMap((nest) => nest.body)].map((op) =>
    encodeOp(op, dims, numbers.get(op)),
  );
  ints.push(operands.length, slots.length, blocks.length, encoded.length, 2 * dims.length, nests.length);
  ints.push(ops.length, widest, Number(uniform), ...slots, ...blocks);
  for (const o of operands) {
    const real = o.storage === "constant" ? reals.push(o.value) - 1 : -1;
    const view = encodeView(o.view ?? noView);
    ints.push(numberOf(o.storage, "Storage"), numberOf(o.dtype, "DType"), o.size, o.slot);
    ints.push(...view, Number(o.written), real);
  }
  for (const op of encoded) ints.push(...op);
  for (const [extent, stride] of dims) ints.push(extent, stride);
  for (const { lines, columns, linesAtOnce, body } of nests)
    ints.push(lines, columns, linesAtOnce, body.length);
}

function encodeOp(op: KernelOp, dims: Dimension[], nest = 0): number[] {
  const first = 2 * dims.length;
  const { code, extra, kept, rest } = op.op === "nest" ? { ...plain, extra: nest } : details(op);
  dims.push(...kept, ...rest);
  const operand = (name: "out" | "a" | "b" | "c") =>
    (op as { out?: number; a?: number; b?: number; c?: number })[name] ?? -1;
  return [
    numberOf(op.op, "OpKind"),
    code,
    operand("out"),
    operand("a"),
    operand("b"),
    operand("c"),
    extra,
    first,
    kept.length + rest.length,
    kept.length,
  ];
}

const plain = { code: 0, extra: 0, kept: [], rest: [] };

function details(op: KernelOp): {
  code: number;
  extra: number;
  kept: readonly Dimension[];
  rest: readonly Dimension[];
} {
  switch (op.op) {
    case "unary":
    case "ofSum":
    case "ofSumOfTwo":
      return { ...plain, code: numberOf(op.code, "Unary") };
    case "binary":
      return { ...plain, code: numberOf(op.code, "Binary") };
    case "move":
    case "spreadLines":
      return { ...plain, extra: op.base, rest: op.dims };
    case "addLines":
      return { ...plain, rest: op.dims };
    case "insert":
      return { ...plain, code: Number(op.clear), extra: op.base, rest: op.dims };
    case "iota":
      return { ...plain, code: op.extent, extra: op.inner };
    case "reduce":
      return { ...plain, code: numberOf(op.code, "Reduce"), kept: op.kept, rest: op.reduced };
    case "uniform":
      return { ...plain, extra: op.site | 0 };
    default:
      return plain;
  }
}

/** Encodes a schedule, with the tables that the program names, as the list of numbers that the kernels read. */
export function encodeSchedule(program: Program, schedule: Schedule): Int32Array {
  const tables = schedule.tables.slice(0, program.tables.length);
  const parts: ArrayLike<number>[] = [
    spaceNames.map((s) => schedule.counts[s] ?? 0),
    [schedule.levels, schedule.headRows],
    ...levelledSpaces.flatMap((s) => {
      const none = new Int32Array(schedule.levels);
      const { begin, end } = schedule.levelRows[s] ?? { begin: none, end: none };
      return [begin.subarray(0, schedule.levels), end.subarray(0, schedule.levels)];
    }),
    [tables.length],
  ];
  for (const table of tables) {
    if (isLists(table)) parts.push([1, table.starts.length], table.starts, [table.index.length], table.index);
    else if (table.index === null) parts.push([0, table.offset, -1]);
    else parts.push([0, table.offset, table.index.length], table.index);
  }
  const ints = new Int32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    ints.set(p, at);
    at += p.length;
  }
  return ints;
}

function isLists(table: RowTable | ListTable): table is ListTable {
  return "starts" in table;
}
