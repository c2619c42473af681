import {
  adam,
  additiveAddressing,
  applyUpdates,
  attend,
  bidirectional,
  capture,
  chain,
  checkDerivatives,
  concat,
  crossEntropyMean,
  embedding,
  encoderDecoder,
  gather,
  gru,
  Key,
  leaves,
  linear,
  lstm,
  multiplicativeAddressing,
  packPairs,
  recurrent,
  scope,
  stacked,
  type TargetSequences,
  tanh,
  tensor,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

const words = () => embedding({ vocabulary: 6, features: 3 });
const pairs = [
  { source: [2, 3], target: [4, 5, 2] },
  { source: [5], target: [] },
  { source: [1, 2, 3, 4], target: [3] },
];
const batch = packPairs(pairs, { begin: 0, end: 1 });

const forward = () => stacked([words(), recurrent(gru({ input: 3, hidden: 4 }))]);
const context = { features: 4 };
const attending = { addressing: additiveAddressing({ size: 3 }) };
const shared = { hidden: 5, reads: words(), output: 6 };
// biome-ignore lint/suspicious/noExplicitAny: models of many kinds in one table
const models: Record<string, any> = {
  "a first state": encoderDecoder({ encoder: forward(), cell: gru, ...shared, context }),
  "a context at every step": encoderDecoder({
    encoder: forward(),
    cell: lstm,
    ...shared,
    context,
    firstState: "zeros",
    everyStep: true,
  }),
  both: encoderDecoder({ encoder: forward(), cell: lstm, ...shared, context, everyStep: true }),
  "attention alone": encoderDecoder({ encoder: forward(), cell: gru, ...shared, attention: attending }),
  "a bidirectional encoder, a first state and attention after the cell": encoderDecoder({
    encoder: stacked([words(), bidirectional(gru({ input: 3, hidden: 2 }), gru({ input: 3, hidden: 2 }))]),
    cell: lstm,
    ...shared,
    context: { features: 2, of: ({ final }) => final[1].backward.h },
    attention: { addressing: multiplicativeAddressing(), attends: "after", inputFeeding: true },
  }),
  "nothing of what was put out": encoderDecoder({
    encoder: forward(),
    cell: gru,
    hidden: 5,
    output: 6,
    context,
    everyStep: true,
  }),
};

const paramsOf = (model: (typeof models)[string]) =>
  // biome-ignore lint/suspicious/noExplicitAny: as the models
  randomLike(model.init(Key.of(1), "float64") as any, Key.of(2), 0.4);
const targetOf = (model: (typeof models)[string], of: ReturnType<typeof packPairs>): TargetSequences =>
  model.represents === "10.29" ? { structure: of.target.structure } : of.target;

describe.each(Object.entries(models))("a decoder that reads %s", (name, model) => {
  const params = paramsOf(model);
  test("writes a batch as each pair alone", () => {
    const { output } = model.apply(params, batch.source, targetOf(model, batch));
    const together = batch.target.structure.unpack(output);
    const alone = pairs.flatMap((pair) => {
      const one = packPairs([pair], { begin: 0, end: 1 });
      return numbers(model.apply(params, one.source, targetOf(model, one)).output);
    });
    expect(difference(numbers(together), alone)).toBeLessThan(1e-14);
  });
  test("goes on from where it stopped", () => {
    const target = targetOf(model, batch);
    const whole = model.apply(params, batch.source, target);
    const source = model.encode(params, batch.source);
    let initial: object | undefined;
    const all = batch.target.structure;
    for (let t = 0; t < 4; t++) {
      // A step of each target that goes on.
      const structure = chain(pairs.map(({ target }) => (t <= target.length ? 1 : 0)));
      const at = Array.from(structure.parts.sequenceOf, (s) => all.rowsOf(s)[t]!);
      const x = target.x && gather(target.x, tensor(at, "int32"));
      const { output, final } = model.decode(params, source, { x, structure }, initial ? { initial } : {});
      const expected = gather(whole.output, tensor(at, "int32"));
      expect(difference(numbers(output), numbers(expected))).toBeLessThan(1e-14);
      initial = final;
    }
    expect(numbers((initial as { h: Value }).h)).toEqual(numbers(whole.final.h));
  });
  test("has the derivatives of its values", () => {
    const loss = (p: typeof params) =>
      crossEntropyMean(model.apply(p, batch.source, targetOf(model, batch)).output, batch.answers);
    expect(scope(() => checkDerivatives(loss as never, params as never).first)).toBeLessThan(1e-6);
  });
  test("says which equation it represents", () => {
    expect(model.represents).toBe(name.startsWith("nothing") ? "10.29" : "10.30");
    if (model.represents === "10.29") return;
    // (10.30): what the decoder is told of an output changes what it says of the next ones, of that sequence alone.
    const other = packPairs([{ source: [2, 3], target: [3, 5, 2] }, ...pairs.slice(1)], { begin: 0, end: 1 });
    const rows = (of: typeof batch) =>
      numbers(batch.target.structure.unpack(model.apply(params, batch.source, of.target).output));
    const [a, b] = [rows(batch), rows(other)];
    expect(a.slice(0, 6)).toEqual(b.slice(0, 6));
    expect(a.slice(6, 12)).not.toEqual(b.slice(6, 12));
    expect(a.slice(24)).toEqual(b.slice(24));
  });
});

test("the parts by hand: encoder, first state, C R at every step, readout", () => {
  const { both } = models;
  const params = paramsOf(both);
  const { output, final } = both.apply(params, batch.source, batch.target);
  const encoder = forward();
  const C = encoder.apply(params.encoder, batch.source.x, batch.source.structure).final[1]!.h;
  const slot = (of: { W: Value; b: Value }) => tanh(linear({ input: 4, output: 5 }).apply(of as never, C));
  const read = words().apply(params.reads, batch.target.x);
  const { structure } = batch.target;
  const x = concat([read, gather(C, tensor(Array.from(structure.parts.sequenceOf), "int32"))]);
  const byHand = unfold(lstm({ input: 7, hidden: 5 }), params.decoder.cell, { x }, structure, {
    initial: { h: slot(params.first.h), s: slot(params.first.s) },
  });
  const logits = linear({ input: 5, output: 6 }).apply(params.readout, byHand.output);
  expect(difference(numbers(output), numbers(logits))).toBeLessThan(1e-14);
  expect(difference(numbers(final.s), numbers(byHand.final.s))).toBeLessThan(1e-14);
});

test("the parts by hand: attention over the encoder's outputs, and its weights", () => {
  const model = models["attention alone"];
  const params = paramsOf(model);
  const { output, weights, structure } = model.apply(params, batch.source, batch.target, { weights: true });
  const { output: h } = forward().apply(params.encoder, batch.source.x, batch.source.structure);
  const cell = attend(gru, { input: 3, hidden: 5, source: 4, ...attending, weights: true });
  const inputs = { x: words().apply(params.reads, batch.target.x), source: { h } };
  const byHand = unfold(cell, params.decoder, inputs, batch.target.structure).output;
  expect(numbers(weights!)).toEqual(numbers(byHand.weights));
  expect(weights!.shape).toEqual([structure.pairs("source").node.length]);
  const logits = linear({ input: 9, output: 6 }).apply(params.readout, byHand.output);
  expect(difference(numbers(output), numbers(logits))).toBeLessThan(1e-14);
  expect(model.apply(params, batch.source, batch.target).weights).toBe(null);
  const rows = Int32Array.of(3, 0);
  const asked = model.apply(params, batch.source, batch.target, { rows }).output;
  expect(difference(numbers(asked), numbers(gather(output, tensor([3, 0], "int32"))))).toBeLessThan(1e-14);
});

test("a first state that is copied is the encoder's last", () => {
  const encoder = recurrent(lstm({ input: 2, hidden: 3 }));
  const model = encoderDecoder({
    encoder,
    cell: lstm,
    hidden: 3,
    reads: 2,
    output: 2,
    firstState: "copied",
  });
  const params = paramsOf(model as never) as ReturnType<typeof model.init>;
  const source = { x: normals(Key.of(3), 4, 2), structure: chain([3, 1]) };
  const { first } = model.encode(params, source);
  const { final } = encoder.apply(params.encoder, source.x, source.structure);
  expect([numbers(first.h!), numbers(first.s!)]).toEqual([numbers(final.h), numbers(final.s)]);
  expect(() =>
    encoderDecoder({ encoder, cell: lstm, hidden: 4, reads: 2, output: 2, firstState: "copied" }).apply(
      params as never,
      source,
      { x: normals(Key.of(3), 4, 2), structure: chain([3, 1]) },
    ),
  ).toThrow(
    'encoderDecoder: firstState is "copied", but the encoder\'s last state has no h [2, 4] for the decoder (it is [2, 3]); make both of one cell and size, or use "mapped" with a context',
  );
});

test("a captured step of training is the step, and checkpoints change nothing", () => {
  const model = models["a bidirectional encoder, a first state and attention after the cell"];
  const params = paramsOf(model);
  const step = (p: typeof params, options: object = {}) =>
    valueAndGrad((q: typeof params) =>
      crossEntropyMean(model.apply(q, batch.source, batch.target, options).output, batch.answers),
    )(p);
  const flat = (of: ReturnType<typeof step>) => leaves(of).flatMap(numbers);
  const expected = flat(step(params));
  const captured = capture((p: typeof params) => step(p));
  for (let round = 0; round < 3; round++) expect(flat(captured(params))).toEqual(expected);
  const backward = { kind: "checkpointed", blocks: 2 };
  expect(difference(flat(step(params, { backward })), expected)).toBeLessThan(1e-14);
});

test("attention learns to turn sequences round", async () => {
  const model = encoderDecoder({
    encoder: stacked([words(), recurrent(gru({ input: 3, hidden: 16 }))]),
    cell: gru,
    hidden: 16,
    reads: words(),
    output: 6,
    attention: { addressing: additiveAddressing({ size: 8 }) },
  });
  const made = Array.from({ length: 16 }, (_, i) => {
    const source = [2 + (i % 4), 2 + ((i >> 2) % 4), 2 + ((3 * i) % 4)].slice(0, 1 + (i % 3));
    return { source, target: source.toReversed() };
  });
  const { source, target, answers } = packPairs(made, { begin: 0, end: 1 });
  const rule = adam({ learningRate: 0.02 });
  let params = model.init(Key.of(1));
  let state = rule.init(params);
  let last = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 120; step++) {
    const { value, grads } = valueAndGrad((p: typeof params) =>
      crossEntropyMean(model.apply(p, source, target).output, answers),
    )(params);
    last = numbers(value)[0]!;
    const update = rule.update(grads, state, params);
    state = update.state;
    params = applyUpdates(params, update.updates);
  }
  expect(last).toBeLessThan(0.1);
});

