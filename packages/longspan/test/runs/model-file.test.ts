// One file for a model: what it holds, and what is said of a file that is none or was changed.
import {
  characterVocabulary,
  decodeRun,
  decodeSafetensors,
  encodeSafetensors,
  Key,
  keptWeights,
  leafEntries,
  linear,
  type OpenedRun,
  type OwnCellMaker,
  openModel,
  packModel,
  RunError,
  type RunKind,
  rnn,
  runSteps,
  sampleSymbols,
  saveModel,
  storedEncoding,
  type Tensor,
  textRunModel,
  unpackModel,
} from "longspan";
import { describe, expect, it } from "vitest";
import { withMetadata } from "../../src/io/metadata.js";
import { random } from "../io/files.js";
import { mutateBytes } from "../io/mutations.js";
import { everyKind } from "./every-kind.js";

Error.stackTraceLimit = 1;

/** Names, shapes and bits of all parameters. */
async function bits(params: unknown): Promise<unknown> {
  const tensors = leafEntries(params) as unknown as readonly (readonly [string, Tensor])[];
  return Promise.all(
    tensors.map(async ([name, t]) => {
      const { buffer, byteOffset, byteLength } = await t.data();
      return [name, t.dtype, t.shape, Buffer.from(buffer, byteOffset, byteLength).toString("hex")];
    }),
  );
}

/** What a run answers: predictions, the steps of a stream, a text that it draws. */
async function answers(run: OpenedRun, inputs: readonly unknown[] = []): Promise<unknown> {
  const predictor = run.predictor?.();
  const predicted = await predictor?.predict(inputs.map((input) => predictor.read(input)));
  const steps = runSteps(run);
  const said: object[] = [];
  if (steps) {
    const stream = steps.pool.open();
    const numbers = [
      [0.25, 1],
      [0.5, -1],
    ];
    const wanted = run.kind === "text" ? "ab c" : run.kind === "synthetic" ? numbers : inputs[0];
    const { rows, begin, answer } = steps.talk().read(wanted);
    begin();
    for (const row of rows) said.push(answer(steps.pool.step([stream], row)));
    steps.dispose();
  }
  const drawn: number[] = [];
  if (run.kind === "text") {
    const { model, params } = run as never;
    for await (const symbol of sampleSymbols(model, params, { key: Key.of(5), length: 12 }))
      drawn.push(symbol);
  }
  return { predicted, said, drawn };
}

const text = (value: Uint8Array | undefined) => new TextDecoder().decode(value);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe.each(Object.entries(everyKind))("a model file of a run of the kind %s", (kind, { run, inputs }) => {
  it("gives weights back bit for bit, and what the run's files give: predictions, streams, draws", async () => {
    const file = await saveModel(run);
    const opened = openModel(file) as OpenedRun;
    expect([opened.kind, opened.step]).toEqual([kind, 7]);
    expect(await bits(opened.params)).toEqual(await bits(run.params));
    // The files that createRun would have written, opened in the other way.
    const beside = decodeRun({
      config: json({ format: "longspan-run", formatVersion: 7, ...run.config }),
      weights: await encodeSafetensors(run.params, { step: "7" }),
      ...(kind === "synthetic" ? {} : { vocabulary: unpackModel(file).vocabulary! }),
    });
    const wanted = await answers(beside, inputs);
    expect(await answers(opened, inputs)).toEqual(wanted);
    expect(JSON.stringify(wanted)).not.toBe('{"said":[],"drawn":[]}');
  });

  it("is the same bytes when what was opened is saved again, and its files are those of a run", async () => {
    const file = await saveModel(run);
    expect(Buffer.compare(await saveModel(openModel(file)), file)).toBe(0);
    const files = unpackModel(file);
    expect(Buffer.compare(packModel(files), file)).toBe(0);
    expect(JSON.parse(text(files.config))).toMatchObject({
      format: "longspan-run",
      formatVersion: 7,
      task: kind,
    });
    expect(Buffer.compare(files.weights, await encodeSafetensors(run.params, { step: "7" }))).toBe(0);
  });
});

