import {
  allOps,
  applyAll,
  checkDerivatives,
  dot,
  fromArray,
  Key,
  leaves,
  linearize,
  mul,
  normal,
  type Op,
  onCpu,
  reshape,
  type Sample,
  type SampleInput,
  sum,
  type Tensor,
  tanh,
  uniform,
  type Value,
} from "longspan/engine";
import { describe, expect, test } from "vitest";

function draw(input: SampleInput, key: Key): Tensor {
  const values = onCpu(uniform(key, input.shape, "float64")).toArray();
  const { below } = input;
  if (below !== undefined)
    return fromArray(
      Array.from(values, (u) => Math.floor(u * below)),
      input.shape,
      "int32",
    );
  const [low, high] = input.range ?? [-1.5, 1.5];
  const n = input.shape.at(-1) ?? 1;
  const added = (i: number) => (i % n === Math.floor(i / n) % n ? (input.diagonal ?? 0) : 0);
  return fromArray(
    Array.from(values, (u, i) => low + (high - low) * u + added(i)),
    input.shape,
    "float64",
  );
}

function operands(sample: Sample): Tensor[] {
  return sample.inputs.map((input, i) => draw(input, Key.of(7).fold(i)));
}

/** Ops whose forward and reverse derivatives differ on purpose, or that exist inside cells only. */
const exempt = new Map([
  ["clipGradient", "clips in reverse mode only; tested by itself"],
  ["spreadTo", "exists inside cells only; covered by the random cells"],
  ["sumTo", "exists inside cells only; covered by the random cells"],
]);

const rows = allOps.flatMap((op) => op.samples.map((sample, i) => ({ op, sample, name: `${op.name} ${i}` })));

test("every op has samples, or a reason for having none", () => {
  for (const op of allOps) if (op.samples.length === 0) expect([...exempt.keys()]).toContain(op.name);
});

describe.each(rows)("$name", ({ op, sample }: { op: Op; sample: Sample }) => {
  const xs = operands(sample);
  const floats = xs.filter((x) => x.dtype !== "int32");
  const result = applyAll(op, sample.attrs, xs)[0]!;
  const differentiable =
    floats.length > 0 && result.dtype !== "int32" && op.name !== "stopGradient" && op.name !== "uniform";

  test("the shape rule agrees with the result", () => {
    const [aval] = op.infer(sample.attrs, xs);
    expect(result.shape).toEqual(aval!.shape);
    expect(result.dtype).toBe(aval!.dtype);
    expect(
      onCpu(result)
        .toArray()
        .every((x) => Number.isFinite(x)),
    ).toBe(true);
  });

  if (differentiable)
    test("derivatives agree with central differences to second order", () => {
      const f = (values: Value[]) => {
        const y = applyAll(op, sample.attrs, values)[0]!;
        return sum(mul(normal(Key.of(3), y.shape, y.dtype), tanh(y)));
      };
      const { first, second } = checkDerivatives(f, xs, { second: true });
      expect(first).toBeLessThan(1e-6);
      expect(second).toBeLessThan(1e-6);
    });

  if (differentiable && !exempt.has(op.name))
    test("<J v, w> = <v, J' w>", () => {
      const lin = linearize((values: Value[]) => applyAll(op, sample.attrs, values)[0]!, xs);
      const v = xs.map((x, i) => (x.dtype === "int32" ? x : normal(Key.of(11).fold(i), x.shape, x.dtype)));
      const w = normal(Key.of(12), result.shape, "float64");
      const inner = (a: readonly Value[], b: readonly Value[]) =>
        a.reduce(
          (p, x, i) =>
            p + (x.dtype === "int32" ? 0 : onCpu(dot(reshape(x, [-1]), reshape(b[i]!, [-1]))).item()),
          0,
        );
      const left = inner([lin.pushforward(v)], [w]);
      const right = inner(v, leaves(lin.pullback(w)));
      expect(Math.abs(left - right)).toBeLessThan(1e-12 * Math.max(1, Math.abs(left)));
      lin.dispose();
    });

  test("float32 gives the same to single precision", () => {
    const singles = xs.map((x) =>
      x.dtype === "float64" ? fromArray(onCpu(x).toArray(), x.shape, "float32") : x,
    );
    if (floats.length === 0 || op.name === "cast") return;
    const single = onCpu(applyAll(op, sample.attrs, singles)[0]!).toArray();
    onCpu(result)
      .toArray()
      .forEach((x, i) => {
        expect(Math.abs(single[i]! - x)).toBeLessThan(2e-6 * Math.max(1, Math.abs(x)));
      });
  });
});
