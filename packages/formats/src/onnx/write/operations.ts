import type { DType } from "longspan";
import type { Call, Rule } from "./call.js";
import type { Dim } from "./dims.js";
import { sameDim } from "./dims.js";
import { linearRecurrence } from "./recurrence.js";
import type { Region, Written } from "./region.js";

/** The operations of the library as operators of ONNX, by name: one row each. */
export const operations: Readonly<Record<string, Rule>> = {
  neg: elementwise("Neg"),
  exp: elementwise("Exp"),
  expm1: ({ inputs: [x] }, { graph }) => {
    // (e^x + 1) tanh(x / 2), which keeps the digits of small x.
    const one = graph.scalar(1, x!.dtype);
    const half = graph.op("Tanh", [graph.op("Mul", [x!.name, graph.scalar(0.5, x!.dtype)])]);
    return graph.op("Mul", [graph.op("Add", [graph.op("Exp", [x!.name]), one]), half]);
  },
  log: elementwise("Log"),
  log1p: ({ inputs: [x] }, { graph }) => {
    // With u = 1 + x as it is rounded: log(u) x / (u - 1), or x where u is 1.
    const one = graph.scalar(1, x!.dtype);
    const u = graph.op("Add", [x!.name, one]);
    const ratio = graph.op("Div", [x!.name, graph.op("Sub", [u, one])]);
    return graph.op("Where", [
      graph.op("Equal", [u, one]),
      x!.name,
      graph.op("Mul", [graph.op("Log", [u]), ratio]),
    ]);
  },
  tanh: elementwise("Tanh"),
  sigmoid: elementwise("Sigmoid"),
  sqrt: elementwise("Sqrt"),
  sin: elementwise("Sin"),
  cos: elementwise("Cos"),
  erf: elementwise("Erf"),
  abs: elementwise("Abs"),
  sign: elementwise("Sign"),
  add: elementwise("Add"),
  sub: elementwise("Sub"),
  mul: elementwise("Mul"),
  div: elementwise("Div"),
  pow: elementwise("Pow"),
  maximum: elementwise("Max"),
  less: comparison("Less"),
  lessEqual: comparison("LessOrEqual"),
  equal: comparison("Equal"),
  select: (call, region) => {
    const [condition, a, b] = broadcast(call, region);
    return region.graph.op("Where", [region.condition(condition!), a!, b!]);
  },
  cast: ({ attrs, inputs: [x] }, { graph }) => graph.cast(x!.name, attrs.dtype as DType),
  stopGradient: same,
  clipGradient: same,
  spreadTo: same,

  constant: ({ attrs, out }, region) => {
    const scalar = region.graph.scalar(attrs.value as number, out.dtype);
    return out.shape.length === 0
      ? scalar
      : region.graph.op("Expand", [scalar, region.shapeOf(0, out.shape)]);
  },
  iota: ({ attrs, out }, region) => {
    const axis = attrs.axis as number;
    const { graph } = region;
    const count = region.squeeze(region.dimSize(out.shape[axis]!), [0]);
    const line = graph.cast(
      graph.op("Range", [graph.scalar(0, "int64"), count, graph.scalar(1, "int64")]),
      "int32",
    );
    const trailing = out.shape.slice(axis + 1).map((_, k) => 1 + k);
    const turned = trailing.length > 0 ? region.unsqueeze(line, trailing) : line;
    return out.shape.length === 1 ? turned : graph.op("Expand", [turned, region.shapeOf(0, out.shape)]);
  },
  reshape: ({ inputs: [x], out }, region) => region.reshape(x!, out.shape),
  broadcastTo: ({ inputs: [x], out }, region) => {
    const raised = region.raised(x!, out.shape.length);
    const ones = Array.from({ length: x!.lead }, () => 1);
    return region.graph.op("Expand", [raised, region.shapeOf(0, [...ones, ...out.shape])]);
  },
  permute: ({ attrs, inputs: [x] }, { graph }) =>
    graph.op("Transpose", [x!.name], { perm: [...leads(x!), ...own(x!, attrs.axes)] }),
  slice: ({ attrs, inputs: [x], op }, region) => {
    const cut = (attrs.starts as Dim[]).map((start, d) => ({ start, size: attrs.sizes[d] as Dim, d }));
    const parts = cut.filter(({ start, size, d }) => !(start === 0 && sameDim(size, x!.shape[d]!)));
    if (parts.some(({ start, size }) => typeof start !== "number" || typeof size !== "number"))
      region.refuse(op, "it takes rows whose number depends on the lengths of sequences");
    const starts = parts.map(({ start }) => start as number);
    const ends = parts.map(({ start, size }) => (start as number) + (size as number));
    const axes = parts.map(({ d }) => x!.lead + d);
    if (parts.length === 0) return x!.name;
    return region.graph.op("Slice", [x!.name, ...[starts, ends, axes].map((v) => region.graph.ints(v))]);
  },
  pad: ({ attrs, inputs: [x], out, op }, region) => {
    const before = fixed(region, op, attrs.starts);
    const after = out.shape.map((n, d) =>
      sameDim(n, x!.shape[d]!)
        ? 0
        : fixed(region, op, [n])[0]! - before[d]! - fixed(region, op, [x!.shape[d]!])[0]!,
    );
    const none = leads(x!).map(() => 0);
    const pads = region.graph.ints([...none, ...before, ...none, ...after]);
    return region.graph.op("Pad", [x!.name, pads, region.graph.scalar(0, x!.dtype)]);
  },
  concat: ({ attrs, inputs, out }, region) =>
    region.graph.op(
      "Concat",
      inputs.map((x) => region.spread(x, out.lead).name),
      { axis: out.lead + attrs.axis },
    ),
  reduceSum: (call, region) => reduced("ReduceSum", call, region),
  reduceMax: (call, region) => reduced("ReduceMax", call, region),
  argmax: ({ attrs, inputs: [x], op }, region) => {
    needFixed(region, op, x!, attrs.axes);
    const first = region.graph.op("ArgMax", [x!.name], { axis: x!.lead + attrs.axes[0], keepdims: 0 });
    return region.graph.cast(first, "int32");
  },
  cumulativeSum: ({ attrs, inputs: [x], op }, region) => {
    needFixed(region, op, x!, [attrs.axis]);
    const axis = region.graph.scalar(x!.lead + attrs.axis, "int64");
    return region.graph.op("CumSum", [x!.name, axis], { reverse: attrs.reverse ? 1 : 0 });
  },
  order: ({ attrs, inputs: [x], op }, region) => {
    needFixed(region, op, x!, [attrs.axis]);
    const settings = { axis: x!.lead + attrs.axis, largest: attrs.descending ? 1 : 0, sorted: 1 };
    const found = region.graph.ops("TopK", [x!.name, region.graph.ints([attrs.count])], settings, 2);
    return region.graph.cast(found[1]!, "int32");
  },
  linearRecurrence,
  matmul: (call, region) => {
    const { attrs, inputs, op } = call;
    const [a, b] = inputs as readonly [Written, Written];
    const isVector = a.shape.length === 1;
    const contracted = isVector ? 0 : a.shape.length - (attrs.transposeA ? 2 : 1);
    needFixed(region, op, a, [contracted]);
    const right = attrs.transposeB ? turned(b, region) : b.name;
    if (isVector && b.lead === 0) return region.graph.op("MatMul", [a.name, right]);
    if (!isVector) return region.graph.op("MatMul", [attrs.transposeA ? turned(a, region) : a.name, right]);
    const row = region.unsqueeze(a.name, [a.lead]);
    return region.squeeze(region.graph.op("MatMul", [row, right]), [-2]);
  },
  outer: ({ inputs: [a, b] }, region) =>
    region.graph.op("Mul", [region.unsqueeze(a!.name, [-1]), region.unsqueeze(b!.name, [-2])]),
  gather: ({ inputs: [table, index], op }, region) => {
    if (table!.lead === 0) return region.graph.op("Gather", [table!.name, index!.name], { axis: 0 });
    if (index!.lead === 0)
      return region.graph.op("Gather", [table!.name, index!.name], { axis: table!.lead });
    const { rows, positions } = flattened(op, table!, index!, table!.shape[0]!, region);
    return region.graph.op("Gather", [rows, positions], { axis: 0 });
  },
  indexSum: ({ attrs, inputs: [values, index], out, op }, region) => {
    const { graph } = region;
    const spreadValues = region.spread(values!, out.lead);
    const spreadIndex = region.spread(index!, out.lead);
    const zeros = graph.op("Expand", [graph.scalar(0, out.dtype), region.shapeOf(out.lead, out.shape)]);
    if (out.lead === 0)
      return graph.op("ScatterND", [zeros, region.unsqueeze(index!.name, [-1]), values!.name], {
        reduction: "add",
      });
    const table = { ...out, name: zeros };
    const { rows, positions } = flattened(op, table, spreadIndex, attrs.size, region);
    const sum = graph.op("ScatterND", [rows, region.unsqueeze(positions, [-1]), spreadValues.name], {
      reduction: "add",
    });
    return graph.op("Reshape", [sum, region.shapeOf(out.lead, out.shape)]);
  },
  sparseProduct: ({ attrs, inputs, out, op }, region) => {
    const [a, values, from] = inputs as readonly [Written, Written, Written];
    if (attrs.transposed) return region.refuse(op, "a product with a transposed sparse matrix");
    const axis = a.lead + a.shape.length - 1;
    // [..., nonZeros, columns], added up over the elements of each column.
    const read = region.graph.op("Gather", [a.name, from.name], { axis });
    const products = region.graph.op("Mul", [read, values.name]);
    return region.graph.op("ReduceSum", [products, region.graph.ints([out.lead + out.shape.length - 1])], {
      keepdims: 0,
    });
  },
};