describe("a model file", () => {
  const own: OwnCellMaker = (sizes) => rnn({ ...sizes, activation: "relu" }) as never;
  const settings = { cell: "./mine.mjs", hidden: 4, layers: 1, features: 3, dropout: 0 };
  const abc = characterVocabulary("abc");

  it("holds no code: a cell of the user's is handed over when it is opened", async () => {
    const params = textRunModel(settings, 3, own).init(Key.of(1));
    const file = await saveModel({ config: { task: "text", settings }, vocabulary: abc, params });
    const message =
      'model file, config.json: settings.cell is "./mine.mjs", a cell of your own, which was not handed over; give what the run\'s cell.mjs exports as the option cell';
    expect(() => openModel(file)).toThrow(message);
    const opened = openModel(file, "text", { cell: own });
    expect(await bits(opened.params)).toEqual(await bits(params));
    const wanted = textRunModel(settings, 3, own).stream(params).step(1);
    expect(Array.from(opened.model.stream(opened.params).step(1))).toEqual(Array.from(wanted));
  });

  it("may be of a kind of the user's own, with an encoding", async () => {
    interface Line extends OpenedRun {
      readonly unit: number;
    }
    const line: RunKind<Line> = {
      schema: { task: "line", settings: {}, complete: false },
      encoding: {
        name: "unit",
        expected: "a number",
        accepts: Number.isFinite,
        stored: (unit) => ({ unit }),
      },
      open: (config, source) => ({
        kind: "line",
        config,
        unit: storedEncoding(source, (found) => (found as { unit: number }).unit),
        ...keptWeights(source, linear({ input: 2, output: 1 })),
      }),
    };
    const params = linear({ input: 2, output: 1 }).init(Key.of(1));
    const run = { kind: "line", config: { task: "line", settings: {} }, unit: 2.5, params, step: null };
    const file = await saveModel(run as never, line as never);
    expect(openModel(file, line).unit).toBe(2.5);
    expect(() => openModel(file)).toThrow(
      'model file, config.json: task is "line", expected one of text, synthetic, classify, trees, tag, series, pairs; give a run of that kind',
    );
    await expect(saveModel({ ...run, unit: "x" } as never, line as never)).rejects.toThrow(
      'saveModel: run.unit is a number, got "x"',
    );
  });

  it("of a run that was made before a setting was there has what runs had then", async () => {
    const { window: _, ...older } = everyKind.text.run.config.settings as Record<string, unknown>;
    const model = textRunModel({ ...(older as never as typeof settings) }, 4);
    const file = packModel({
      config: json({ format: "longspan-run", formatVersion: 7, task: "text", settings: older }),
      vocabulary: json({ level: "char", symbols: ["a", "b", "c", " "] }),
      weights: await encodeSafetensors(model.init(Key.of(1))),
    });
    const opened = openModel(file, "text");
    expect(opened.config.settings).toMatchObject({ window: 1, residual: false, start: "cell" });
    expect(opened.step).toBe(null);
  });

  it("of another version says so, and so does what holds no model", async () => {
    const weights = await encodeSafetensors(linear({ input: 2, output: 1 }).init(Key.of(1)));
    const problem = (file: Uint8Array) => {
      try {
        openModel(file);
      } catch (error) {
        if (error instanceof RunError) return [error.problem, error.message];
        throw error;
      }
      return "no error";
    };
    expect(problem(weights)).toEqual([
      "no run",
      'model file: it holds weights and no model: format is missing, expected "longspan-model"; save the model with saveModel or longspan export RUN --to model; of weights alone decodeSafetensors and loadInto make parameters',
    ]);
    const file = await saveModel(everyKind.text.run);
    const { metadata } = decodeSafetensors(file);
    const changed = (name: string, value: string | null) => {
      const texts = new Map([...metadata].filter(([key]) => key !== "crc32" && key !== name));
      return withMetadata(file, value === null ? texts : texts.set(name, value), "crc32");
    };
    expect(problem(changed("formatVersion", "2"))).toEqual([
      "version",
      'model file: formatVersion is "2", expected "1"; the file is newer than this longspan: use the version that made it, or a later one',
    ]);
    expect(problem(changed("author", "me"))).toEqual([
      "contents",
      'model file: the text "author" is unknown to this version of longspan; the file is damaged, or holds no model; copy or save it again',
    ]);
    expect(problem(changed("vocabulary", null))).toEqual([
      "contents",
      "model file, vocabulary.json is missing; the file is damaged, or holds no model; copy or save it again",
    ]);
    const old = { ...JSON.parse(metadata.get("config")!), formatVersion: 6 };
    expect(problem(changed("config", JSON.stringify(old)))).toEqual([
      "version",
      "model file, config.json: formatVersion is 6, expected 7; the run is older than this longspan: use the version that made it",
    ]);
    expect(problem(file.slice(0, 100))[0]).toBe("contents");
    const bit = file.slice();
    bit[file.length - 1]! ^= 1;
    expect(problem(bit)).toEqual([
      "contents",
      expect.stringMatching(
        /^model file: its checksum is [0-9a-f]{8}, and that of what was saved is [0-9a-f]{8}; the file has changed since it was saved; copy or save it again$/,
      ),
    ]);
  });

  it("that was damaged is a RunError or is read as it was saved", async () => {
    const count = Number(process.env.LONGSPAN_DAMAGED_MODELS ?? 10_000);
    const small = { cell: "rnn", hidden: 2, layers: 1, features: 1, dropout: 0 };
    const params = textRunModel(small, 3).init(Key.of(1));
    const file = await saveModel({
      config: { task: "text", settings: small },
      vocabulary: abc,
      params,
      step: 3,
    });
    const wanted = JSON.stringify([abc.symbols, 3, await bits(params)]);
    const pick = random(51);
    const outcomes = { refused: 0, read: 0 };
    for (let i = 0; i < count; i++) {
      const damage = mutateBytes(file, pick);
      try {
        const opened = openModel(damage, "text");
        outcomes.read += 1;
        const found = JSON.stringify([opened.vocabulary.symbols, opened.step, await bits(opened.params)]);
        if (found !== wanted) expect(found).toBe(wanted);
      } catch (error) {
        if (!(error instanceof RunError) || error.message.length > 700) throw error;
        outcomes.refused += 1;
      }
    }
    expect(outcomes.refused).toBeGreaterThan(0.9 * count);
    expect(outcomes.read).toBeGreaterThan(0);
  });
});
