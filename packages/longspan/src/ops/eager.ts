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
import type { Attrs, Aval, Op, Placed } from "./record.js";

/** An eager op runs as a program of one instruction. */
interface Plan {
  readonly executable: Executable;
  readonly executor: Executor;
}

/** By record, not by name: a record that is defined again is another op. */
const plans = new WeakMap<Op, Map<string, Plan>>();

/** Runs one op on tensors. */
export function runEagerly(op: Op, attrs: Attrs, inputs: readonly Tensor[]): Tensor {
  const out = op.infer(attrs, inputs)[0]!;
  if (op.lowering.kind === "alias") return inputs[0]!.view(out.shape);
  if (op.lowering.kind === "map") {
    const start = op.lowering.viewAt?.(attrs, inputs[0]!) ?? null;
    if (start !== null) return inputs[0]!.view(out.shape, start);
  }
  const executor = inputs[0]?.executor ?? defaultExecutor();
  const form = choose(op, attrs, inputs, out);
  let known = plans.get(op);
  if (!known) {
    known = new Map();
    plans.set(op, known);
  }
  const key = `${executor.name}|${form.key}`;
  let plan = known.get(key);
  if (plan?.executor !== executor) {
    plan = { executor, executable: executor.compile(compileForm(op, form)) };
    known.set(key, plan);
  }
  const result = uninitialised(out.shape, out.dtype);
  executor.run(plan.executable, scheduleOf(form.rowCount), [
    ...inputs.map((t) => t.binding()),
    result.binding(),
  ]);
  return result;
}

/** How an eager op is cut into rows. */
interface Form {
  readonly key: string;
  readonly attrs: Attrs;
  readonly rowCount: number;
  readonly space: Space;
  readonly inputs: readonly (Aval & { fixed: boolean })[];
  readonly out: Aval & { fixed: boolean };
  readonly whole: boolean;
}

function choose(op: Op, attrs: Attrs, inputs: readonly Aval[], out: Aval): Form {
  const { lowering } = op;
  if (lowering.kind === "map" && lowering.elementwise) {
    const cut = inputs.map((a) => ({
      shape: [],
      dtype: a.dtype,
      fixed: a.shape.length === 0 && out.shape.length > 0,
    }));
    const flat = { shape: [], dtype: out.dtype, fixed: false };
    return form("e", attrs, sizeOf(out.shape), "row", cut, flat, false);
  }
  if (lowering.kind === "map" || lowering.kind === "instruction") {
    const whole = lowering.whole?.(attrs, inputs);
    if (whole) {
      const cut = inputs.map((a, i) => withoutRows(a, whole.rows[i]!));
      const rowCount = inputs[whole.rows.indexOf(true)]!.shape[0]!;
      return form("w", attrs, rowCount, "row", cut, { ...out, fixed: true }, true);
    }
    const rows = out.shape.length > 0 ? lowering.byRows?.(attrs, inputs, out) : null;
    if (rows) {
      const cut = inputs.map((a, i) => ({
        ...withoutRows(a, rows.rows[i]!),
        ...(rows.shapes ? { shape: rows.shapes[i]! } : {}),
      }));
      return form("r", rows.attrs, out.shape[0]!, "row", cut, withoutRows(out, true), false);
    }
  }
  const cut = inputs.map((a) => ({ shape: a.shape, dtype: a.dtype, fixed: true }));
  return form("o", attrs, 1, "one", cut, { ...out, fixed: true }, false);
}

function withoutRows(a: Aval, hasRows: boolean): Aval & { fixed: boolean } {
  return { shape: hasRows ? a.shape.slice(1) : a.shape, dtype: a.dtype, fixed: !hasRows };
}

function form(
  tag: string,
  attrs: Attrs,
  rowCount: number,
  space: Space,
  inputs: Form["inputs"],
  out: Form["out"],
  whole: boolean,
): Form {
  // Formed for each eager op: as plain as it can be.
  let key = `${tag}|${attrsKey(attrs)}`;
  for (const a of inputs) key += `|${a.dtype}[${a.shape.join()}]${a.fixed ? "!" : ""}`;
  key += `>${out.dtype}[${out.shape.join()}]`;
  return { key, attrs, rowCount, space, inputs, out, whole };
}

function compileForm(op: Op, form: Form) {
  const buffers: BufferDecl[] = [];
  const place = (a: Aval & { fixed: boolean }, name: string, role: "input" | "output"): Placed => {
    const space: Space = a.fixed ? "one" : form.space;
    buffers.push({ name, dtype: a.dtype, space, columns: sizeOf(a.shape), role });
    const rows: RowMap = a.fixed ? "fixed" : "same";
    return { shape: a.shape, dtype: a.dtype, view: { buffer: buffers.length - 1, offset: 0, rows } };
  };
  const inputs = form.inputs.map((a, i) => place(a, `in${i}`, "input"));
  const out = place(form.out, "out", "output");
  let instruction: Instruction;
  const { lowering } = op;
  if (form.whole && (lowering.kind === "map" || lowering.kind === "instruction")) {
    const rows = form.inputs.map((a) => (a.fixed ? a : { ...a, shape: [1, ...a.shape] }));
    instruction = lowering.whole!(form.attrs, rows)!.build(form.attrs, inputs, out, form.space, false);
  } else if (lowering.kind === "instruction") {
    instruction = lowering.build(form.attrs, inputs, out, form.space, false);
  } else if (lowering.kind === "map") {
    const map = new MapBuilder();
    const registers = inputs.map((p) => map.load(p));
    map.store(lowering.emit(form.attrs, registers, form.out, map), out);
    instruction = map.build(form.space);
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
