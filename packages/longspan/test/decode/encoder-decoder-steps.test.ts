import {
  add,
  additiveAddressing,
  alignments,
  beamSearch,
  bidirectional,
  type Cell,
  crossEntropyPerRow,
  defineCell,
  embedding,
  encoderDecoder,
  encoderDecoderSteps,
  gather,
  glorot,
  greedy,
  gru,
  type InputSpec,
  Key,
  lstm,
  matmul,
  multiplicativeAddressing,
  oneHot,
  packPairs,
  recurrent,
  type Shapes,
  scoreSequences,
  sequenceLayer,
  stacked,
  tanh,
  useExecutor,
  type Value,
  windowAddressing,
} from "longspan";
import { defaultExecutor, type Executor, executor, printProgram } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { difference, numbers, randomLike } from "../nn/plain.js";
import { all } from "./plain-model.js";

const before = defaultExecutor();
beforeAll(() => useExecutor(executor("reference")));
afterAll(() => useExecutor(before));

const [begin, end, vocabulary] = [0, 1, 4];
const words = (features = 3) => embedding({ vocabulary: 6, features });
const forward = () => stacked([words(), recurrent(gru({ input: 3, hidden: 4 }))]);
const context = { features: 4 };
const shared = { hidden: 5, reads: embedding({ vocabulary, features: 3 }), output: vocabulary };
const attending = { addressing: additiveAddressing({ size: 3 }) };
/** What it puts out depends on how many steps came before. */
const counting = defineCell({
  name: "counting",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden] }),
  params: ({ input, hidden }) => ({
    U: glorot(input, hidden),
    W: glorot(hidden, hidden),
    E: glorot(9, hidden),
  }),
  step({ x, h }, { U, W, E }, { position }) {
    const next = tanh(add(gather(E, position()), add(matmul(x, U), matmul(h, W))));
    return { state: { h: next }, output: next };
  },
});

/** A cell that reads symbols as one-hot rows. */
function sequenceLayerOf<S extends Shapes, P>(cell: Cell<{ x: InputSpec }, S, P, Value>) {
  const layer = recurrent(cell);
  return sequenceLayer("symbols", {
    ...layer,
    input: { shape: [], dtype: "int32" },
    apply: (p, x, structure, options) => layer.apply(p, oneHot(x, 6, "float64"), structure, options),
  });
}

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
  "the last state of the encoder, and one-hot rows": encoderDecoder({
    encoder: sequenceLayerOf(gru({ input: 6, hidden: 5 })),
    cell: gru,
    ...shared,
    reads: vocabulary,
    firstState: "copied",
  }),
  "how many steps came before": encoderDecoder({ encoder: forward(), cell: counting, ...shared, context }),
  "nothing of what was put out": encoderDecoder({
    encoder: forward(),
    cell: gru,
    hidden: 5,
    output: vocabulary,
    context,
    everyStep: true,
  }),
  "attention alone": encoderDecoder({ encoder: forward(), cell: gru, ...shared, attention: attending }),
  "attention with a window that moves, which is state": encoderDecoder({
    encoder: forward(),
    cell: gru,
    ...shared,
    context,
    attention: { addressing: windowAddressing({ components: 2 }) },
  }),
  "attention after the cell, fed back": encoderDecoder({
    encoder: stacked([words(), bidirectional(gru({ input: 3, hidden: 2 }), gru({ input: 3, hidden: 2 }))]),
    cell: lstm,
    ...shared,
    context: { features: 2, of: ({ final }) => final[1].backward.h },
    attention: { addressing: multiplicativeAddressing(), attends: "after", inputFeeding: true },
  }),
};

const sources = [[2, 3], [5], [1, 2, 3, 4, 2], [4, 4, 1]];
const attends = (name: string) => name.startsWith("attention");
const paramsOf = (name: string) => randomLike(models[name].init(Key.of(1), "float64"), Key.of(2), 0.8);
const settingsOf = (name: string) =>
  name.startsWith("nothing")
    ? {}
    : {
        begin,
        ...(name.includes("one-hot") ? { reads: (y: Value) => oneHot(y, vocabulary, "float64") } : {}),
      };
const stepsOf = (name: string, of = sources) =>
  encoderDecoderSteps(models[name], paramsOf(name), of, settingsOf(name));

/** ln P of targets under teacher forcing, in one unfold. */
function forced(name: string, targets: readonly number[][], of: readonly number[][] = sources): number[] {
  const { source, target, answers } = packPairs(
    targets.map((symbols, i) => ({ source: of[i]!, target: symbols })),
    { begin, end },
  );
  const { reads } = settingsOf(name) as { reads?: (y: Value) => Value };
  const x = name.startsWith("nothing") ? {} : { x: reads ? reads(target.x) : target.x };
  const { output } = models[name].apply(paramsOf(name), source, { ...x, structure: target.structure });
  return numbers(target.structure.sumPerSequence(crossEntropyPerRow(output, answers))).map((loss) => -loss);
}

