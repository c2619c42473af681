import {
  add,
  chain,
  checkDerivatives,
  clockwork,
  defineCell,
  grad,
  gru,
  Key,
  leafEntries,
  leaky,
  linear,
  lstm,
  mul,
  onCpu,
  rnn,
  type SequenceOptions,
  type Structure,
  StructureError,
  stacked,
  sub,
  sum,
  type Tensor,
  tensor,
  trees,
  type Value,
  zeros,
} from "longspan";
import { watchUnfolds } from "longspan/engine";
import { describe, expect, it } from "vitest";
import { difference, normals, numbers, product, randomLike, rows } from "./plain.js";

const groups = [
  { units: 3, period: 1 },
  { units: 2, period: 2 },
  { units: 2, period: 6 },
];
const lengths = [13, 0, 7, 1, 12];
const nodes = 33;
const structure = chain(lengths);

type Group = { readonly U: Tensor; readonly W: Tensor; readonly b: Tensor };

/**
 * The net as one matrix with masked updates, in plain numbers: h(t) = tanh(W h(t-1) + U x(t) + b) where the unit's period divides t, W block
 * upper triangular.
 */
function plainNet(params: readonly Group[], x: Value, start: readonly Value[]) {
  const sizes = groups.map(({ units }) => units);
  const first = sizes.map((_, g) => sizes.slice(0, g).reduce((a, b) => a + b, 0));
  const all = sizes.reduce((a, b) => a + b, 0);
  const inputs = 4;
  const U = Array.from({ length: inputs }, () => new Array<number>(all).fill(0));
  const W = Array.from({ length: all }, () => new Array<number>(all).fill(0));
  const b = new Array<number>(all).fill(0);
  const period = new Array<number>(all).fill(0);
  params.forEach((own, g) => {
    const [u, w, bias] = [rows(own.U), rows(own.W), numbers(own.b)];
    for (let j = 0; j < sizes[g]!; j++) {
      const column = first[g]! + j;
      period[column] = groups[g]!.period;
      b[column] = bias[j]!;
      for (let i = 0; i < inputs; i++) U[i]![column] = u[i]![j]!;
      // Rows of U after those of x: what is read of slower groups.
      for (let i = inputs; i < u.length; i++) W[first[g + 1]! + i - inputs]![column] = u[i]![j]!;
      for (let i = 0; i < sizes[g]!; i++) W[first[g]! + i]![column] = w[i]![j]!;
    }
  });
  const xs = rows(structure.unpack(x));
  const outputs: number[][] = [];
  const finals: number[][] = [];
  let at = 0;
  lengths.forEach((length, s) => {
    let h = start.flatMap((of) => rows(of)[s]!);
    for (let t = 0; t < length; t++) {
      const row = xs[at++]!;
      h = h.map((old, j) =>
        t % period[j]! === 0 ? Math.tanh(b[j]! + product(row, U, j) + product(h, W, j)) : old,
      );
      outputs.push(h);
    }
    finals.push(h);
  });
  return { output: outputs.flat(), finals };
}

const layer = clockwork(rnn, { input: 4, groups });
const params = randomLike(layer.init(Key.of(1), "float64"), Key.of(2), 0.5);
const x = normals(Key.of(3), nodes, 4);
const initial = groups.map(({ units }, g) => ({ h: normals(Key.of(4 + g), lengths.length, units) }));

