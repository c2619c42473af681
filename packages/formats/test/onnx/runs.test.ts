import {
  chain,
  characterVocabulary,
  classifyRunModel,
  collectSeries,
  forecastInputs,
  forecastSetup,
  fromArray,
  type Key,
  type OpenedRun,
  onCpu,
  pairsRunModel,
  pairsVocabulary,
  seriesRunModel,
  syntheticRunModel,
  syntheticRunProblem,
  type Tensor,
  taggingVocabulary,
  tagRunModel,
  textRunModel,
  treesRunModel,
} from "longspan";
import { OnnxError, runToOnnx } from "longspan-formats";
import { expect, test } from "vitest";
import { batches, expectClose, expectLayer, randomInput, randomParams, stepsOf } from "./our-numbers.js";
import { openOnnx } from "./run-onnx.js";

// Every kind of run in ONNX Runtime with our numbers.

const run = (kind: string, model: { init(key: Key): unknown }, more: object) => {
  const params = randomParams(model as { init(key: Key): object });
  return { kind, config: {}, model, params, step: 1, ...more } as unknown as OpenedRun & { params: never };
};
const numbers = (v: unknown) => onCpu(v as Tensor).toArray() as Float32Array;
const ints = (values: readonly number[], shape: readonly number[]) => ({
  data: Int32Array.from(values),
  shape,
});
const lengthsOf = (lengths: readonly number[]) => ints(lengths, [lengths.length]);

test("text", async () => {
  const vocabulary = characterVocabulary("to be or not");
  const model = textRunModel(
    { cell: "lstm", hidden: 5, features: 4, layers: 2, dropout: 0.2, window: 2 },
    vocabulary.size,
  );
  const opened = run("text", model, { vocabulary });
  await expectLayer(
    model as never,
    opened.params,
    { whole: runToOnnx(opened, { states: false }).model!, streamed: runToOnnx(opened).model! },
    vocabulary.size,
  );
});

test("synthetic", async () => {
  const problem = syntheticRunProblem("adding", { length: 20, lengths: null });
  const model = syntheticRunModel({ cell: "ntm", hidden: 4, rows: 5, width: 3 }, problem);
  const opened = run("synthetic", model, { problem });
  await expectLayer(model as never, opened.params, {
    whole: runToOnnx(opened).model!,
    streamed: runToOnnx(opened, { states: true }).model!,
  });
});

test("series", async () => {
  const collector = collectSeries();
  for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
  const setup = forecastSetup(collector.finish(), { horizon: 7 });
  const model = seriesRunModel({ cell: "gru", hidden: 4, layers: 2, dropout: 0.1 }, setup);
  const opened = run("series", model, { setup });
  expect(forecastInputs(setup)).toBe((model.input as number[])[0]);
  await expectLayer(model as never, opened.params, {
    whole: runToOnnx(opened).model!,
    streamed: runToOnnx(opened, { states: true }).model!,
  });
});

for (const read of ["mean", "last"] as const)
  test(`classify by ${read}, of texts`, async () => {
    const input = { kind: "text", level: "char", symbols: ["a", "b", "c"], column: "text" } as const;
    const encoding = { labels: ["no", "maybe", "yes"], input };
    const settings = {
      cell: "gru",
      hidden: 4,
      layers: 2,
      features: 3,
      dropout: 0.3,
      bidirectional: true,
      read,
    } as const;
    const model = classifyRunModel(settings, encoding);
    const opened = run("classify", model as never, { encoding });
    const { run: runs } = await openOnnx(runToOnnx(opened).model!);
    for (const batch of batches) {
      const { padded, packed } = randomInput(batch, [], "int32", 3, 4);
      const structure = chain(batch.lengths);
      const { y } = await runs({ x: padded, lengths: lengthsOf(batch.lengths) });
      expectClose(
        y!.data as Float32Array,
        numbers(model.apply(opened.params, structure.pack(packed), structure)),
        "the logits",
      );
    }
  });

