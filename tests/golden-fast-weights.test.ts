import { readFileSync } from "node:fs";
import {
  type AnyCell,
  add,
  chain,
  type DType,
  deltaRule,
  exp,
  fromArray,
  gatedDeltaRule,
  leafEntries,
  linearAttention,
  mlstm,
  mul,
  onCpu,
  reshape,
  slstm,
  sum,
  type Tensor,
  unfold,
  type Value,
  valueGradAndAux,
} from "longspan";
import { describe, expect, test } from "vitest";

/** An array as the files hold it. */
interface Stored {
  readonly shape: number[];
  readonly data: number[];
}

interface FastWeightsFile {
  readonly config: {
    readonly input: number;
    readonly hidden: number;
    readonly heads: number;
    readonly keys: number;
    readonly lengths: number[];
  };
  readonly weights: Record<string, Stored>;
  readonly inputs: { readonly x: Stored[]; readonly initial: Record<string, Stored[]> };
  readonly cotangents: { readonly Wout: Stored[]; readonly Wm: Stored[] };
  readonly outputs: {
    readonly loss: number;
    readonly output: Stored[];
    readonly final: Record<string, Stored[]>;
  };
  readonly gradients: { readonly x: Stored[]; readonly initial: Record<string, Stored[]> } & Record<
    string,
    Stored
  >;
}

const cases: Readonly<Record<string, (config: FastWeightsFile["config"]) => AnyCell>> = {
  linear_attention: ({ input, hidden, heads, keys }) => linearAttention({ input, hidden, heads, keys }),
  delta_rule: ({ input, hidden, heads, keys }) => deltaRule({ input, hidden, heads, keys, largestBeta: 2 }),
  gated_delta_rule: ({ input, hidden, heads, keys }) =>
    gatedDeltaRule({ input, hidden, heads, keys, largestBeta: 2 }),
  mlstm: ({ input, hidden, heads, keys }) => mlstm({ input, hidden, heads, keys }),
  slstm: ({ input, hidden, heads }) => slstm({ input, hidden, heads }),
};

describe.each([
  ["float64", 1e-10],
  ["float32", 1e-5],
] as const)("PyTorch's loops, without a stabiliser, %s", (dtype, tolerance) => {
  test.each(Object.keys(cases))("%s: outputs, final states and every gradient", (name) => {
    const url = new URL(`golden/${name}.json`, import.meta.url);
    const file = JSON.parse(readFileSync(url, "utf8")) as FastWeightsFile;
    const { config, inputs, cotangents, outputs, gradients } = file;
    const cell = cases[name]!(config);
    const structure = chain(config.lengths);
    const main = name === "slstm" ? "c" : "memory";

    const f = (p: { params: object; x: Value; initial: Readonly<Record<string, Value>> }) => {
      const { output, final } = unfold(cell, p.params, { x: structure.pack(p.x) }, structure, {
        initial: p.initial,
      });
      const bySequence = structure.unpack(output);
      const kept = withoutStabiliser(final, config.heads);
      const loss = add(
        sum(mul(bySequence, rows(cotangents.Wout, dtype))),
        sum(mul(kept[main]!, stacked(cotangents.Wm, dtype))),
      );
      return { loss, aux: { output: bySequence, final: kept } };
    };
    const point = {
      params: mapped(file.weights, (v) => tensorOf(v, dtype)),
      x: rows(inputs.x, dtype),
      initial: mapped(inputs.initial, (v) => stacked(v, dtype)),
    };
    const { value, grads, aux } = valueGradAndAux(f)(point);

    const close = (actual: Value, expected: readonly Stored[], what: string) =>
      expectClose(
        actual,
        expected.flatMap(({ data }) => data),
        tolerance,
        what,
      );
    close(value, [{ shape: [], data: [outputs.loss] }], "loss");
    close(aux.output, outputs.output, "output");
    for (const [slot, expected] of Object.entries(outputs.final)) close(aux.final[slot]!, expected, slot);
    close(grads.x, gradients.x, "gradient of x");
    for (const [slot, expected] of Object.entries(gradients.initial))
      close(grads.initial[slot]!, expected, `gradient of ${slot}`);
    const ofParams = leafEntries(grads.params);
    expect(ofParams.map(([path]) => path).sort()).toEqual(Object.keys(file.weights).sort());
    for (const [path, gradient] of ofParams) close(gradient, [gradients[path]!], `gradient of ${path}`);
  });
});

/** The states as the equations have them: what is kept divided by exp(m) is multiplied by it. */
function withoutStabiliser(final: Readonly<Record<string, Value>>, heads: number): Record<string, Value> {
  const { stabiliser, m } = final;
  const undone = (slot: string, v: Value) => {
    if (m) return slot === "h" ? v : mul(v, exp(m));
    if (!stabiliser) return v;
    return mul(v, exp(reshape(stabiliser, [v.shape[0]!, heads, ...v.shape.slice(2).map(() => 1)])));
  };
  return Object.fromEntries(Object.entries(final).map(([slot, v]) => [slot, undone(slot, v)]));
}

function mapped<A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}

function tensorOf({ shape, data }: Stored, dtype: DType): Tensor {
  return fromArray(data, shape, dtype);
}

/** Sequences one after the other. */
function rows(values: readonly Stored[], dtype: DType): Tensor {
  const width = values[0]!.shape[1]!;
  const data = values.flatMap((v) => v.data);
  return fromArray(data, [data.length / width, width], dtype);
}

/** One entry per sequence. */
function stacked(values: readonly Stored[], dtype: DType): Tensor {
  return fromArray(
    values.flatMap((v) => v.data),
    [values.length, ...values[0]!.shape],
    dtype,
  );
}

/** The largest difference may be `tolerance` times the largest number, or `tolerance` if all are below 1. */
function expectClose(actual: Value, expected: readonly number[], tolerance: number, what: string): void {
  const ours = onCpu(actual).toArray();
  expect(ours.length, what).toBe(expected.length);
  const size = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  const worst = expected.reduce((m, v, i) => Math.max(m, Math.abs(v - ours[i]!)), 0);
  // Not "greater than": a NaN must fail.
  if (!(worst <= tolerance * size))
    throw new Error(`${what}: differs by ${worst}, allowed are ${tolerance} x ${size}`);
}
