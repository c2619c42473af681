import type {
  BufferDecl,
  Executable,
  Executor,
  Instruction,
  RowMap,
  Schedule,
  Space,
} from "../program/index.js";
import { defaultExecutor, sizeOf, type Tensor, uninitialised } from "../tensor/index.js";
import { attrsKey } from "./attrs-key.js";
import { MapBuilder } from "./map-builder.js";
import type { Attrs, Aval, BufferOperand, Op } from "./record.js";

/** An eager op runs as a program of one instruction. */
interface CompiledOp {
  readonly executable: Executable;
  readonly executor: Executor;
}

/** By record, not by name: a record that is defined again is another op. */
const compiledOps = new WeakMap<Op, Map<string, CompiledOp>>();

/** Runs one op on tensors. */
export function runEagerly(op: Op, attrs: Attrs, inputs: readonly Tensor[]): Tensor {
  const out = op.infer(attrs, inputs)[0]!;
  if (op.lowering.kind === "alias") return inputs[0]!.view(out.shape);
  if (op.lowering.kind === "map") {
    const start = op.lowering.viewAt?.(attrs, inputs[0]!) ?? null;
    if (start !== null) return inputs[0]!.view(out.shape, start);
  }
  const executor = inputs[0]?.executor ?? defaultExecutor();
  const cut = chooseCut(op, attrs, inputs, out);
  let known = compiledOps.get(op);
  if (!known) {
    known = new Map();
    compiledOps.set(op, known);
  }
  const key = `${executor.name}|${cut.key}`;
  let compiled = known.get(key);
  if (compiled?.executor !== executor) {
    compiled = { executor, executable: executor.compile(compileCut(op, cut)) };
    known.set(key, compiled);
  }
  const result = uninitialised(out.shape, out.dtype);
  executor.run(compiled.executable, scheduleOf(cut.rowCount), [
    ...inputs.map((t) => t.binding()),
    result.binding(),
  ]);
  return result;
}

/** How an eager op is cut into rows. */
interface RowCut {
  readonly key: string;
  readonly attrs: Attrs;
  readonly rowCount: number;
  readonly space: Space;
  readonly inputs: readonly (Aval & { fixed: boolean })[];
  readonly out: Aval & { fixed: boolean };
  readonly whole: boolean;
}

function chooseCut(op: Op, attrs: Attrs, inputs: readonly Aval[], out: Aval): RowCut {
  const { lowering } = op;
  if (lowering.kind === "map" && lowering.elementwise) {
    const cut = inputs.map((a) => ({
      shape: [],
      dtype: a.dtype,
      fixed: a.shape.length === 0 && out.shape.length > 0,
    }));
    const flat = { shape: [], dtype: out.dtype, fixed: false };
    return rowCut("e", attrs, sizeOf(out.shape), "row", cut, flat, false);
  }
  if (lowering.kind === "map" || lowering.kind === "instruction") {
    const whole = lowering.whole?.(attrs, inputs);
    if (whole) {
      const cut = inputs.map((a, i) => withoutRows(a, whole.rows[i]!));
      const rowCount = inputs[whole.rows.indexOf(true)]!.shape[0]!;
      return rowCut("w", attrs, rowCount, "row", cut, { ...out, fixed: true }, true);
    }
    const rows = out.shape.length > 0 ? lowering.byRows?.(attrs, inputs, out) : null;
    if (rows) {
      const cut = inputs.map((a, i) => ({
        ...withoutRows(a, rows.rows[i]!),
        ...(rows.shapes ? { shape: rows.shapes[i]! } : {}),
      }));
      return rowCut("r", rows.attrs, out.shape[0]!, "row", cut, withoutRows(out, true), false);
    }
  }
  const cut = inputs.map((a) => ({ shape: a.shape, dtype: a.dtype, fixed: true }));
  return rowCut("o", attrs, 1, "one", cut, { ...out, fixed: true }, false);
}

function withoutRows(a: Aval, hasRows: boolean): Aval & { fixed: boolean } {
  return { shape: hasRows ? a.shape.slice(1) : a.shape, dtype: a.dtype, fixed: !hasRows };
}

function rowCut(
  tag: string,
  attrs: Attrs,
  rowCount: number,
  space: Space,
  inputs: RowCut["inputs"],
  out: RowCut["out"],
  whole: boolean,
): RowCut {
  // Formed for each eager op: as plain as it can be.
  let key = `${tag}|${attrsKey(attrs)}`;
  for (const a of inputs) key += `|${a.dtype}[${a.shape.join()}]${a.fixed ? "!" : ""}`;
  key += `>${out.dtype}[${out.shape.join()}]`;
  return { key, attrs, rowCount, space, inputs, out, whole };
}

function compileCut(op: Op, cut: RowCut) {
  const buffers: BufferDecl[] = [];
  const addOperand = (
    a: Aval & { fixed: boolean },
    name: string,
    role: "input" | "output",
  ): BufferOperand => {
    const space: Space = a.fixed ? "one" : cut.space;
    buffers.push({ name, dtype: a.dtype, space, columns: sizeOf(a.shape), role });
    const rows: RowMap = a.fixed ? "fixed" : "same";
    return { shape: a.shape, dtype: a.dtype, view: { buffer: buffers.length - 1, offset: 0, rows } };
  };
  const inputs = cut.inputs.map((a, i) => addOperand(a, `in${i}`, "input"));
  const out = addOperand(cut.out, "out", "output");
  let instruction: Instruction;
  const { lowering } = op;
  if (cut.whole && (lowering.kind === "map" || lowering.kind === "instruction")) {
    const rows = cut.inputs.map((a) => (a.fixed ? a : { ...a, shape: [1, ...a.shape] }));
    instruction = lowering.whole!(cut.attrs, rows)!.build(cut.attrs, inputs, out, cut.space, false);
  } else if (lowering.kind === "instruction") {
    instruction = lowering.build(cut.attrs, inputs, out, cut.space, false);
  } else if (lowering.kind === "map") {
    const map = new MapBuilder();
    const registers = inputs.map((p) => map.load(p));
    map.store(lowering.emit(cut.attrs, registers, cut.out, map), out);
    instruction = map.build(cut.space);
  } else throw new TypeError(`${op.name} exists inside cells only`);
  return { name: op.name, buffers, tables: [], before: [instruction], loop: [], after: [] };
}

const schedules = new Map<number, Schedule>();

function scheduleOf(rows: number): Schedule {
  let s = schedules.get(rows);
  if (!s) {
    s = {
      counts: { one: 1, row: rows },
      levels: 0,
      levelRows: {},
      headRows: 0,
      tables: [],
    };
    if (schedules.size > 4096) schedules.clear();
    schedules.set(rows, s);
  }
  return s;
}
