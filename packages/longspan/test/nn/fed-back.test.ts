import {
  bernoulliOutput,
  binaryTreeLstm,
  categoricalOutput,
  chain,
  checkDerivatives,
  embedding,
  exponentialCurriculum,
  type FeedSettings,
  fedBack,
  freeRunning,
  fromArray,
  gaussianOutput,
  grad,
  gru,
  inverseSigmoidCurriculum,
  Key,
  leafEntries,
  linear,
  linearCurriculum,
  mapTree,
  mul,
  perceptron,
  type Regime,
  recurrent,
  rnn,
  scheduledSampling,
  stepsAhead,
  sum,
  type Traceable,
  teacherForcing,
  tensor,
  unfold,
  type Value,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers } from "./plain.js";

const lengths = [6, 4];
const structure = chain(lengths);
const symbolX = () => fromArray(Int32Array.from([0, 1, 2, 3, 1, 2, 0, 3, 3, 1]), [10], "int32");
const symbols = (regime: Regime) =>
  fedBack({
    cell: gru({ input: 3, hidden: 5 }),
    output: categoricalOutput({ classes: 4 }),
    features: 3,
    regime,
  });
const reals = (regime: Regime) =>
  fedBack({
    cell: rnn({ input: 4, hidden: 5 }),
    output: gaussianOutput({ features: 2 }),
    regime,
  });
const keyed = { key: Key.of(5) };

type AnyParams = Traceable<ReturnType<ReturnType<typeof symbols>["init"]>>;
const run = (regime: Regime, params: AnyParams, x: Value, more: Record<string, Value> = {}) =>
  unfold(symbols(regime), params, { x, ...more }, structure, { ...keyed, states: true });

describe("teacher forcing", () => {
  test("is embedding, layer and readout", () => {
    const cell = symbols(teacherForcing());
    const params = cell.init(Key.of(1), "float64");
    expect(leafEntries(params).map(([path]) => path)).toEqual([
      "cell.U",
      "cell.W",
      "cell.Wtarget",
      "cell.b",
      "readout.V",
      "readout.c",
      "embedding.E",
    ]);
    const x = symbolX();
    const layer = recurrent(gru({ input: 3, hidden: 5 }));
    const read = embedding({ vocabulary: 4, features: 3 }).apply(params.embedding!, x);
    const { output: h } = layer.apply(params.cell, read, structure);
    const { V: W, c: b } = params.readout;
    const o = linear({ input: 5, output: 4 }).apply({ W, b }, h);
    expect(difference(numbers(unfold(cell, params, { x }, structure).output), numbers(o))).toBeLessThan(
      1e-14,
    );
  });

  test("as a layer, with a stream", () => {
    const layer = recurrent(symbols(teacherForcing()));
    const params = layer.init(Key.of(1));
    const { output } = layer.apply(params, tensor([0, 1, 2], "int32"), chain([3]));
    const stream = layer.stream(params);
    const steps = [0, 1, 2].flatMap((symbol) => [...stream.step(symbol)]);
    stream.dispose();
    expect(difference(steps, numbers(output))).toBeLessThan(1e-6);
  });

  test("parameters are the same for all regimes", () => {
    const regimes = [
      teacherForcing(),
      freeRunning(),
      stepsAhead({ steps: 2 }),
      scheduledSampling({ curriculum: () => 1 }),
    ];
    const [first, ...others] = regimes.map((regime) => leafEntries(symbols(regime).init(Key.of(1))));
    for (const params of others)
      expect(params.map(([path, v]) => [path, ...numbers(v as never)])).toEqual(
        first!.map(([path, v]) => [path, ...numbers(v as never)]),
      );
  });
});

/** What was fed at each step, found by following the regime by hand with the teacher-forced cell, one step at a time, symbols by mode. */
function byHand(params: AnyParams, x: readonly number[], isTrue: (t: number) => boolean): number[] {
  const cell = symbols(teacherForcing());
  let initial: Record<string, Value> = {};
  let last = 0;
  return x.flatMap((symbol, t) => {
    const read = t === 0 || isTrue(t) ? symbol : last;
    const result = unfold(cell, params, { x: tensor([read], "int32") }, chain([1]), { initial } as never);
    initial = result.final as Record<string, Value>;
    const o = [...numbers(result.output as never)];
    last = o.indexOf(Math.max(...o));
    return o;
  });
}

