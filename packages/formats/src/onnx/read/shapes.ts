import {
  add,
  argmax,
  broadcastTo,
  concat,
  cumulativeSum,
  fromArray,
  full,
  gather,
  indexSum,
  onCpu,
  permute,
  reshape,
  slice,
  sort,
  Tensor,
  topK,
  type Value,
  zeros,
} from "longspan";
import { axisIn, checkedShape, joinedShape, listOf, need, numbersOf } from "./operands.js";
import type { Operator, Operators } from "./run-graph.js";

const line = (values: readonly number[]) => fromArray(Int32Array.from(values), [values.length], "int32");
const same: Operator = (call) => [need(call, 0)];

/** Operators that make shapes, move elements, or take them by number. */
export const shapes: Operators = {
  Identity: same,
  // As in evaluation.
  Dropout: same,
  Constant: ({ node: { attributes } }) => {
    const value = attributes.tensor("value");
    if (value) return [value];
    if (attributes.has("value_float")) return [full([], attributes.float("value_float", 0), "float32")];
    if (attributes.has("value_int")) return [full([], attributes.int("value_int", 0), "int32")];
    const ints = attributes.ints("value_ints");
    if (ints && attributes.has("value_ints")) return [line(ints)];
    throw new Error(
      `it holds ${attributes.names().join(", ") || "nothing"}; value, value_float, value_int and value_ints are read`,
    );
  },
  ConstantOfShape: (call) => {
    const shape = checkedShape(numbersOf(need(call, 0), "shape"));
    const value = call.node.attributes.tensor("value");
    return [value ? full(shape, onCpu(value).toArray()[0] ?? 0, value.dtype) : zeros(shape)];
  },
  Shape: (call) => {
    const { shape } = need(call, 0);
    const { attributes } = call.node;
    return [line(shape.slice(attributes.int("start", 0), attributes.int("end", shape.length)))];
  },
  Size: (call) => [full([], need(call, 0).size, "int32")],
  Range: (call) => {
    const [start, end, step] = [0, 1, 2].map((i) => numbersOf(need(call, i), "ends")[0]!) as [
      number,
      number,
      number,
    ];
    const count = Math.max(0, Math.ceil((end - start) / step));
    checkedShape([count]);
    return [
      fromArray(
        Float64Array.from({ length: count }, (_, k) => start + k * step),
        [count],
        need(call, 0).dtype,
      ),
    ];
  },
  Reshape: (call) => {
    const x = need(call, 0);
    const asked = numbersOf(need(call, 1), "shape");
    const kept = call.node.attributes.int("allowzero", 0)
      ? asked
      : asked.map((n, d) => (n === 0 ? (x.shape[d] ?? 0) : n));
    return [reshape(x, kept)];
  },
  Flatten: (call) => {
    const x = need(call, 0);
    const axis = call.node.attributes.int("axis", 1);
    const split = axis < 0 ? axis + x.rank : axis;
    return [
      reshape(
        x,
        [x.shape.slice(0, split), x.shape.slice(split)].map((part) => part.reduce((a, b) => a * b, 1)),
      ),
    ];
  },
  Transpose: (call) => {
    const axes = call.node.attributes.ints("perm");
    return [axes?.length ? permute(need(call, 0), axes) : permute(need(call, 0))];
  },
  Squeeze: (call) => {
    const x = need(call, 0);
    const axes = listOf(call, "axes", 1)?.map((axis) => axisIn(x.rank, axis));
    return [
      reshape(
        x,
        x.shape.filter((n, d) => (axes ? !axes.includes(d) : n !== 1)),
      ),
    ];
  },
  Unsqueeze: (call) => {
    const x = need(call, 0);
    const listed = listOf(call, "axes", 1) ?? [];
    const rank = x.rank + listed.length;
    const axes = listed.map((axis) => axisIn(rank, axis));
    const old = [...x.shape];
    return [
      reshape(
        x,
        Array.from({ length: rank }, (_, d) => (axes.includes(d) ? 1 : (old.shift() ?? 1))),
      ),
    ];
  },
  Expand: (call) => {
    const x = need(call, 0);
    return [broadcastTo(x, checkedShape(joinedShape(x.shape, numbersOf(need(call, 1), "shape"))))];
  },
  Slice: (call) => {
    const [x, starts, ends] = [
      need(call, 0),
      numbersOf(need(call, 1), "starts"),
      numbersOf(need(call, 2), "ends"),
    ];
    const axes = call.inputs[3] ? numbersOf(call.inputs[3], "axes") : starts.map((_, d) => d);
    const steps = call.inputs[4] ? numbersOf(call.inputs[4], "steps") : starts.map(() => 1);
    return [
      axes.reduce((rows: Value, listed, k) => {
        const axis = axisIn(x.rank, listed);
        return sliced(rows, axis, starts[k]!, ends[k]!, steps[k]!);
      }, x),
    ];
  },
  Concat: (call) => {
    const all = call.inputs.map((_, i) => need(call, i));
    const { rank } = all[0]!;
    return [concat(all, axisIn(rank, call.node.attributes.int("axis", 0)))];
  },
  Split: (call) => {
    const x = need(call, 0);
    const axis = axisIn(x.rank, call.node.attributes.int("axis", 0));
    const parts = call.node.outputs.length;
    const each = Math.ceil(x.shape[axis]! / parts);
    const sizes =
      listOf(call, "split", 1) ??
      Array.from({ length: parts }, (_, k) => Math.min(each, x.shape[axis]! - k * each));
    const ends = sizes.map((_, k) => sizes.slice(0, k + 1).reduce((a, b) => a + b, 0));
    return sizes.map((size, k) => slice(x, axis, ends[k]! - size, ends[k]!));
  },
  Gather: (call) => {
    const x = need(call, 0);
    const axis = axisIn(x.rank, call.node.attributes.int("axis", 0));
    const index = fromFront(need(call, 1), x.shape[axis]!);
    if (axis === 0) return [gather(x, index)];
    const axes = x.shape.map((_, d) => d);
    const front = [axis, ...axes.filter((d) => d !== axis)];
    const taken = gather(permute(x, front), index);
    // The axes of the index go back to where the axis was.
    const perm = [
      ...Array.from({ length: axis }, (_, d) => index.rank + d),
      ...Array.from({ length: index.rank }, (_, d) => d),
      ...Array.from({ length: x.rank - 1 - axis }, (_, d) => index.rank + axis + d),
    ];
    return [permute(taken, perm)];
  },
  ScatterND: (call) => {
    const [data, index, updates] = [need(call, 0), need(call, 1), need(call, 2)];
    if (call.node.attributes.text("reduction", "none") !== "add" || index.shape.at(-1) !== 1)
      throw new Error(
        "it writes elements in several axes or without adding them; with reduction add along one axis it is read",
      );
    const added = indexSum(updates, reshape(index, index.shape.slice(0, -1)), data.shape[0]!);
    return [add(data, added)];
  },
  Pad: (call) => {
    const [x, pads] = [need(call, 0), numbersOf(need(call, 1), "pads")];
    const mode = call.node.attributes.text("mode", "constant");
    const value = call.inputs[2] ? numbersOf(call.inputs[2], "value")[0]! : 0;
    if (mode !== "constant" || pads.length !== 2 * x.rank)
      throw new Error(`it pads by ${mode} over ${pads.length / 2} axes; constant is read, over all`);
    return [
      x.shape.reduce((rows: Value, _, axis) => {
        const filled = (size: number) =>
          full(checkedShape(rows.shape.map((n, d) => (d === axis ? size : n))), value, x.dtype);
        const parts = [pads[axis]!, pads[axis + x.rank]!].map((size) => (size > 0 ? [filled(size)] : []));
        return concat([...parts[0]!, rows, ...parts[1]!], axis);
      }, x),
    ];
  },
  ArgMax: (call) => {
    const x = need(call, 0);
    const axis = axisIn(x.rank, call.node.attributes.int("axis", 0));
    const found = argmax(x, axis);
    return [
      call.node.attributes.int("keepdims", 1)
        ? reshape(
            found,
            x.shape.map((n, d) => (d === axis ? 1 : n)),
          )
        : found,
    ];
  },
  CumSum: (call) => {
    const x = need(call, 0);
    const axis = axisIn(x.rank, numbersOf(need(call, 1), "axis")[0]!);
    if (call.node.attributes.int("exclusive", 0))
      throw new Error("it leaves out the element itself; sums with it are read");
    return [cumulativeSum(x, axis, { reverse: call.node.attributes.int("reverse", 0) === 1 })];
  },
  TopK: (call) => {
    const x = need(call, 0);
    const count = numbersOf(need(call, 1), "count")[0]!;
    const axis = axisIn(x.rank, call.node.attributes.int("axis", -1));
    const { values, indices } = call.node.attributes.int("largest", 1) ? topK(x, count, axis) : sort(x, axis);
    return [slice(values, axis, 0, count), slice(indices, axis, 0, count)];
  },
};