for (const characters of [null, 3])
  test(`tag ${characters === null ? "by words" : "by words and their characters"}`, async () => {
    const known = taggingVocabulary([{ tokens: ["ab", "cab", "b"], tags: ["X", "Y", "X"] }], { minCount: 1 });
    const encoding = { ...known, scheme: null, mode: "conll" } as const;
    const settings = {
      cell: "lstm",
      hidden: 4,
      layers: 1,
      features: 3,
      characters,
      dropout: 0.2,
      bidirectional: true,
    };
    const model = tagRunModel(settings, encoding);
    const opened = run("tag", model as never, { encoding });
    const session = await openOnnx(runToOnnx(opened).model!);
    const words = { lengths: [2, 3, 1], time: 3 };
    for (const batch of batches) {
      const { padded, packed } = randomInput(batch, [], "int32", 4, 4);
      const of = randomInput(batch, [], "int32", 5, 3);
      const letters = randomInput(words, [], "int32", 6, 4);
      const structure = chain(batch.lengths);
      const spelt = chain(words.lengths);
      const different =
        characters === null
          ? null
          : {
              characters: numbers(spelt.pack(letters.packed)) as unknown as Int32Array,
              structure: spelt,
              of: numbers(structure.pack(of.packed)) as unknown as Int32Array,
            };
      const ours = model.apply(opened.params, {
        words: numbers(structure.pack(packed)) as unknown as Int32Array,
        structure,
        different,
      });
      const { y } = await session.run({
        words: padded,
        lengths: lengthsOf(batch.lengths),
        ...(characters === null
          ? {}
          : { word: of.padded, characters: letters.padded, word_lengths: lengthsOf(words.lengths) }),
      });
      expectClose(stepsOf(y!.data as Float32Array, batch, 2), numbers(structure.unpack(ours)), "the logits");
    }
  });

for (const attention of [true, false])
  test(`pairs ${attention ? "with" : "without"} attention, step by step`, async () => {
    const vocabulary = pairsVocabulary([{ source: "abc", target: "ba" }]);
    const model = pairsRunModel(
      { cell: "gru", hidden: 4, layers: 1, features: 3, dropout: 0.1, attention },
      vocabulary,
    );
    const opened = run("pairs", { init: (key: Key) => model.net.init(key) }, { vocabulary });
    const { encoder, decoder } = runToOnnx({ ...opened, model } as never);
    const [reads, writes] = [await openOnnx(encoder!), await openOnnx(decoder!)];
    const params = opened.params;
    for (const batch of batches) {
      const B = batch.lengths.length;
      const { padded, packed } = randomInput(batch, [], "int32", 8, 4);
      const source = chain(batch.lengths);
      const encoded = model.net.encode(params, { x: source.pack(packed), structure: source });
      const lengths = lengthsOf(batch.lengths);
      const found = await reads.run({ x: padded, lengths });
      if (encoded.members)
        expectClose(
          stepsOf(found.members!.data as Float32Array, batch, 8),
          numbers(source.unpack(encoded.members)),
          "members",
        );
      const steps = 3;
      const target = chain(batch.lengths.map(() => steps));
      const x = Int32Array.from({ length: steps * B }, (_, i) => i % 4);
      const ours = model.net.decode(params, encoded, {
        x: fromArray(x, [steps * B], "int32"),
        structure: target,
      });
      const told = {
        ...(encoded.members ? { members: found.members!, lengths } : {}),
        ...(found.context ? { context: found.context } : {}),
      };
      let state = { "initial.h": found["first.h"]! };
      const outputs: number[] = [];
      for (let t = 0; t < steps; t++) {
        const step = await writes.run({
          x: ints([...x.subarray(t * B, (t + 1) * B)], [1, B]),
          ...told,
          ...state,
        });
        outputs.push(...(step.y!.data as Float32Array));
        state = { "initial.h": step["final.h"]! };
      }
      expectClose(outputs, numbers(ours.output), "the logits, step by step");
      const whole = await writes.run({
        x: ints([...x], [steps, B]),
        ...told,
        "initial.h": found["first.h"]!,
      });
      expectClose(whole.y!.data as Float32Array, numbers(ours.output), "the logits");
      expectClose(whole["final.h"]!.data as Float32Array, numbers(ours.final.h), "the final state");
    }
  });

test("runs on trees are refused by name", () => {
  const model = treesRunModel(
    { cell: "child-sum-tree-lstm", hidden: 4, features: 3, dropout: 0 },
    { labels: ["0", "1"], words: ["a"], bracketLabels: true },
  );
  expect(() => runToOnnx(run("trees", model as never, {}))).toThrow(OnnxError);
  expect(() => runToOnnx(run("trees", model as never, {}))).toThrow(
    "runToOnnx: run: its cell runs over trees; no operator of ONNX runs over trees; use the run with longspan serve, or in a page",
  );
});