function elementwise(type: string): Rule {
  return (call, region) => region.graph.op(type, broadcast(call, region));
}

function comparison(type: string): Rule {
  return (call, region) => region.number(region.graph.op(type, broadcast(call, region)));
}

function same({ inputs: [x] }: Call): string {
  return x!.name;
}

/** Operands that broadcast to the result: scalars with leading axes get axes for its features. */
function broadcast({ inputs, out }: Call, region: Region): string[] {
  return inputs.map((x) => region.raised(x, out.shape.length));
}

function leads(x: Pick<Written, "lead">): number[] {
  return Array.from({ length: x.lead }, (_, k) => k);
}

/** Axes of a row as axes of the whole. */
function own(x: Pick<Written, "lead">, axes: readonly number[]): number[] {
  return axes.map((axis) => x.lead + axis);
}

function reduced(type: string, { attrs, inputs: [x], op }: Call, region: Region): string {
  needFixed(region, op, x!, attrs.axes);
  return region.graph.op(type, [x!.name, region.graph.ints(own(x!, attrs.axes))], { keepdims: 0 });
}

/** The last two axes swapped. */
function turned(x: Written, { graph }: Region): string {
  const axes = Array.from({ length: x.lead + x.shape.length }, (_, k) => k);
  axes.push(...axes.splice(-2).reverse());
  return graph.op("Transpose", [x.name], { perm: axes });
}

