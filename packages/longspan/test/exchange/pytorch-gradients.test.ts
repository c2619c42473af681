// Derivatives through layers with PyTorch's weights, against PyTorch's own (golden/make_golden.py).
import { readFileSync } from "node:fs";
import {
  chain,
  decodePytorch,
  encodePytorch,
  fromPytorch,
  mul,
  onCpu,
  sum,
  type Tensor,
  tensor,
  toPytorch,
  type Value,
  valueAndGrad,
} from "longspan";
import { expect, test } from "vitest";

interface Golden {
  readonly lengths: number[];
  readonly x: number[][][];
  readonly dx: number[][][];
  readonly weights: Record<string, number[] | number[][]>;
  readonly gradients: Record<string, number[] | number[][]>;
}
const golden: Record<string, Golden> = JSON.parse(
  readFileSync(new URL("golden/gradients.json", import.meta.url), "utf8"),
);

const tolerance = 1e-5;

function expectClose(found: readonly number[], wanted: readonly number[]) {
  expect(found.length).toBe(wanted.length);
  for (const [i, value] of found.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(tolerance);
}

const numbersOf = (value: Value) => [...onCpu(value as Tensor).toArray()];

const cases = (["LSTM", "GRU", "RNN"] as const).flatMap((kind) =>
  [1, 2].map((directions) => [kind, directions] as const),
);

test.each(cases)("the derivatives of %s, directions: %i, are the module's", async (kind, directions) => {
  const { lengths, x, dx, weights, gradients } = golden[`${kind} of ${directions}`]!;
  const named = Object.entries(weights).map(([name, w]) => [name, tensor(w as number[])]);
  const file = await encodePytorch(Object.fromEntries(named) as Record<string, Tensor>);
  const { layer, params } = fromPytorch(kind, decodePytorch(file));
  const structure = chain(lengths);
  const { order } = structure.parts;
  const rowsOf = <T>(all: readonly T[]) => Array.from(order, (at) => all[at]!);
  const features = 2 * directions;
  // The i-th number of the outputs counts sin(i) times, with the sequences one after the other.
  const factors = tensor(
    Array.from(order, (at) => Array.from({ length: features }, (_, k) => Math.sin(at * features + k))),
  );
  const loss = (at: { params: unknown; x: Value }) =>
    sum(mul(layer.apply(at.params, at.x, structure).output as Value, factors));
  const { grads } = valueAndGrad(loss as never)({
    params,
    x: tensor(rowsOf(x.flat())),
  } as never) as unknown as {
    grads: { params: unknown; x: Value };
  };

  expectClose(numbersOf(grads.x), rowsOf(dx.flat()).flat());
  // Both of PyTorch's biases have the derivative of their sum; only the last block of the GRU's second stands by itself.
  const found = toPytorch(kind, grads.params);
  expect(Object.keys(found).sort()).toEqual(Object.keys(gradients).sort());
  for (const [name, wanted] of Object.entries(gradients)) {
    const second = name.startsWith("bias_hh");
    const own = numbersOf(found[name]!);
    if (!second) expectClose(own, wanted.flat());
    else {
      const summed = numbersOf(found[name.replace("_hh", "_ih")]!);
      const from = kind === "GRU" ? (own.length * 2) / 3 : own.length;
      expectClose([...summed.slice(0, from), ...own.slice(from)], wanted.flat());
    }
  }
});