describe("free running", () => {
  test("reads its own mode, symbol for symbol", () => {
    for (const seed of [1, 2, 3]) {
      const params = mapTree(symbols(teacherForcing()).init(Key.of(seed), "float64"), (v) =>
        mul(v, 2),
      ) as never;
      const x = [2, 0, 1, 3, 1];
      const inputs = { x: tensor(x, "int32") };
      const free = unfold(symbols(freeRunning({ feed: "mode" })), params, inputs, chain([5]));
      expect(
        difference(
          numbers(free.output),
          byHand(params, x, () => false),
        ),
      ).toBeLessThan(1e-13);
      const ahead = unfold(symbols(stepsAhead({ steps: 2, feed: "mode" })), params, inputs, chain([5]));
      expect(
        difference(
          numbers(ahead.output),
          byHand(params, x, (t) => t % 2 === 0),
        ),
      ).toBeLessThan(1e-13);
    }
  });

  test("samples: what it fed, read as the truth, gives the same outputs, and the draws follow the softmax", () => {
    const params = symbols(teacherForcing()).init(Key.of(1), "float64");
    const free = run(freeRunning(), params, symbolX());
    const fed = numbers(free.states!.feedback as Value as never);
    const chosen = Array.from({ length: 10 }, (_, row) =>
      [0, 1, 2, 3].findIndex((c) => fed[row * 4 + c] === 1),
    );
    expect(chosen).not.toContain(-1);
    const x = [...numbers(symbolX())];
    for (const s of [0, 1])
      structure.rowsOf(s).forEach((row, t, all) => {
        if (t > 0) x[row] = chosen[all[t - 1]!]!;
      });
    const forced = run(teacherForcing(), params, tensor(x, "int32"));
    expect(difference(numbers(free.output), numbers(forced.output))).toBeLessThan(1e-14);
    // Many sequences: the first symbol drawn is distributed as the first softmax says.
    const wide = chain(new Array<number>(8000).fill(1));
    const all = unfold(
      symbols(freeRunning()),
      params,
      { x: tensor(new Array<number>(8000).fill(1), "int32") },
      wide,
      keyed,
    );
    const drawn = numbers(all.final.feedback as never);
    const o = [...numbers(all.output)].slice(0, 4).map(Math.exp);
    const total = o.reduce((a, b) => a + b);
    o.forEach((w, c) => {
      const share = drawn.filter((v, i) => i % 4 === c && v === 1).length / 8000;
      expect(Math.abs(share - w / total)).toBeLessThan(0.02);
    });
  });

  test.each<FeedSettings>([
    { feed: "mean" },
    { feed: "sample" },
    { feed: "mean", gradient: "stopped" },
    { feed: "sample", gradient: "stopped" },
  ])("of real values, %o: the gradient flows through, to second order, or is stopped", (settings) => {
    const cell = reals(freeRunning(settings));
    const params = cell.init(Key.of(2), "float64");
    const [x, context, y] = [1, 2, 3].map((seed): Value => normals(Key.of(seed), 10, 2)) as [
      Value,
      Value,
      Value,
    ];
    const output = gaussianOutput({ features: 2 });
    type P = Traceable<typeof params>;
    const forward = (p: P) => unfold(cell, p, { x, context }, structure, { ...keyed, states: true });
    const loss = (p: P) => sum(output.lossPerRow(forward(p).output, y));
    if (settings.gradient !== "stopped") {
      const { first, second } = checkDerivatives(loss, params, { second: true });
      expect(first).toBeLessThan(1e-6);
      expect(second).toBeLessThan(1e-5);
      return;
    }
    // As if what was fed had been given.
    const fed = numbers(forward(params).states!.feedback as Value as never);
    const given = [...numbers(x as never)];
    for (const s of [0, 1])
      structure.rowsOf(s).forEach((row, t, all) => {
        if (t > 0) for (const d of [0, 1]) given[row * 2 + d] = fed[all[t - 1]! * 2 + d]!;
      });
    const frozen = fromArray(given, [10, 2], "float64");
    const forced = reals(teacherForcing());
    const asGiven = (p: P) =>
      sum(output.lossPerRow(unfold(forced, p, { x: frozen, context }, structure).output, y));
    const [one, other] = [loss, asGiven].map((f) => leafEntries(grad(f)(params)));
    one!.forEach(([path, v], i) => {
      expect(difference(numbers(v as never), numbers(other![i]![1] as never)), path).toBeLessThan(1e-13);
    });
  });
});

describe("steps ahead", () => {
  test("1 is teacher forcing, as many as there are is free running", () => {
    const params = symbols(teacherForcing()).init(Key.of(1), "float64");
    const x = symbolX();
    const out = (regime: Regime) => numbers(run(regime, params, x).output);
    expect(difference(out(stepsAhead({ steps: 1 })), out(teacherForcing()))).toBeLessThan(1e-14);
    expect(difference(out(stepsAhead({ steps: 6 })), out(freeRunning()))).toBeLessThan(1e-14);
  });
});

