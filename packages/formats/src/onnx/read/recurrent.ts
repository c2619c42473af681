import {
  add,
  type Cell,
  chain,
  concat,
  gather,
  indexSum,
  type ParamsOf,
  permute,
  reshape,
  type Shapes,
  type Structure,
  slice,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { indexTensor } from "longspan/engine";
import { type OperatorRow, recurrentOperators } from "../recurrent-operators.js";
import { refuse } from "./decode-model.js";
import type { GraphNode } from "./graph.js";
import { need, numbersOf } from "./operands.js";
import type { NodeCall, Operators } from "./run-graph.js";

/** Parameters of a cell, by name, for each direction of an operator. */
export type CellParams = readonly Readonly<Record<string, Value>>[];

/** What a recurrent operator is here: its cell, and which ways it runs. */
export interface RecurrentNode {
  readonly row: OperatorRow;
  readonly directions: readonly ("forward" | "reverse")[];
}

const usual: Readonly<Record<string, readonly string[]>> = {
  LSTM: ["Sigmoid", "Tanh", "Tanh"],
  GRU: ["Sigmoid", "Tanh"],
  RNN: ["Tanh"],
};

/** The row of a node. @throws OnnxError for settings that no cell here has */
export function recurrentNode(node: GraphNode): RecurrentNode {
  const { attributes, op, where } = node;
  const direction = attributes.text("direction", "forward");
  if (attributes.has("clip")) refuse(where, "it clips its gates", "write it without clip");
  if (attributes.int("input_forget", 0))
    refuse(
      where,
      "its input and forget gate are one",
      "lstm({ coupled: true }) has them so; copy the weights yourself",
    );
  if (attributes.int("layout", 0)) refuse(where, "its layout is batch first", "write it with layout 0");
  const directions =
    direction === "bidirectional" ? (["forward", "reverse"] as const) : [direction as "forward"];
  if (!directions.every((d) => ["forward", "reverse"].includes(d)))
    refuse(where, `its direction is ${direction}`, "forward, reverse and bidirectional are read");
  const named = attributes.texts("activations");
  const each = usual[op]!;
  const activations = named?.length ? named : directions.flatMap(() => each);
  const ones = JSON.stringify(activations.slice(0, each.length));
  const isBoth = directions.every(
    (_, d) => JSON.stringify(activations.slice(d * each.length, (d + 1) * each.length)) === ones,
  );
  const isRelu = op === "RNN" && ones === '["Relu"]';
  if (!isBoth || (!isRelu && ones !== JSON.stringify(each)))
    refuse(
      where,
      `its activations are ${activations.join(", ")}`,
      `${each.join(", ")} are read${op === "RNN" ? ", or Relu" : ""}`,
    );
  const resets = attributes.int("linear_before_reset", 0);
  const peeps = op === "LSTM" && Boolean(node.inputs[7]);
  const row = recurrentOperators.find(
    (r) =>
      r.operator === op &&
      (op !== "LSTM" || (r.peepholes !== undefined) === peeps) &&
      (op !== "GRU" || r.attributes.linear_before_reset === resets) &&
      (op !== "RNN" || (r.attributes.activations !== undefined) === isRelu),
  )!;
  return { row, directions };
}

/** The parameters of a node's cells from its weights W, R, B and P, each with a leading axis of directions. */
export function cellParams(
  { row, directions }: RecurrentNode,
  [W, R, B, P]: readonly (Value | undefined)[],
): CellParams {
  const { gates, recurrent = ["W"], inner, peepholes } = row;
  // Where each block here is among those there.
  const back = (of: readonly number[]) => of.map((_, block) => of.indexOf(block));
  const of = (x: Value, d: number) => reshape(slice(x, 0, d, d + 1), x.shape.slice(1));
  return directions.map((_, d) => {
    const width = R!.shape[1]!;
    const hidden = width / gates.length;
    const b = B ? of(B, d) : zeros([2 * width], W!.dtype);
    const [first, second] = [slice(b, 0, 0, width), slice(b, 0, width, 2 * width)];
    // The bias inside the reset gate stands by itself: zeros take its part in the sum.
    const outside = inner ? concat([slice(second, 0, 0, width - hidden), zeros([hidden], b.dtype)]) : second;
    const side = inBlocks(permute(of(R!, d)), back(gates));
    const parts =
      recurrent.length === 1
        ? [side]
        : [slice(side, 1, 0, width - hidden), slice(side, 1, width - hidden, width)];
    return {
      U: inBlocks(permute(of(W!, d)), back(gates)),
      ...Object.fromEntries(recurrent.map((name, k) => [name, parts[k]!])),
      b: inBlocks(add(first, outside), back(gates)),
      ...(inner ? { [inner]: slice(second, 0, width - hidden, width) } : {}),
      ...(peepholes ? { p: inBlocks(of(P!, d), back(peepholes)) } : {}),
    };
  });
}

/** Blocks of the last axis in another order. */
function inBlocks(x: Value, order: readonly number[]): Value {
  const size = x.shape.at(-1)! / order.length;
  return concat(order.map((block) => slice(x, -1, block * size, (block + 1) * size)));
}

/** LSTM, GRU and RNN: their cells over chains. `params` are those of the node's cells, where they do not follow from other values. */
export function recurrentOperatorsOf(params: (node: GraphNode) => CellParams | null): Operators {
  const run = (call: NodeCall) => runRecurrent(call, params(call.node));
  return { LSTM: run, GRU: run, RNN: run };
}

function runRecurrent(call: NodeCall, known: CellParams | null): Value[] {
  const { node, inputs } = call;
  const found = recurrentNode(node);
  const { row, directions } = found;
  const params = known ?? cellParams(found, [need(call, 1), need(call, 2), inputs[3], inputs[7]]);
  const x = need(call, 0);
  const [T, B, input] = x.shape as [number, number, number];
  const lengths = inputs[4]
    ? numbersOf(inputs[4], "lengths of sequences")
    : Array.from({ length: B }, () => T);
  if (x.rank !== 3 || lengths.length !== B || lengths.some((n) => n < 0 || n > T))
    throw new Error(
      `x is [${x.shape.join(", ")}] and there are ${lengths.length} lengths, up to ${Math.max(0, ...lengths)}; expected [time, batch, features] and a length per sequence`,
    );
  const hidden = params[0]!.U!.shape[1]! / row.gates.length;
  const cell = row.make({ input, hidden }) as unknown as Cell<
    { x: readonly number[] },
    Shapes,
    unknown,
    Value
  >;
  const over = chain(lengths);
  const rows = toRows(x, over);
  const slots = Object.keys(cell.state);
  const initials = [inputs[5], inputs[6]].slice(0, slots.length);
  const runs = directions.map((direction, d) => {
    const initial = Object.fromEntries(
      slots.flatMap((slot, s) =>
        initials[s] ? [[slot, reshape(slice(initials[s], 0, d, d + 1), [B, hidden])]] : [],
      ),
    );
    return unfold(
      cell,
      params[d] as ParamsOf<unknown>,
      { x: rows },
      direction === "reverse" ? over.reversed() : over,
      { initial },
    );
  });
  const output = concat(
    runs.map((r) => reshape(toPadded(r.output, over, T), [T, 1, B, hidden])),
    1,
  );
  const finals = slots.map((slot) =>
    concat(
      runs.map((r) => reshape(r.final[slot]!, [1, B, hidden])),
      0,
    ),
  );
  return [output, ...finals];
}

/** The place of each row of a chain among padded steps, t * B + b; null where it is the row's own. */
function paddedRows({ parts, sequences: B, nodes, levels: T }: Structure): Int32Array | null {
  if (nodes === T * B) return null;
  return parts.positions.map((t, row) => t * B + parts.sequenceOf[row]!);
}

/** Padded steps [time, batch, ...] as the rows of a chain. */
export function toRows(x: Value, over: Structure): Value {
  const [T, B, ...row] = x.shape as [number, number, ...number[]];
  const flat = reshape(x, [T * B, ...row]);
  const index = paddedRows(over);
  if (index === null) return slice(flat, 0, 0, over.nodes);
  return gather(flat, indexTensor(index));
}

/** The rows of a chain as padded steps [time, batch, ...]; zeros where there is no step. */
export function toPadded(rows: Value, over: Structure, time: number): Value {
  const B = over.sequences;
  const [, ...row] = rows.shape;
  const index = paddedRows(over);
  const size = time * B;
  if (index === null && over.nodes === size) return reshape(rows, [time, B, ...row]);
  const numbers = index ?? Int32Array.from({ length: over.nodes }, (_, i) => i);
  if (rows.dtype !== "int32") return reshape(indexSum(rows, indexTensor(numbers), size), [time, B, ...row]);
  const sources = new Int32Array(size).fill(over.nodes);
  numbers.forEach((to, from) => {
    sources[to] = from;
  });
  const table = concat([rows, zeros([1, ...row], "int32")], 0);
  return reshape(gather(table, indexTensor(sources)), [time, B, ...row]);
}
