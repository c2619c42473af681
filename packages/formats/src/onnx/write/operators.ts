import { onCpu, type Tensor } from "longspan";
import { type CellGraph, printCell, splitProducts } from "longspan/engine";
import { type OperatorRow, recurrentOperators } from "../recurrent-operators.js";
import { openSize } from "./dims.js";
import type { Region, Written } from "./region.js";
import { asRows, type UnfoldCall } from "./scan.js";

/** A parameter as it is kept: its name and its numbers. */
export interface NamedParam {
  readonly name: string;
  readonly tensor: Tensor;
}

/** What an operator needs of an unfold; operands are asked for one by one, so that weights are written once, in the operator's order. */
export interface OperatorCall extends Omit<UnfoldCall, "inputs"> {
  input(operand: number): Written;
  /** The parameter that an operand is; null where it is computed. */
  param(operand: number): NamedParam | null;
  readonly lengths: string;
}

/** Writes an unfold of a cell that ONNX has as an operator; null for other cells, and where its weights are computed. */
export function writeOperator(call: OperatorCall, region: Region): (Written | null)[] | null {
  const { attrs, chain, reverse } = call;
  const row = rowOf(attrs.cell);
  if (row === null) return null;
  const { graph } = region;
  const numberOf = (name: string) => attrs.cell.values.findIndex((value) => value.name === name);
  const params = new Map<string, NamedParam>();
  for (const { name } of attrs.cell.values) {
    if (name === "x") continue;
    const param = call.param(numberOf(name));
    if (param === null) return null;
    params.set(name, param);
  }
  const weights = weightsOf(row, params);
  const [, ...features] = call.input(numberOf("x")).shape;
  const steps = [openSize(1, [chain.time]), openSize(1, [chain.batch]), ...features];
  const x = region.reshape(call.input(numberOf("x")), steps);
  const { W } = weights;
  const prefix = params.get("U")!.name.replace(/U$/, row.operator);
  const named = (part: string, { data, shape }: Weights) =>
    graph.names.constant(data, shape, call.input(numberOf("x")).dtype, `${prefix}.${part}`);
  let at = attrs.cell.values.length;
  const before = attrs.initials.map((is) => (is ? call.input(at++).name : null));
  const initial = before.map((name) => (name === null ? "" : region.unsqueeze(name, [0])));
  const hidden = W!.shape[1]! / row.gates.length;
  const inputs = [
    x,
    named("W", W!),
    named("R", weights.R!),
    named("B", weights.B!),
    chain.mask === null ? "" : call.lengths,
    ...initial,
    ...(weights.P ? [named("P", weights.P)] : []),
  ];
  while (inputs.at(-1) === "") inputs.pop();
  const found = graph.ops(
    row.operator,
    inputs,
    { hidden_size: hidden, ...row.attributes, ...(reverse ? { direction: "reverse" } : {}) },
    1 + attrs.cell.sinkSlots.length,
  );
  const { dtype } = attrs.cell.sinkSlots[0]!;
  const output = { name: region.squeeze(found[0]!, [1]), dtype, lead: 2, shape: [hidden] };
  // The runtime gives zeros for a sequence of no steps, which keeps the state that it had.
  const finalOf = (found: string, before: string | null) => {
    if (before === null || chain.mask === null) return found;
    const hasSteps = graph.op("Less", [graph.scalar(0, "int32"), call.lengths]);
    return graph.op("Where", [region.unsqueeze(hasSteps, [1]), found, before]);
  };
  const finals = attrs.cell.sinkSlots.flatMap((slot, s) =>
    attrs.finals[s]
      ? [
          {
            name: finalOf(region.squeeze(found[1 + s]!, [0]), before[s]!),
            dtype,
            lead: 0,
            shape: [openSize(1, [chain.batch]), ...slot.shape],
          },
        ]
      : [],
  );
  return [asRows(output, chain, region), ...finals];
}

/** The row of the operator that a cell is, found by its equations. */
function rowOf(cell: CellGraph): OperatorRow | null {
  const names = new Set(cell.values.map(({ name }) => name));
  const U = cell.values.find(({ name }) => name === "U")?.variable;
  const hidden = cell.sinkSlots[0]?.shape[0];
  if (!U || !hidden || !names.has("x") || U.shape.length !== 2) return null;
  const text = printCell(cell);
  return (
    recurrentOperators.find(({ make }) => {
      const made = make({ input: U.shape[0]!, hidden }).trace(U.dtype);
      return printCell(splitProducts(made.graph)) === text;
    }) ?? null
  );
}

/** Numbers of a weight of an operator, one direction in front. */
interface Weights {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

function weightsOf(
  row: OperatorRow,
  params: ReadonlyMap<string, NamedParam>,
): Readonly<Record<string, Weights>> {
  const of = (name: string) => params.get(name)!.tensor;
  const { gates, recurrent = ["W"], inner, peepholes } = row;
  const rows = (names: readonly string[]) => gateRows(names.map(of), gates);
  const first = inBlocks(onCpu(of("b")).toArray(), gates);
  const second = new Float64Array(first.length);
  if (inner) {
    const own = onCpu(of(inner)).toArray();
    second.set(own, first.length - own.length);
  }
  return {
    W: rows(["U"]),
    R: rows(recurrent),
    B: { data: [...first, ...second], shape: [1, 2 * first.length] },
    ...(peepholes ? { P: vector(inBlocks(onCpu(of("p")).toArray(), peepholes)) } : {}),
  };
}

function vector(data: readonly number[]): Weights {
  return { data, shape: [1, data.length] };
}

/** [in, gates * hidden], from matrices that stand side by side, as [1, gates * hidden, in] with the gates in another order. */
function gateRows(matrices: readonly Tensor[], gates: readonly number[]): Weights {
  const input = matrices[0]!.shape[0]!;
  const columns = matrices.flatMap((m) => {
    const [width, numbers] = [m.shape[1]!, onCpu(m).toArray()];
    return Array.from({ length: width }, (_, j) =>
      Array.from({ length: input }, (_, i) => numbers[i * width + j]!),
    );
  });
  return { data: inBlocks(columns, gates).flat(), shape: [1, columns.length, input] };
}

/** As many blocks as there are gates, in another order. */
function inBlocks<T>(all: ArrayLike<T>, gates: readonly number[]): T[] {
  const size = all.length / gates.length;
  return gates.flatMap((block) => Array.from({ length: size }, (_, k) => all[block * size + k]!));
}