describe.each(Object.keys(models))("a decoder that reads %s", (name) => {
  test("scores targets as teacher forcing does", () => {
    const targets = [[2, 3, 2], [], [3], [2, 2, 2, 3, 0]];
    const scores = scoreSequences(stepsOf(name), targets, { end });
    expect(
      difference(
        scores.map(({ logProbability }) => logProbability),
        forced(name, targets),
      ),
    ).toBeLessThan(1e-10);
  });

  test("decodes a batch as each source alone, bit for bit", () => {
    const settings = { end, length: 5, width: 3, best: 3, lengthNormalisation: 0.6 };
    const steps = stepsOf(name);
    const [found, greedily] = [beamSearch(steps, settings), greedy(steps, { end, length: 5 })];
    sources.forEach((source, s) => {
      const alone = stepsOf(name, [source]);
      expect([found[s]]).toEqual(beamSearch(alone, settings));
      expect([greedily[s]]).toEqual(greedy(alone, { end, length: 5 }));
    });
    // Once more, now that steps are captured.
    for (let i = 0; i < 4; i++) expect(beamSearch(steps, settings)).toEqual(found);
    const one = beamSearch(steps, { end, length: 5, width: 1 });
    expect(one.map(([h]) => h!.symbols)).toEqual(greedily.map(({ symbols }) => symbols));
  });

  test("finds what exhaustive search finds", () => {
    const found = beamSearch(stepsOf(name), { end, length: 2, width: 20, best: 13 });
    const targets = [0, 1, 2]
      .flatMap((length) => all(vocabulary, length))
      .filter((symbols) => !symbols.includes(end));
    expect(targets.length).toBe(13);
    sources.forEach((source, s) => {
      const p = forced(
        name,
        targets,
        targets.map(() => source),
      );
      const best = targets.map((_, i) => i).sort((a, b) => p[b]! - p[a]!);
      expect(found[s]!.map(({ symbols }) => symbols)).toEqual(best.map((i) => targets[i]));
    });
  });
});

describe.each(Object.keys(models).filter(attends))("weights of %s", (name) => {
  test("are those of the unfold, step by step, for several hypotheses of a source", () => {
    const [model, params] = [models[name], paramsOf(name)];
    const sequences = [[2, 3, 2], [], [3, 3], [2]];
    const of = [2, 0, 2, 3];
    const found = alignments(model, params, sources, sequences, { begin, of });
    sequences.forEach((symbols, i) => {
      const source = sources[of[i]!]!;
      const { target, ...one } = packPairs([{ source, target: symbols }], { begin, end });
      const { weights } = model.apply(params, one.source, target, { weights: true });
      expect(found[i]!.map((row) => row.length)).toEqual(Array(symbols.length + 1).fill(source.length));
      expect(found[i]!.flatMap((row) => Array.from(row))).toEqual(numbers(weights));
      if (name.includes("window")) return;
      for (const row of found[i]!) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    });
  });
});

describe.each(["attention alone", "attention after the cell, fed back"])("keys of %s", (name) => {
  test("are formed once per source, and not at every step", () => {
    const reference = defaultExecutor() as Executor;
    const { run } = reference;
    const ran: string[] = [];
    reference.run = (executable, ...others) => {
      ran.push(printProgram(executable.program));
      return run.call(reference, executable, ...others);
    };
    const formsKeys = () => ran.splice(0).filter((program) => program.includes("gemm<member0>")).length;
    try {
      const steps = stepsOf(name);
      const first = steps.start();
      expect(formsKeys()).toBe(1);
      const second = steps.step(first.state, Int32Array.of(2, 3, 2, 0));
      steps.step(steps.select(second.state, Int32Array.of(2, 2, 0)), Int32Array.of(0, 2, 3));
      expect(ran.length).toBeGreaterThan(0);
      expect(formsKeys()).toBe(0);
      // A second start finds them too.
      steps.start();
      expect(formsKeys()).toBe(0);
    } finally {
      reference.run = run;
    }
  });
});

describe("what it does not take", () => {
  test("errors", () => {
    const name = "attention alone";
    const [model, params] = [models[name], paramsOf(name)];
    expect(() => encoderDecoderSteps(model, params, [], { begin })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: encoderDecoderSteps: sources is an empty list; give one per sequence that is to be written]`,
    );
    expect(() =>
      encoderDecoderSteps(model, params, [[1], [0.5]], { begin }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: encoderDecoderSteps: sources[1][0] is 0.5, expected a symbol: an integer of at least 0]`,
    );
    expect(() => encoderDecoderSteps(model, params, [[9]], { begin })).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: index 9 at row 0, position 0 lies outside 0..5: check that ids and table come from the same vocabulary]`,
    );
    expect(() => encoderDecoderSteps(model, params, [[1]])).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: encoderDecoderSteps: begin is missing: the decoder reads the output before, and at the first step the symbol begin; give the one that it was trained with]`,
    );
    expect(() =>
      encoderDecoderSteps(
        models["nothing of what was put out"],
        paramsOf("nothing of what was put out"),
        [[1]],
        { begin },
      ),
    ).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: encoderDecoderSteps: begin is 0, but the decoder reads nothing of what was put out; leave it out]`,
    );
    expect(() =>
      encoderDecoderSteps(model, params, [[1]], { begin: 7 }).start(),
    ).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: index 7 at row 0, position 0 lies outside 0..3: check that ids and table come from the same vocabulary]`,
    );
    expect(() => alignments(model, params, [[1]], [[2], [3]], { begin })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: alignments: sequences[1] is written of source 1, and there are 1 sources; say with \`of\` which it belongs to]`,
    );
    expect(() =>
      alignments(model, params, [[1]], [[2]], { begin, of: [0, 0] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: alignments: of has 2 numbers for 1 sequences, expected one each]`,
    );
    const plain = "a first state";
    expect(() =>
      alignments(models[plain], paramsOf(plain), [[1]], [[2]], { begin }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: alignments: the model has no attention, so there are no weights; give it attention]`,
    );
  });
});