describe("scheduled sampling", () => {
  const params = symbols(teacherForcing()).init(Key.of(1), "float64");
  const regime = scheduledSampling({ curriculum: linearCurriculum({ slope: 0.25 }), feed: "mode" });
  const at = (p: number) =>
    numbers(run(regime, params, symbolX(), { teacherProbability: tensor(p, "float64") }).output);

  test("a probability of 1 is teacher forcing, of 0 free running", () => {
    expect(difference(at(1), numbers(run(teacherForcing(), params, symbolX()).output))).toBeLessThan(1e-14);
    expect(
      difference(at(0), numbers(run(freeRunning({ feed: "mode" }), params, symbolX()).output)),
    ).toBeLessThan(1e-14);
  });

  test("the truth is read as often as the probability says", () => {
    // A cell that hands on what it reads, and a readout that says 0: what is read is 1 or 0.
    const cell = fedBack({
      cell: perceptron({ input: 1, hidden: 1, activation: "relu" }),
      output: gaussianOutput({ features: 1, scale: 1 }),
      regime: scheduledSampling({ curriculum: () => 0.3, feed: "mean" }),
    });
    const p = cell.init(Key.of(1));
    const zero = mapTree(p, (v) => mul(v, 0)) as typeof p;
    const pass = {
      ...zero,
      cell: { ...zero.cell, U: tensor([[1]]) },
      readout: { ...zero.readout, V: tensor([[-1]]) },
    };
    const x = fromArray(new Float32Array(4000).fill(1), [4000, 1]);
    const { output } = unfold(cell, pass, { x, teacherProbability: tensor(0.3) }, chain([2000, 2000]), keyed);
    // Where the truth, 1, is read, the output is -1; where what was given, -1 or 0, is read, it is 0.
    const share = numbers(output).filter((v) => v === -1).length / 4000;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.03);
  });

  test("curricula", () => {
    expect(regime.probability(2)).toBe(0.5);
    expect(linearCurriculum({ from: 0.9, to: 0.2, slope: 0.1 })(100)).toBe(0.2);
    expect(exponentialCurriculum({ base: 0.9 })(2)).toBeCloseTo(0.81, 12);
    expect(inverseSigmoidCurriculum({ k: 10 })(10 * Math.log(10))).toBeCloseTo(0.5, 12);
    expect(inverseSigmoidCurriculum({ k: 10 })(1e6)).toBe(0);
  });
});

describe("contexts and errors", () => {
  test("a context per sequence is one per node that does not change", () => {
    const config = {
      cell: rnn({ input: 4, hidden: 5 }),
      output: bernoulliOutput({ features: 2 }),
      regime: freeRunning({ feed: "mean" }),
    } as const;
    const [perNode, perSequence] = [fedBack(config), fedBack({ ...config, context: "sequence" })];
    const params = perNode.init(Key.of(1), "float64");
    const context = normals(Key.of(2), 2, 2);
    const x = normals(Key.of(3), 10, 2);
    const spread = fromArray(
      [...structure.parts.sequenceOf].flatMap((s) => [...numbers(context)].slice(2 * s, 2 * s + 2)),
      [10, 2],
      "float64",
    );
    const one = unfold(perNode, params, { x, context: spread }, structure).output;
    const other = unfold(perSequence, params, { x, context }, structure).output;
    expect(difference(numbers(one), numbers(other))).toBeLessThan(1e-14);
  });

  test("errors", () => {
    const output = categoricalOutput({ classes: 4 });
    const cell = gru({ input: 3, hidden: 5 });
    const message = (f: () => unknown) => {
      try {
        f();
      } catch (error) {
        return String(error);
      }
      return "none";
    };
    expect(message(() => fedBack({ cell, output, regime: teacherForcing() }))).toMatchInlineSnapshot(
      `"ShapeError: fedBack: cell gru has the input x [3], and what is read has 4 features; give the cell at least as many, or fewer features to an embedding"`,
    );
    expect(
      message(() => fedBack({ cell, output, features: 3, regime: freeRunning({ gradient: "through" }) })),
    ).toMatchInlineSnapshot(
      `"TypeError: fedBack: freeRunning has the gradient go through its sample, which is a choice and has no derivative; feed the mean, or leave gradient at "stopped""`,
    );
    expect(
      message(() => fedBack({ cell, output, features: 3, regime: "teacherForcing" as never })),
    ).toMatchInlineSnapshot(
      `"TypeError: fedBack: regime is a regime, such as teacherForcing(), got "teacherForcing""`,
    );
    const forTrees = binaryTreeLstm({ input: 3, hidden: 5 });
    expect(
      message(() => fedBack({ cell: forTrees, output, features: 3, regime: teacherForcing() })),
    ).toMatchInlineSnapshot(
      `"TypeError: fedBack: cell binaryTreeLstm is made for trees or graphs (it has ports); what is fed back goes along a chain"`,
    );
    expect(message(() => linearCurriculum({ from: 0.1, to: 0.2, slope: 1 }))).toMatchInlineSnapshot(
      `"RangeError: linearCurriculum: to is 0.2, above from, 0.1; the probability falls"`,
    );
  });
});
