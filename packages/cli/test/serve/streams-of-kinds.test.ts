import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type ClassPrediction,
  classifyRunModel,
  collectSeries,
  type ForecastSetup,
  forecastSeries,
  forecastSetup,
  forecastWindows,
  Key,
  mapTree,
  type OpenedRun,
  type ReservoirForecastModel,
  reservoirForecastLearner,
  runSteps,
  seriesRunModel,
  type Tensor,
  taggingVocabulary,
  tagRunModel,
  uniform,
} from "longspan";
import { createRun, openRun } from "longspan/node";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { type RunServer, serveRun } from "../../src/serve/server.js";
import { freshFolder } from "../command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
let server: RunServer | null = null;
let base = "";
afterEach(async () => {
  await server?.stop(1);
  server = null;
});

async function start(run: OpenedRun): Promise<void> {
  const limits = { body: 100_000, streams: 100, idle: 60, rate: 0, seconds: 20, waiting: 1000 };
  const defect = (error: unknown) => {
    throw error;
  };
  server = await serveRun({ run, limits, host: "127.0.0.1", port: 0, defect });
  base = `http://127.0.0.1:${server.address.port}`;
}
async function ask(path: string, body: unknown = {}): Promise<{ status: number; json: never }> {
  const init = {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  const response = await fetch(base + path, init);
  return { status: response.status, json: (await response.json()) as never };
}
const openStream = async () => ((await ask("/streams")).json as { id: string }).id;
const step = async <T>(id: string, input: unknown) => {
  const { status, json } = await ask(`/streams/${id}/steps`, { input });
  expect([status, json]).toEqual([200, json]);
  return json as T;
};
const refusal = async (id: string, input: unknown) => {
  const { status, json } = await ask(`/streams/${id}/steps`, { input });
  return [status, (json as { error: { message: string } }).error.message];
};

let made = 0;
async function runOf(task: string, settings: object, vocabulary: object, params: object): Promise<string> {
  const path = join(folder, `${task}${made++}`);
  mkdirSync(path);
  const run = createRun(path, { task, settings }, { vocabulary: vocabulary as never });
  await run.saveWeights(params, 7);
  run.close();
  return path;
}
/** Parameters that differ from each other, where those of a new model are zeros. */
function drawn<P>(params: P): P {
  let stream = 0;
  return mapTree(params, (p) => {
    const { shape, dtype } = p as Tensor;
    return dtype === "int32" ? (p as Tensor) : uniform(Key.of(50 + stream++), shape, dtype);
  }) as P;
}

const net = { cell: "gru", hidden: 6, layers: 1, features: 4, dropout: 0, bidirectional: false };

describe("streams of runs on classes", () => {
  const textEncoding = {
    labels: ["no", "yes", "maybe"],
    input: { kind: "text", level: "byte", symbols: [], column: "text" },
  } as const;

  it.each(["mean", "last"] as const)(
    "say the class of what was read so far, as predictions of it do (read: %s)",
    async (read) => {
      const settings = { ...net, read };
      const params = classifyRunModel(settings, textEncoding).init(Key.of(1));
      const run = openRun(await runOf("classify", settings, textEncoding, params), "classify");
      await start(run);
      const [id, other] = [await openStream(), await openStream()];
      await step(other, "something else");
      let all = "";
      for (const piece of ["h", "ello ", "wörld"]) {
        all += piece;
        const found = await step<ClassPrediction>(id, piece);
        const predictor = run.predictor();
        const [expected] = (await predictor.predict([predictor.read(all)])) as ClassPrediction[];
        expect(found.label).toBe(expected!.label);
        for (const label of textEncoding.labels)
          expect(found.probabilities[label]).toBeCloseTo(expected!.probabilities[label]!, 6);
      }
      expect(await refusal(id, [1])).toEqual([400, "[1] is no text"]);
      expect(await refusal(id, "")).toEqual([400, "the text is empty, and there is nothing to go on with"]);
    },
  );

  it("read numbers too", async () => {
    const settings = { ...net, read: "mean" } as const;
    const encoding = {
      labels: ["a", "b"],
      input: {
        kind: "numbers",
        column: "values",
        columns: ["x", "y"],
        mean: [1, 2],
        deviation: [2, 3],
      },
    } as never;
    const params = classifyRunModel(settings, encoding).init(Key.of(1));
    const run = openRun(await runOf("classify", settings, encoding, params), "classify");
    const steps = runSteps(run)!;
    const [stream, talk] = [steps.pool.open(), steps.talk()];
    const rows = [
      [1, 2],
      [3, null],
      [0, 1],
    ];
    let said: object = {};
    for (const row of rows) {
      const reading = talk.read([row]);
      reading.begin();
      said = reading.answer(steps.pool.step([stream], reading.rows[0]!));
    }
    const predictor = run.predictor();
    const [expected] = await predictor.predict([predictor.read(rows)]);
    expect((said as ClassPrediction).probability).toBeCloseTo((expected as ClassPrediction).probability, 6);
    steps.dispose();
  });

  it("are not there where sequences are read in both directions", async () => {
    const settings = { ...net, bidirectional: true, read: "mean" } as const;
    const params = classifyRunModel(settings, textEncoding).init(Key.of(1));
    const run = openRun(await runOf("classify", settings, textEncoding, params), "classify");
    expect(runSteps(run)).toBe(null);
    await start(run);
    expect((await fetch(`${base}/streams`, { method: "POST" })).status).toBe(404);
  });
});

describe("streams of runs on tags", () => {
  const sentence = ["the", "sea", "wröte", "b", "sea"];
  const known = {
    ...taggingVocabulary([{ tokens: sentence, tags: ["D", "N", "V", "X", "N"] }], { minCount: 1 }),
    scheme: null,
    mode: "conll",
  } as const;

  it.each([null, 3])(
    "say the tag of each token, as the whole sentence has it (characters: %s)",
    async (characters) => {
      const settings = { ...net, characters };
      const params = drawn(tagRunModel(settings, known).init(Key.of(1)));
      const run = openRun(await runOf("tag", settings, known, params), "tag");
      const predictor = run.predictor();
      const [{ tags }] = (await predictor.predict([sentence])) as [{ tags: string[] }];
      await start(run);
      const id = await openStream();
      for (const [t, token] of sentence.entries()) {
        const found = await step<{ tag: string; probability: number }>(id, t === 0 ? token : [token]);
        expect(found.tag).toBe(tags[t]);
      }
      // Several at once: the answer is after the last.
      const again = await openStream();
      const last = await step<{ tag: string; probability: number }>(again, sentence.join(" "));
      const one = await openStream();
      let alone = { tag: "", probability: 0 };
      for (const token of sentence) alone = await step(one, token);
      expect(last).toEqual(alone);
      expect(await refusal(id, "  ")).toEqual([400, "the text has no tokens"]);
      const both = { ...settings, bidirectional: true };
      const reading = tagRunModel(both, known).init(Key.of(1));
      expect(runSteps(openRun(await runOf("tag", both, known, reading), "tag"))).toBe(null);
    },
  );
});

describe("streams of runs on time series", () => {
  const value = (k: number) => 50 + 0.5 * k + [0, 9, 4, -3, 2][k % 5]! + 3 * ((k * 7) % 3);
  const price = (k: number) => (k * 11) % 4;
  const setOf = (steps: number, ahead = 0) => {
    const collector = collectSeries({ covariates: [{ name: "price", role: "future" }] });
    for (let k = 0; k < steps + ahead; k++)
      collector.add({ target: k < steps ? value(k) : null, covariates: { price: price(k) } }, k);
    return collector.finish();
  };
  const reservoir = { cell: "lstm", hidden: 20, layers: 1, dropout: 0, model: "reservoir" };
  const values = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => value(from + i));
  const prices = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => price(from + i));
  interface Said {
    readonly time: string;
    readonly median: number;
    readonly quantiles: readonly number[];
  }

  async function fittedRun(transform: "none" | "log") {
    const set = setOf(100);
    const setup = forecastSetup(set, {
      horizon: 5,
      season: 5,
      transform,
      distribution: { kind: "residual" },
    });
    const model = seriesRunModel(reservoir as never, setup) as unknown as ReservoirForecastModel;
    const { train } = forecastWindows(set.series, setup);
    const { params } = (await reservoirForecastLearner(model, setup).fit(train, { key: Key.of(1) }))!;
    return openRun(await runOf("series", reservoir, { setup }, params), "series");
  }
  const ask1 = async (run: Awaited<ReturnType<typeof fittedRun>>, steps: number) =>
    (await forecastSeries(run.model, run.params, run.setup, setOf(steps, 1).series, { horizon: 1 }))[0]!;

  it.each(["none", "log"] as const)(
    "say the distribution of the next value: at first that of a forecast, then by the scale of the first input (transform: %s)",
    async (transform) => {
      const run = await fittedRun(transform);
      await start(run);
      const id = await openStream();
      const first = await step<Said>(id, { values: values(0, 60), covariates: { price: prices(0, 61) } });
      const expected = await ask1(run, 60);
      expect(first.time).toBe(expected.times[0]);
      expect(first.median).toBeCloseTo(expected.median[0]!, 9);
      for (const [q, at] of first.quantiles.entries()) expect(at).toBeCloseTo(expected.quantiles[0]![q]!, 9);
      // A value, several, and one by one in another stream: the same numbers.
      const other = await openStream();
      await step(other, { values: values(0, 60), covariates: { price: prices(0, 61) } });
      const together = await step<Said>(id, {
        values: values(60, 64),
        covariates: { price: prices(61, 65) },
      });
      let alone: Said = first;
      for (let k = 60; k < 64; k++)
        alone = await step<Said>(other, { values: [value(k)], covariates: { price: [price(k + 1)] } });
      expect(together).toEqual(alone);
      expect(alone.time).toBe("65");
      // The scale is that of the first input, so it is near a new forecast, and not the same.
      const fresh = await ask1(run, 64);
      expect(Math.abs(alone.median - fresh.median[0]!)).toBeLessThan(3);
      expect(alone.median).not.toBe(fresh.median[0]);
      expect(Math.abs(alone.median - value(64))).toBeLessThan(3);
    },
  );

  it("keep the same memory for ever, and the same numbers", async () => {
    const run = await fittedRun("none");
    const steps = runSteps(run)!;
    const go = (pieces: readonly number[]) => {
      const [stream, talk] = [steps.pool.open(), steps.talk()];
      let [from, said]: [number, object] = [0, {}];
      for (const to of pieces) {
        const { rows, begin, answer } = talk.read({
          values: values(from, to),
          covariates: { price: from === 0 ? prices(0, to + 1) : prices(from + 1, to + 1) },
        });
        begin();
        for (const row of rows) said = answer(steps.pool.step([stream], row));
        from = to;
      }
      return said;
    };
    // What is kept is cut many times in the first, and never in the second.
    const cut = go([60, ...Array.from({ length: 1940 }, (_, i) => 61 + i)]);
    expect(cut).toEqual(go([60, 2000]));
    steps.dispose();
  });

  it("say what is wrong, and go on after it as before", async () => {
    const run = await fittedRun("log");
    await start(run);
    const id = await openStream();
    expect(await refusal(id, [null, null])).toEqual([
      400,
      "values: the first input of a stream has a value at least: it sets the scale",
    ]);
    const first = { values: values(0, 60), covariates: { price: prices(0, 61) } };
    await step(id, first);
    expect(await refusal(id, -3)).toEqual([
      400,
      "target: the series has the value -3, which has no logarithm; take the transform asinh, which takes zero and negative values, or none",
    ]);
    expect(await refusal(id, { values: ["x"] })).toEqual([
      400,
      "values[0]: expected a number, or null where it is missing",
    ]);
    expect(await refusal(id, { values: [60], times: [61] })).toEqual([
      400,
      "times: values that go on are of the steps that follow, with null where one is missing",
    ]);
    const other = await openStream();
    await step(other, first);
    expect(await step(id, value(60))).toEqual(await step(other, [value(60)]));
  });

  it("are there for nets that go step by step, and not for those that forecast all steps at once", async () => {
    const settings = { cell: "gru", hidden: 6, layers: 1, dropout: 0 };
    const opened = async (way: ForecastSetup["way"]) => {
      const setup = forecastSetup(setOf(100), {
        horizon: 5,
        season: 5,
        way,
        distribution: { kind: "gaussian" },
      });
      const params = drawn(seriesRunModel(settings, setup).init(Key.of(1)));
      return openRun(await runOf("series", settings, { setup }, params), "series");
    };
    expect(runSteps(await opened("direct"))).toBe(null);
    const run = await opened("recursive");
    await start(run);
    const id = await openStream();
    const first = await step<Said>(id, { values: values(0, 60), covariates: { price: prices(0, 61) } });
    // Its forecast draws paths, whose median is near that of the distribution.
    const expected = await ask1(run, 60);
    const spread = first.quantiles[8]! - first.quantiles[0]!;
    expect(Math.abs(first.median - expected.median[0]!)).toBeLessThan(0.15 * spread);
  });
});
