import {
  type AnySequenceLayer,
  bidirectional,
  chain,
  embedding,
  fromArray,
  gru,
  Key,
  languageModel,
  layerNorm,
  leafEntries,
  linear,
  lstm,
  mul,
  pascanuRnn,
  recurrent,
  residual,
  type SequenceLayer,
  sequenceLayer,
  sequenceModel,
  slice,
  stacked,
  sum,
  sutskeverRnn,
  syntheticTask,
  type Tensor,
  type Traceable,
  temporalOrder,
  tensor,
  textStreams,
  textTask,
  type Value,
  valueAndGrad,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, rows } from "./plain.js";

const structure = chain([4, 1, 2]);
const three = { input: 3, hidden: 4 };
const tree = (t: unknown) => leafEntries(t).map(([path, v]) => [path, numbers(v)]);

/** Everything that runs over a structure: layers, what is made of them, models. One row enrols it. */
const modules: readonly (readonly [name: string, layer: AnySequenceLayer, features: number])[] = [
  ["recurrent", recurrent(lstm(three)), 4],
  ["recurrent, reversed", recurrent(lstm(three), { reverse: true }), 4],
  ["bidirectional", bidirectional(gru(three), lstm({ input: 3, hidden: 2 })), 6],
  ["stacked", stacked([recurrent(lstm(three)), recurrent(gru({ input: 4, hidden: 2 }))]), 2],
  [
    "stacked, residual",
    stacked([recurrent(lstm(three)), recurrent(gru({ input: 4, hidden: 4 }))], { residual: true }),
    4,
  ],
  [
    "stacked, skip",
    stacked([recurrent(lstm(three)), recurrent(gru({ input: 7, hidden: 2 }))], { skip: true }),
    6,
  ],
  [
    "stacked, the last two row by row",
    stacked([recurrent(lstm(three)), layerNorm({ features: 4 }), linear({ input: 4, output: 5 })]),
    5,
  ],
  [
    "stacked, all row by row",
    stacked([linear({ input: 3, output: 3 }), linear({ input: 3, output: 2 })], { residual: true }),
    2,
  ],
  [
    "stacked, row by row and with dropout",
    stacked([layerNorm({ features: 3 }), recurrent(lstm(three)), linear({ input: 4, output: 2 })], {
      dropout: 0.4,
    }),
    2,
  ],
  ["stacked, from symbols", stacked([embedding({ vocabulary: 5, features: 3 }), recurrent(lstm(three))]), 4],
  ["residual", residual(recurrent(gru({ input: 3, hidden: 3 }))), 3],
  ["sequenceLayer", sequenceLayer("own", recurrent(lstm(three))), 4],
  ["sequenceModel", sequenceModel({ layer: recurrent(lstm(three)), features: 4, output: 2 }), 2],
  [
    "sequenceModel of a model",
    sequenceModel({ layer: pascanuRnn({ input: 3, output: 2, hidden: 4 }), features: 2, output: 1 }),
    1,
  ],
  ["pascanuRnn", pascanuRnn({ input: 3, output: 2, hidden: 4 }), 2],
  ["sutskeverRnn", sutskeverRnn({ input: 3, output: 2, hidden: 4 }), 2],
  ["languageModel", languageModel({ vocabulary: 5, features: 3, hidden: 4, layers: 2, dropout: 0.3 }), 5],
] as readonly (readonly [string, AnySequenceLayer, number])[];

describe.each(modules)("the protocol of modules: %s", (_, layer, features) => {
  const symbols = "shape" in layer.input;
  const x = symbols ? tensor([0, 1, 2, 3, 4, 0, 1], "int32") : normals(Key.of(1), 7, 3);
  const params = layer.init(Key.of(2), "float64") as Traceable<unknown>;
  const key = Key.of(3);

  test("the output has the features that it says, a row per node; the state a row per sequence", () => {
    const { output, final } = layer.apply(params, x, structure, { key });
    expect(output.shape).toEqual([7, features]);
    expect(layer.features).toBe(features);
    for (const [, v] of leafEntries(final)) expect(v.shape[0]).toBe(3);
  });

  test("rows: those of the whole output, in their order; the state is the same", () => {
    const whole = layer.apply(params, x, structure, { key });
    for (const wanted of [[3, 4, 6], [4, 5, 6], [6, 0], [2, 2], [0, 1, 2, 3, 4, 5, 6], []]) {
      const some = layer.apply(params, x, structure, { key, rows: Int32Array.from(wanted) });
      expect(rows(some.output)).toEqual(wanted.map((row) => rows(whole.output)[row]));
      expect(tree(some.final)).toEqual(tree(whole.final));
    }
  });

  test("gradients of some rows are those of the whole output's rows", () => {
    const wanted = Int32Array.of(6, 1);
    const chosen = (p: unknown) => sum(layer.apply(p as never, x, structure, { key, rows: wanted }).output);
    const cut = (p: unknown) => {
      const { output } = layer.apply(p as never, x, structure, { key });
      const only = Array.from({ length: 7 }, (_, row) => (wanted.includes(row) ? 1 : 0));
      return sum(mulRows(output, only));
    };
    const [some, all] = [chosen, cut].map((f) => leafEntries(valueAndGrad(f)(params).grads));
    expect(some!.map(([path]) => path)).toEqual(all!.map(([path]) => path));
    for (const [k, [, v]] of some!.entries())
      expect(difference(numbers(v), numbers(all![k]![1]))).toBeLessThan(1e-12);
  });

  test("a row that there is not", () => {
    expect(() => layer.apply(params, x, structure, { rows: Int32Array.of(0, 7) })).toThrow(
      /^\w+\.apply: rows\[1\] is 7, expected a row of the structure, 0 to 6$/,
    );
    expect(() => layer.apply(params, x, structure, { rows: [0] as never })).toThrow(
      /^\w+\.apply: rows is an Int32Array of rows of the structure, got /,
    );
  });

  test("goes on from its state, and step by step, if it is forward", () => {
    if (!layer.forward) {
      expect(() => layer.stream(params)).toThrow("the layer reads what comes after a step");
      return;
    }
    const one = chain([7]);
    const whole = layer.apply(params, x, one);
    const head = layer.apply(params, first(x, 4), chain([4]));
    const tail = layer.apply(params, rest(x, 4), chain([3]), { initial: head.final as never });
    expect([...rows(head.output), ...rows(tail.output)]).toEqual(rows(whole.output));
    const stream = layer.stream(params);
    const steps = rows(whole.output).map((_, t) =>
      Array.from(stream.step(symbols ? numbers(x)[t]! : numbers(x).slice(3 * t, 3 * t + 3))),
    );
    expect(steps).toEqual(rows(whole.output));
    expect(tree(stream.state)).toEqual(tree(whole.final));
    stream.dispose();
  });

  test("parameters that are none", () => {
    expect(() => layer.apply(5 as never, x, structure)).toThrow(
      /^\w+\.apply: params is a tree of tensors, got 5$/,
    );
  });
});