/** Indices that count from the end, counted from the front; those that follow from the model's numbers count from the front. */
function fromFront(index: Value, size: number): Value {
  if (!(index instanceof Tensor)) return index;
  const numbers = onCpu(index).toArray();
  if (numbers.every((n) => n >= 0)) return index;
  return fromArray(
    Int32Array.from(numbers, (n) => (n < 0 ? n + size : n)),
    index.shape,
    "int32",
  );
}

function sliced(x: Value, axis: number, start: number, end: number, step: number): Value {
  const size = x.shape[axis]!;
  const within = (n: number, low: number, high: number) =>
    Math.min(Math.max(n < 0 ? n + size : n, low), high);
  if (step === 1) {
    const from = within(start, 0, size);
    return slice(x, axis, from, Math.max(from, within(end, 0, size)));
  }
  if (step === 0) throw new Error("its step is 0");
  const [from, to] =
    step > 0
      ? [within(start, 0, size), within(end, 0, size)]
      : [within(start, -1, size - 1), end < -size ? -1 : within(end, -1, size - 1)];
  const taken: number[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) taken.push(i);
  const axes = x.shape.map((_, d) => d);
  const front = [axis, ...axes.filter((d) => d !== axis)];
  const back = front.map((_, d) => front.indexOf(d));
  return permute(gather(permute(x, front), line(taken)), back);
}
