import { onCpu, Tensor } from "longspan";
import type { Equation } from "longspan/engine";
import { openSize } from "./dims.js";
import type { ModelGraph } from "./model-graph.js";
import type { Written } from "./region.js";

/** Where steps are read from: a row of zeros, the steps before the first one if they are there, then the steps themselves. */
interface TapTable {
  readonly T: number;
  readonly B: number;
  /** Steps before the first one, per sequence. */
  readonly past: number | null;
}

/**
 * What windows over sequences read, a table's rows by number, as slices along time. Null for a gather that is none of a window: `steps`
 * that stand at fixed distances from each step, or the last steps of each sequence, which are the past of what follows.
 */
export function writeTaps(a: Equation, b: Equation, model: ModelGraph): string | null {
  const joins = model.producerOf(a.inputs[0]!);
  const index = [a.inputs[1], b.inputs[1]].map((v) => (v instanceof Tensor ? onCpu(v).toArray() : null));
  if (joins?.[0].op.name !== "concat" || joins[0].attrs.axis !== 0 || !index[0] || !index[1]) return null;
  const [join, other] = joins;
  const [zeros] = join.inputs;
  if (!(zeros instanceof Tensor) || zeros.shape[0] !== 1) return null;
  const rows = [join.inputs.at(-1)!, other.inputs.at(-1)!];
  const at = model.runs[0].chains.findIndex(({ T, B }) => rows[0]!.shape[0] === T * B);
  if (at < 0) return null;
  const tables = model.runs.map((run, r): TapTable => {
    const { T, B } = run.chains[at]!;
    const inputs = [join, other][r]!.inputs;
    return { T, B, past: inputs.length === 3 ? inputs[1]!.shape[0]! / B : null };
  });
  const offsets = tables.map((table, r) => offsetsIn(index[r]!, table));
  const lasts = tables.map((table, r) => lastsIn(index[r]!, table));
  const isTaps = offsets[0] && offsets[1] && `${offsets[0]}` === `${offsets[1]}`;
  const isLast = lasts[0] !== null && lasts[0] === lasts[1];
  if (!isTaps && !isLast) return null;
  const x = model.operand(rows[0]!, rows[1]!, "a window");
  const before =
    tables[0]!.past === null ? null : model.operand(join.inputs[1]!, other.inputs[1]!, "a window");
  const reach = isTaps ? Math.max(0, ...offsets[0]!.map((o) => -o)) : lasts[0]!;
  const ahead = isTaps ? Math.max(0, ...offsets[0]!) : 0;
  const line = timeline(x, before, { at, reach, ahead }, model);
  return isTaps ? slices(line, x, offsets[0]!, reach, at, model) : ends(line, x, lasts[0]!, at, model);
}

/** The row of a step's input in the table. */
function rowAt({ T, B, past }: TapTable, b: number, step: number): number {
  if (step >= 0) return step < T ? 1 + B * (past ?? 0) + step * B + b : 0;
  return past !== null && step >= -past ? 1 + b * past + past + step : 0;
}

/** The distances at which each step reads; null if they are not the same for all. */
function offsetsIn(index: ArrayLike<number>, table: TapTable): number[] | null {
  const { T, B } = table;
  const count = index.length / (T * B);
  if (!Number.isInteger(count) || count === 0) return null;
  const found: number[] = [];
  for (let k = 0; k < count; k++) {
    const fits = (offset: number) => {
      for (let t = 0; t < T; t++)
        for (let b = 0; b < B; b++)
          if (index[(t * B + b) * count + k] !== rowAt(table, b, t + offset)) return false;
      return true;
    };
    const offset = Array.from({ length: 2 * T - 1 }, (_, i) => i - T + 1).find(fits);
    if (offset === undefined) return null;
    found.push(offset);
  }
  return found;
}

/** How many last steps of each sequence are read; null if it is something else. */
function lastsIn(index: ArrayLike<number>, table: TapTable): number | null {
  const { T, B } = table;
  const count = index.length / B;
  if (!Number.isInteger(count) || count >= T) return null;
  for (let b = 0; b < B; b++)
    for (let k = 0; k < count; k++) if (index[b * count + k] !== rowAt(table, b, T - count + k)) return null;
  return count;
}

/** The steps with what stands before and after them, [reach + time + ahead, batch, features]. */
function timeline(
  x: Written,
  before: Written | null,
  { at, reach, ahead }: { at: number; reach: number; ahead: number },
  { region, found }: ModelGraph,
): string {
  const { graph } = region;
  const { time, batch, mask } = found.chains[at]!.padded;
  const [, ...row] = x.shape;
  const own = region.reshape(x, [openSize(1, [time]), openSize(1, [batch]), ...row]);
  const axes = row.map((_, k) => 2 + k);
  const zero = graph.scalar(0, x.dtype);
  // Padding is no later step.
  const steps = mask === null ? own : graph.op("Where", [region.unsqueeze(mask, axes), own, zero]);
  const none = (count: number) =>
    graph.op("Expand", [zero, region.shapeOf(0, [count, openSize(1, [batch]), ...row])]);
  const perSequence = before && region.reshape(before, [openSize(1, [batch]), reach, ...row]);
  const past = perSequence ? graph.op("Transpose", [perSequence], { perm: [1, 0, ...axes] }) : none(reach);
  const parts = [...(reach > 0 ? [past] : []), steps, ...(ahead > 0 ? [none(ahead)] : [])];
  return parts.length === 1 ? steps : graph.op("Concat", parts, { axis: 0 });
}

/** At each step the inputs at some distances, side by side. */
function slices(
  line: string,
  x: Written,
  offsets: readonly number[],
  reach: number,
  at: number,
  { region, found, dims, runs }: ModelGraph,
): string {
  const { graph } = region;
  const { time } = found.chains[at]!.padded;
  const read = offsets.map((offset) => {
    const start = graph.ints([reach + offset]);
    const end = graph.op("Add", [region.size(time), start]);
    return region.unsqueeze(graph.op("Slice", [line, start, end, graph.ints([0])]), [2]);
  });
  const joined = read.length === 1 ? read[0]! : graph.op("Concat", read, { axis: 2 });
  const [, ...row] = x.shape;
  const counts = runs.map((run) => run.chains[at]!.T * run.chains[at]!.B * offsets.length);
  return region.reshape({ ...x, name: joined }, [dims.of(counts[0]!, counts[1]!, "a window"), ...row]);
}

/** The last inputs of each sequence, the oldest first. */
function ends(line: string, x: Written, count: number, at: number, { region, found }: ModelGraph): string {
  const { graph } = region;
  const { batch } = found.chains[at]!.padded;
  const [, ...row] = x.shape;
  const flat = region.reshape({ ...x, name: line }, [-1, ...row]);
  const width = region.squeeze(region.size(batch), [0]);
  const numbers = graph.op("Range", [graph.scalar(0, "int64"), width, graph.scalar(1, "int64")]);
  const lengths = region.unsqueeze(graph.cast(found.chains[at]!.lengths, "int64"), [1]);
  const steps = graph.op("Add", [lengths, graph.ints(Array.from({ length: count }, (_, k) => k))]);
  const rows = graph.op("Add", [graph.op("Mul", [steps, width]), region.unsqueeze(numbers, [1])]);
  return graph.op("Gather", [flat, graph.op("Reshape", [rows, graph.ints([-1])])], { axis: 0 });
}