describe("models are made of layers", () => {
  const cell = gru({ input: 3, hidden: 4 });
  const ids = tensor([0, 1, 2, 3, 4, 0, 1], "int32");

  test("a language model computes what a stack of its parts does, and trains as the stack does", () => {
    const model = languageModel({ vocabulary: 5, features: 3, hidden: 4, cell: "gru" });
    const stack = stacked([
      embedding({ vocabulary: 5, features: 3 }),
      recurrent(cell),
      linear({ input: 4, output: 5 }),
    ]);
    const { embedding: E, layers, readout } = model.init(Key.of(1));
    const params = [E, layers[0], readout] as never;
    const a = model.apply({ embedding: E, layers, readout }, ids, structure);
    const b = stack.apply(params, ids, structure);
    expect(numbers(a.output)).toEqual(numbers(b.output));
    expect(tree(a.final[0])).toEqual(tree(b.final[1]));
    const text = textStreams(
      Int32Array.from({ length: 60 }, (_, i) => (i * i) % 5),
      { streams: 2, steps: 4 },
    );
    const losses = [
      lossOf(textTask(model, text), { embedding: E, layers, readout }),
      lossOf(textTask(stack, text), params),
    ];
    expect(losses[0]).toEqual(losses[1]);
  });

  test("so does a sequence model, and any sequence layer learns a synthetic problem", () => {
    const problem = temporalOrder({ length: 10 });
    const layer = recurrent(gru({ input: 6, hidden: 4 }));
    const model = sequenceModel({ layer, features: 4, output: 4 });
    const stack = stacked([layer, linear({ input: 4, output: 4 })]);
    const params = model.init(Key.of(1));
    expect(tree(stack.init(Key.of(1))).map(([, v]) => v)).toEqual(tree(params).map(([, v]) => v));
    const options = { key: Key.of(2), batch: 3 };
    expect(lossOf(syntheticTask(model, problem, options), params)).toEqual(
      lossOf(syntheticTask(stack, problem, options), [params.layer, params.readout] as never),
    );
    expect(() => syntheticTask(recurrent(gru({ input: 6, hidden: 5 })), problem, options)).toThrow(
      "syntheticTask: the model gives 5 features per answer, the problem temporal-order has 4; make the model with output: 4",
    );
  });

  test("the key: a language model shares it out, a sequence model hands it on", () => {
    let seen: (Key | null | undefined)[] = [];
    const inner = recurrent(cell);
    const watched: SequenceLayer<Readonly<Record<string, Value>>, unknown> = {
      ...(inner as AnySequenceLayer),
      init: (key, dtype) => inner.init(key, dtype) as never,
      apply(params, x, structure, options) {
        seen.push(options?.key);
        return inner.apply(params as never, x, structure, options as never);
      },
    };
    const key = Key.of(9);
    const text = languageModel({
      vocabulary: 5,
      features: 3,
      hidden: 4,
      cell: () => watched as AnySequenceLayer,
    });
    text.apply(text.init(Key.of(1)), ids, structure, { key });
    // The model gives its stack the second stream, and that its first layer the first one.
    expect(seen.map((k) => k?.words)).toEqual([key.fold(1).fold(0).words]);
    seen = [];
    const answers = sequenceModel({ layer: watched, features: 4, output: 2 });
    answers.apply(answers.init(Key.of(1)), zeros([7, 3]), structure, { key });
    expect(seen.map((k) => k?.words)).toEqual([key.words]);
  });
});

/** The loss of a task's second batch. */
function lossOf<P, B, C>(
  task: {
    batch(step: number): B;
    carriedAtStart(params: P): C;
    loss(params: Traceable<P>, batch: B, carried: C, key: Key): { loss: Value };
  },
  params: P,
): number[] {
  return numbers(
    task.loss(params as Traceable<P>, task.batch(1), task.carriedAtStart(params), Key.of(5)).loss,
  );
}

const mulRows = (v: Value, weights: readonly number[]) =>
  mul(v, fromArray(weights, [weights.length, 1], v.dtype));
const first = (x: Tensor, n: number) => slice(x, 0, 0, n);
const rest = (x: Tensor, n: number) => slice(x, 0, n, x.shape[0]!);
