// The models of Keras and what they give (golden/make_golden.py).
import { readFileSync } from "node:fs";
import { mul, onCpu, sum, type Tensor, type Value, valueAndGrad } from "longspan";
import { type KerasModel, type KerasSequences, kerasBatch } from "longspan-formats";
import { expect } from "vitest";
import { weightsOf } from "../../src/keras/write-weights.js";

const folder = new URL("golden/", import.meta.url);

export const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
export const textOf = (name: string) => readFileSync(new URL(name, folder), "utf8");

/** A batch, what the model gives for it by sequence, and the gradients of half the sum of the squares of that. */
export interface Batch {
  readonly x: KerasSequences;
  readonly output: number[][] | number[][][];
  readonly gradients?: Nested[];
  readonly variables?: string[];
}
type Nested = number | Nested[];

/** Outputs to 1e-5. */
export function expectOutputs(model: KerasModel, { x: sequences, output }: Batch): void {
  const { x, structure } = kerasBatch(model, sequences);
  const found = onCpu(model.apply(model.params, x, structure) as Tensor);
  let wanted = output as number[][];
  if (model.answers === "step") {
    const all = (output as number[][][]).flat();
    wanted = Array.from(structure.parts.order, (at) => all[at]!);
  }
  expect(found.shape).toEqual([wanted.length, wanted[0]!.length]);
  expectClose([...found.toArray()], wanted.flat());
}

/** Gradients of every weight that the model has there, to 1e-5. */
export function expectGradients(model: KerasModel, { x: sequences, gradients, variables }: Batch): void {
  const { x, structure } = kerasBatch(model, sequences);
  const loss = (params: readonly unknown[]): Value => {
    const y = model.apply(params, x, structure);
    return mul(sum(mul(y, y)), 0.5);
  };
  const { grads } = valueAndGrad(loss as (p: never) => Value)(model.params as never) as { grads: unknown[] };
  const here = model.layers.flatMap((layer, k) => weightsOf(layer, grads[k])!);
  let k = 0;
  for (const [i, name] of variables!.entries()) {
    const variable = name.slice(name.lastIndexOf("/") + 1);
    // A cell without a bias there has one of zeros here.
    while (here[k]!.variable === "bias" && variable !== "bias") k += 1;
    const { tensor, variable: ours } = here[k++]!;
    expect(ours).toBe(variable);
    const numbers = [...onCpu(tensor).toArray()];
    const wanted = (gradients![i] as Nested[]).flat(2) as number[];
    expect(numbers.length).toBe(wanted.length);
    const third = tensor.shape[1]! / 3;
    // Of the second bias of a GRU only the part inside the reset gate has an equal here.
    const kept = (_: number, at: number) =>
      variable !== "bias" || tensor.rank === 1 || at < 3 * third || at >= 5 * third;
    expectClose(numbers.filter(kept), wanted.filter(kept));
  }
  expect(here.slice(k).every(({ variable }) => variable === "bias")).toBe(true);
}

function expectClose(found: number[], wanted: number[]): void {
  for (const [i, value] of found.entries())
    expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(wanted[i]!)));
}

/** Every tensor of a tree, with its bits. */
export const tensorsOf = (tree: unknown): unknown =>
  JSON.stringify(tree, (_, value) => {
    if (value instanceof Object && "shape" in value && "dtype" in value)
      return [value.dtype, value.shape, [...onCpu(value as Tensor).toArray()]];
    return value;
  });