describe("clockwork", () => {
  it("is the net with one matrix, block upper triangular, and masked updates", () => {
    const { output, final } = layer.apply(params, x, structure, { initial });
    const plain = plainNet(
      params as readonly Group[],
      x,
      initial.map(({ h }) => h),
    );
    expect(output.shape).toEqual([nodes, 7]);
    expect(difference(numbers(structure.unpack(output)), plain.output)).toBeLessThan(1e-15);
    const finals = plain.finals.map((_, s) => final.flatMap(({ h }) => rows(h)[s]!));
    expect(difference(finals.flat(), plain.finals.flat())).toBeLessThan(1e-15);
  });

  it("starts from zeros by default, or where its cell starts", () => {
    const begun = layer.apply(params, x, structure);
    const plain = plainNet(
      params as readonly Group[],
      x,
      groups.map(({ units }) => zeros([lengths.length, units], "float64")),
    );
    expect(difference(numbers(structure.unpack(begun.output)), plain.output)).toBeLessThan(1e-15);
    const ownStart = (sizes: { input: number; hidden: number }) => {
      const inner = rnn(sizes);
      return defineCell({
        name: "ownStart",
        inputs: () => ({ x: [sizes.input] }),
        state: () => ({ h: [sizes.hidden] }),
        start: () => ({ h: 0.25 }),
        params: () => inner.specs,
        step: (values, own, context) => inner.step(values, own, context),
      })(undefined);
    };
    const quarter = groups.map(({ units }) => ({ h: add(zeros([lengths.length, units], "float64"), 0.25) }));
    const own = clockwork(ownStart, { input: 4, groups }).apply(params, x, structure);
    expect(numbers(own.output)).toEqual(
      numbers(layer.apply(params, x, structure, { initial: quarter }).output),
    );
  });

  it("takes a step for each update, and none for what is skipped", () => {
    const run = (over: Structure) => {
      const steps: number[] = [];
      watchUnfolds(
        (call, go) => {
          steps.push(call.structure.nodes);
          return go(call.options);
        },
        () => layer.apply(params, normals(Key.of(3), over.nodes, 4), over),
      );
      return steps;
    };
    // The slowest first: ceil(T / 6), ceil(T / 2) and T of each sequence.
    expect(run(structure)).toEqual([3 + 0 + 2 + 1 + 2, 7 + 0 + 4 + 1 + 6, 33]);
    const net = clockwork(rnn, {
      input: 4,
      groups: [1, 2, 4, 8, 16].map((period) => ({ units: 2, period })),
    });
    let steps = 0;
    watchUnfolds(
      (call, go) => {
        steps += call.structure.nodes;
        return go(call.options);
      },
      () => net.apply(net.init(Key.of(1), "float64"), zeros([320, 4], "float64"), chain([320])),
    );
    expect(steps).toBe(320 + 160 + 80 + 40 + 20);
  });

  const makers = { rnn, gru, lstm };
  for (const [name, make] of Object.entries(makers))
    for (const every of [null, 1, 2, 3, 4, 12]) {
      const way = every === null ? "full" : `truncated after ${every}`;
      it(`gives what the slow form gives, values and gradients: ${name}, ${way}`, () => {
        const net = clockwork(make as typeof gru, { input: 4, groups });
        const own = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.5);
        const { final: like } = net.apply(own, x, structure);
        const point = { own, x, initial: randomLike(like, Key.of(9)) };
        const options: SequenceOptions<typeof like> =
          every === null ? {} : { backward: { kind: "truncated", every } };
        const over = (of: Structure) => (p: typeof point) => {
          const { output, final } = net.apply(p.own, p.x, of, { ...options, initial: p.initial });
          const ends = final.flatMap((state, g) =>
            leafEntries(state).map(([, v], i) => sum(mul(v, normals(Key.of(50 + 10 * g + i), ...v.shape)))),
          );
          return ends.reduce(add, sum(mul(mul(output, output), normals(Key.of(5), ...output.shape))));
        };
        const slow = structure.startingAt(tensor(0, "int32"));
        expect(onCpu(sub(over(structure)(point), over(slow)(point))).item()).toBe(0);
        const [fast, twin] = [grad(over(structure))(point as never), grad(over(slow))(point as never)];
        const wrong = leafEntries(twin).filter(([path, v]) => {
          const other = leafEntries(fast).find(([p]) => p === path)![1];
          return difference(numbers(other), numbers(v)) > 1e-12;
        });
        expect(wrong.map(([path]) => path)).toEqual([]);
      });
    }

  it("has right derivatives of both orders, ragged", () => {
    const net = clockwork((sizes) => leaky(gru(sizes)), { input: 4, groups });
    const own = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.5);
    const point = { own, x, initial };
    const loss = (p: typeof point): Value => {
      const { output, final } = net.apply(p.own, p.x, structure, { initial: p.initial });
      const ends = final.map(({ h }) => sum(h));
      return ends.reduce(add, sum(mul(mul(output, output), normals(Key.of(5), nodes, 7))));
    };
    const { first, second } = checkDerivatives(loss, point, { second: true });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });

  it("gives each sequence of a batch what it gives it alone", () => {
    const together = numbers(structure.unpack(layer.apply(params, x, structure).output));
    const each = structure.unpack(x);
    let at = 0;
    const alone = lengths.flatMap((length) => {
      const own = tensor(
        rows(each)
          .slice(at, at + length)
          .flat(),
        "float64",
      );
      at += length;
      return length === 0 ? [] : numbers(layer.apply(params, own.view([length, 4]), chain([length])).output);
    });
    expect(together).toEqual(alone);
  });

  it("goes on from segment to segment where they are multiples of the periods", () => {
    const whole = layer.apply(params, normals(Key.of(3), 18, 4), chain([18]));
    const parts = rows(normals(Key.of(3), 18, 4));
    const first = layer.apply(params, tensor(parts.slice(0, 12), "float64"), chain([12]));
    const second = layer.apply(params, tensor(parts.slice(12), "float64"), chain([6]), {
      initial: first.final,
    });
    expect([...numbers(first.output), ...numbers(second.output)]).toEqual(numbers(whole.output));
    // From any step with startingAt.
    const begun = layer.apply(params, tensor(parts.slice(0, 7), "float64"), chain([7]));
    const rest = layer.apply(
      params,
      tensor(parts.slice(7), "float64"),
      chain([11]).startingAt(tensor(7, "int32")),
      { initial: begun.final },
    );
    expect([...numbers(begun.output), ...numbers(rest.output)]).toEqual(numbers(whole.output));
  });

  it("streams the same numbers, in a stack too, and from any position", () => {
    const net = stacked([layer, linear({ input: 7, output: 2 })]);
    const weights = net.init(Key.of(1));
    const series = normals(Key.of(3), 20, 4);
    const inputs = rows(series);
    const whole = rows(net.apply(weights, tensor(inputs), chain([20])).output);
    const stream = net.stream(weights);
    for (let t = 0; t < 20; t++) expect(difference(stream.step(inputs[t]!), whole[t]!)).toBeLessThan(1e-6);
    stream.reset();
    for (let t = 0; t < 9; t++) stream.step(inputs[t]!);
    const { state } = stream;
    stream.reset();
    stream.state = state;
    stream.position = 9;
    for (let t = 9; t < 20; t++) expect(difference(stream.step(inputs[t]!), whole[t]!)).toBeLessThan(1e-6);
    stream.dispose();
  });

  it("says what it cannot take", () => {
    const make = (of: unknown) => () => clockwork(gru, { input: 2, groups: of as never });
    expect(
      make([
        { units: 2, period: 2 },
        { units: 2, period: 2 },
      ]),
    ).toThrow(
      new RangeError(
        "clockwork: groups[1].period is 2, after 2; periods rise from group to group, and units of one period are one group",
      ),
    );
    expect(make([])).toThrow("clockwork: groups is a list of groups { units, period }, at least one, got");
    expect(make([{ units: 2, period: 0 }])).toThrow(
      new RangeError("clockwork: groups[0].period is a positive integer, got 0"),
    );
    expect(make([{ units: 2, period: 1, cell: "gru" }])).toThrow(
      new TypeError("clockwork: groups[0]: there is no setting cell; the settings are units, period"),
    );
    const outputs = defineCell({
      name: "doubled",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({}),
      step: ({ x, h }) => ({ state: { h: add(x, h) }, output: mul(h, 2) }),
    });
    expect(() =>
      clockwork(() => outputs(undefined), { input: 2, groups: [{ units: 2, period: 1 }] }),
    ).toThrow(
      new TypeError(
        "clockwork: the output of cell doubled is no slot of its state; between updates a group hands on what it keeps, so the output is to be one, as h is in gru and lstm",
      ),
    );
    const reversed = chain([2, 1], { reverse: true });
    for (const over of [reversed, trees([{ children: [[1, 2], [], []] }])])
      expect(() => layer.apply(params, normals(Key.of(1), 3, 4), over)).toThrow(
        new StructureError(
          "clockwork: the structure is no forward chain, made by chain(lengths); its groups keep time by the steps of sequences",
        ),
      );
  });
});
