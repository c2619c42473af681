import { applyAll } from "../ops/index.js";
import { fromArray, onCpu, sizeOf, type Value } from "../tensor/index.js";
import type { Step, Wire, Wiring } from "./wiring.js";

const softplus = (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const each = (f: (x: number) => number) => (x: readonly number[]) => x.map(f);
const total = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const normalised = (x: readonly number[]) => {
  const top = Math.max(...x);
  const sum = total(x.map((v) => Math.exp(v - top)));
  return x.map((v) => Math.exp(v - top) / sum);
};

/**
 * Functions that cells compose of several ops, under the name that a drawing gives them. A part of a cell is one of them if it gives its
 * numbers, row by row: what it is called where it is defined does not matter.
 */
const knownFunctions: readonly (readonly [string, (row: readonly number[]) => readonly number[]])[] = [
  // What lets all of the numbers below pass.
  ["clip", each((x) => x)],
  ["relu", each((x) => Math.max(x, 0))],
  ["x²", each((x) => x * x)],
  ["silu", each((x) => x * logistic(x))],
  ["softplus", each(softplus)],
  ["1 + softplus", each((x) => 1 + softplus(x))],
  ["log σ", each((x) => -softplus(-x))],
  ["σ", each(logistic)],
  ["1 − σ", each((x) => 1 - logistic(x))],
  ["1 + elu", each((x) => (x > 0 ? 1 + x : Math.exp(x)))],
  ["elu", each((x) => (x > 0 ? x : Math.expm1(x)))],
  ["clip", each((x) => Math.min(Math.max(x, 0), 1))],
  ["clip", each((x) => Math.min(Math.max(x, -1), 1))],
  ["softmax", normalised],
  ["log softmax", (x) => normalised(x).map(Math.log)],
  ["log Σ exp", (x) => [Math.log(total(x.map(Math.exp)))]],
  ["|x|", (x) => [Math.sqrt(total(x.map((v) => v * v)))]],
  ["x/|x|", (x) => x.map((v) => v / Math.sqrt(total(x.map((w) => w * w))))],
  ["mean", (x) => [total(x) / x.length]],
  [
    "layer norm",
    (x) => {
      const mean = total(x) / x.length;
      const deviation = Math.sqrt(total(x.map((v) => (v - mean) ** 2)) / x.length);
      return x.map((v) => (v - mean) / deviation);
    },
  ],
];

/** Numbers of both signs, some below and some above 1. */
const probes = [0.62, -1.37, 0.19, 2.41, -0.55, 1.13, -2.2, 0.87];
/** The allowances that cells add below roots and divisions are smaller. */
const closeness = 1e-4;

/**
 * The numbers that steps give for a value at their beginning; null where they cannot be run outside of a cell.
 * @param trial other numbers for each
 */
export function numbersOf(
  { wires, entries, constants }: Wiring,
  steps: readonly Step[],
  from: Wire,
  to: Wire,
  trial = 0,
): { readonly numbers: readonly number[]; readonly got: readonly number[] } | null {
  const { shape, dtype } = wires[from]!;
  if (dtype === "int32") return null;
  const numbers = Array.from(
    { length: sizeOf(shape) },
    (_, i) => probes[(i + trial) % probes.length]! + ((i + trial) % 40) / 100,
  );
  const values = new Map<Wire, Value>([[from, fromArray(numbers, shape, dtype)]]);
  for (const { op, attrs, inputs, outputs } of steps) {
    if (
      typeof op === "string" ||
      op.lowering.kind === "sum" ||
      op.lowering.kind === "run" ||
      op.name === "spreadTo"
    )
      return null;
    const operands = inputs.map((wire) => values.get(wire) ?? constants.get(wire));
    if (
      operands.some((v) => v === undefined) ||
      inputs.some((wire) => entries.has(wire) && wire !== from && !constants.has(wire))
    )
      return null;
    const results = applyAll(op, attrs, operands as Value[]);
    outputs.forEach((wire, i) => {
      values.set(wire, results[i]!);
    });
  }
  const result = values.get(to);
  return result ? { numbers, got: Array.from(onCpu(result).toArray(), Number) } : null;
}

/** The name of the function that steps compute, where it is one of those that are known. */
export function knownFunction(wiring: Wiring, steps: readonly Step[], from: Wire, to: Wire): string | null {
  const { shape } = wiring.wires[from]!;
  const width = shape.at(-1) ?? 1;
  // A few numbers could be those of another function: there are at least as many as probes.
  const trials = Array.from({ length: Math.ceil(probes.length / Math.max(1, sizeOf(shape))) }, (_, k) =>
    numbersOf(wiring, steps, from, to, k),
  );
  const fits = (f: (row: readonly number[]) => readonly number[]) =>
    trials.every((run) => {
      if (run === null) return false;
      const { numbers, got } = run;
      const rows = Array.from({ length: numbers.length / width }, (_, r) =>
        numbers.slice(r * width, (r + 1) * width),
      );
      const expected = rows.flatMap(f);
      return (
        expected.length === got.length &&
        expected.every((e, i) => Math.abs(e - got[i]!) <= closeness * Math.max(1, Math.abs(e)))
      );
    });
  return knownFunctions.find(([, f]) => fits(f))?.[0] ?? null;
}