describe("encoderDecoder refuses", () => {
  const parts = { encoder: forward(), cell: gru, ...shared };
  test.each([
    [
      {},
      "encoderDecoder: nothing leads from the source to the target; give context: { features }, or attention, or both",
    ],
    [{ everyStep: true }, "encoderDecoder: everyStep hands the decoder a context, and there is none"],
    [
      { firstState: "mapped" },
      'encoderDecoder: firstState "mapped" hands the decoder a context, and there is none',
    ],
    [
      { context, firstState: "zeros" },
      'encoderDecoder: there is a context, and nobody reads it: firstState is "zeros" and everyStep false',
    ],
  ])("%j", (settings, message) => {
    expect(() => encoderDecoder({ ...parts, ...(settings as object) })).toThrow(message);
  });
  test("a context of other features, targets that do not fit the sources, and rows that it does not read", () => {
    const model = encoderDecoder({ ...parts, context: { features: 3 } });
    expect(() => model.apply(model.init(Key.of(1)), batch.source, batch.target)).toThrow(
      "encoderDecoder: the context is [3, 4], expected [3, 3], [sequences, features]: set context.features to what the last state has, all its vectors joined",
    );
    const right = encoderDecoder({ ...parts, context });
    const target = { x: tensor([0, 0], "int32"), structure: chain([1, 1]) };
    expect(() => right.apply(right.init(Key.of(1)), batch.source, target)).toThrow(
      "encoderDecoder.apply: there are 2 targets and 3 sources; each source has one target",
    );
    const silent = models["nothing of what was put out"];
    expect(() => silent.apply(silent.init(Key.of(1)), batch.source, batch.target)).toThrow(
      "encoderDecoder.apply: target.x is int32 [7], but the decoder reads no outputs: leave it out, or say what it reads with the setting reads",
    );
  });
});

test("packPairs names a symbol that is none", () => {
  expect(() => packPairs([{ source: [1], target: [2, -1] }], { begin: 0, end: 1 })).toThrow(
    "packPairs: pairs[0].target holds -1",
  );
});
