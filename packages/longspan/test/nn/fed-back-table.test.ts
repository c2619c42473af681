// Every regime with every distribution: compiled as by the plain loop, and each sequence as alone.

import {
  add,
  bernoulliOutput,
  categoricalOutput,
  chain,
  fedBack,
  freeRunning,
  fromArray,
  gaussianOutput,
  gru,
  hessianVectorProduct,
  Key,
  leafEntries,
  mapTree,
  mixtureOutput,
  mul,
  type OutputDistribution,
  outputToHidden,
  type Regime,
  scheduledSampling,
  stepsAhead,
  sum,
  type Tensor,
  type Traceable,
  teacherForcing,
  tensor,
  type UnfoldOptions,
  unfold,
  type Value,
  valueAndGrad,
  withHalt,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

const outputs: Record<string, OutputDistribution> = {
  categorical: categoricalOutput({ classes: 3 }),
  Bernoulli: bernoulliOutput({ features: 3 }),
  Gaussian: gaussianOutput({ features: 3 }),
  "Gaussian of one width": gaussianOutput({ features: 3, scale: 0.5 }),
  mixture: mixtureOutput({ components: 2, features: 3 }),
  "halted strokes": withHalt(mixtureOutput({ components: 2, features: 2, correlated: true })),
};
const curriculum = () => 0.5;
const regimes: Record<string, Regime> = {
  "teacher forcing": teacherForcing(),
  "free running on means": freeRunning({ feed: "mean" }),
  "free running on modes": freeRunning({ feed: "mode" }),
  "free running on samples": freeRunning(),
  "free running, stopped": freeRunning({ feed: "mean", gradient: "stopped" }),
  "two steps ahead": stepsAhead({ steps: 2 }),
  "scheduled sampling": scheduledSampling({ curriculum }),
};
const cells = {
  gru: (output: OutputDistribution, regime: Regime) =>
    fedBack({ cell: gru({ input: 5, hidden: 4 }), output, regime, context: "sequence" }),
  "gru behind an embedding": (output: OutputDistribution, regime: Regime) =>
    fedBack({ cell: gru({ input: 4, hidden: 4 }), output, regime, features: 2, context: "sequence" }),
  "output to hidden": (output: OutputDistribution, regime: Regime) =>
    outputToHidden({ hidden: 4, output, regime }),
};
const lengths = [4, 0, 3, 5];
const key = Key.of(7);

const table = Object.entries(cells).flatMap(([cellName, make]) =>
  Object.entries(outputs)
    // One cell goes with all; the others with what is chosen and with what has most parts.
    .filter(([name]) => cellName === "gru" || name === "categorical" || name === "halted strokes")
    .flatMap(([outputName, output]) =>
      Object.entries(regimes).map(
        ([regimeName, regime]) => [cellName, outputName, regimeName, make, output, regime] as const,
      ),
    ),
);

/** Targets: those of the step before, and of the step; in the order of the sequences. */
function targets(output: OutputDistribution, seed: number, nodes: number): Tensor {
  const random = numbers(normals(Key.of(seed), nodes, output.features));
  if (Array.isArray(output.target)) {
    const bits = output === outputs.Bernoulli;
    const halts = output === outputs["halted strokes"];
    const data = random.map((v, i) => (bits || (halts && i % 3 === 0) ? (v > 0 ? 1 : 0) : v));
    return fromArray(data, [nodes, output.features], "float64");
  }
  return tensor(
    Array.from({ length: nodes }, (_, i) => Math.abs(Math.round(random[i]! * 3)) % 3),
    "int32",
  );
}

describe.each(table)("%s, %s, %s", (_name, _of, _when, make, output, regime) => {
  const cell = make(output, regime);
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2)) as ReturnType<typeof cell.init>;
  type P = Traceable<typeof params>;

  /** The loss of some sequences, each with its own name, context and targets. */
  function losses(of: readonly number[], options: UnfoldOptions<never> = {}) {
    const structure = chain(
      of.map((s) => lengths[s]!),
      { examples: of },
    );
    const nodes = lengths.reduce((a, b) => a + b, 0);
    const starts = lengths.map((_, s) => lengths.slice(0, s).reduce((a, b) => a + b, 0));
    const places = of.flatMap((s) => Array.from({ length: lengths[s]! }, (_, t) => starts[s]! + t));
    const chosen = (all: Tensor) => {
      const width = all.size / nodes;
      const data = places.flatMap((p) => [...numbers(all)].slice(p * width, (p + 1) * width));
      return structure.pack(fromArray(data, [places.length, ...all.shape.slice(1)], all.dtype));
    };
    const [x, y] = [chosen(targets(output, 3, nodes)), chosen(targets(output, 4, nodes))];
    const contexts = normals(Key.of(5), lengths.length, 2);
    const context = fromArray(
      of.flatMap((s) => [...numbers(contexts)].slice(2 * s, 2 * s + 2)),
      [of.length, 2],
      "float64",
    );
    const inputs: Record<string, Value> & { x: Value } = {
      x,
      ...("context" in cell.sequenceInputs ? { context } : {}),
      ...(regime.kind === "scheduledSampling" ? { teacherProbability: tensor(0.5, "float64") } : {}),
    };
    return (p: P) => {
      const { output: o } = unfold(cell as never, p as never, inputs as never, structure, {
        ...options,
        key,
      } as never);
      return structure.sumPerSequence(output.lossPerRow(o as Value, y));
    };
  }
  const all = [0, 1, 2, 3];
  const flat = (tree: unknown) => leafEntries(tree).flatMap(([, v]) => [...numbers(v as Tensor)]);

  test("value, gradient and Hessian-vector product are the plain loop's", () => {
    const [fast, slow] = [losses(all), losses(all, { loop: "plain" } as never)].map(
      (f) => (p: P) => sum(f(p)),
    );
    const [one, other] = [valueAndGrad(fast!)(params), valueAndGrad(slow!)(params)];
    expect(difference(flat(one), flat(other))).toBeLessThan(1e-11);
    const along = mapTree(params, (v) => mul(add(v, 0.1), 0.3)) as typeof params;
    const products = [fast!, slow!].map((f) => flat(hessianVectorProduct(f)(params, along)));
    expect(difference(products[0]!, products[1]!)).toBeLessThan(1e-10);
    expect(flat(one).every(Number.isFinite)).toBe(true);
  });

  test("a batch is each of its sequences alone, draws and all", () => {
    const together = numbers(losses(all)(params));
    const alone = all.flatMap((s) => [...numbers(losses([s])(params))]);
    expect(difference(together, alone)).toBeLessThan(1e-13);
  });
});