/** Padding would be read along an axis whose size is open. */
function needFixed(region: Region, op: string, x: Written, axes: readonly number[]): void {
  for (const axis of axes)
    if (typeof x.shape[axis] !== "number")
      region.refuse(op, "it reads all steps of a batch at once, where padding stands between sequences");
}

function fixed(region: Region, op: string, dims: readonly Dim[]): number[] {
  return dims.map((dim) =>
    typeof dim === "number"
      ? dim
      : region.refuse(op, "it moves rows by a number that depends on the lengths of sequences"),
  );
}

/** The tables of all rows as one, and indices into it. */
function flattened(op: string, table: Written, index: Written, size: Dim, region: Region) {
  const { graph } = region;
  if (typeof size !== "number")
    return region.refuse(op, "each row has a table whose size depends on the lengths of sequences");
  const tables = region.spread(table, Math.max(table.lead, index.lead));
  const rest = table.shape.slice(1);
  const rows = graph.op("Reshape", [tables.name, region.shapeOf(0, [-1, ...rest])]);
  const sizes = region.leads[tables.lead]!;
  const count = sizes.map((name) => region.size(name)).reduce((a, b) => graph.op("Mul", [a, b]));
  const numbers = graph.op("Range", [
    graph.scalar(0, "int64"),
    region.squeeze(count, [0]),
    graph.scalar(1, "int64"),
  ]);
  const first = graph.op("Mul", [numbers, graph.scalar(size, "int64")]);
  const shaped = graph.op("Reshape", [
    first,
    region.shapeOf(
      tables.lead,
      index.shape.map(() => 1),
    ),
  ]);
  const spreadIndex = graph.cast(region.spread(index, tables.lead).name, "int64");
  return { rows, positions: graph.op("Add", [spreadIndex, shaped]) };
}
