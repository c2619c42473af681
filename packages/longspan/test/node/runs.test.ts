import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  chain,
  characterVocabulary,
  decodeRun,
  evaluateSynthetic,
  Key,
  type LanguageModel,
  type LanguageModelParams,
  languageModel,
  leafEntries,
  leaves,
  memoryRunCells,
  mingru,
  type RunContent,
  RunError,
  recurrent,
  runCells,
  runFiles,
  type SyntheticModelSettings,
  storedVocabulary,
  syntheticRunModel,
  syntheticRunProblem,
  type Tensor,
  type TextModelSettings,
  tanh,
  tensor,
  textRunModel,
} from "longspan";
import {
  continueRun,
  createRun,
  folderHolds,
  openRun,
  readMetrics,
  readRunConfig,
  readRunVocabulary,
} from "longspan/node";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "longspan runs "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = () => join(folder, String(count++));

function holding(name: string, ...files: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), "{}");
  return path;
}

/** The numbers of all parameters, in order. */
const numbers = async (params: object) =>
  Promise.all((leaves(params) as Tensor[]).map(async (t) => Array.from(await t.data())));

const text: TextModelSettings = { cell: "gru-reset-after", hidden: 4, layers: 2, features: 3, dropout: 0.1 };
const vocabulary = storedVocabulary(characterVocabulary("abc"));
const synthetic = { cell: "rnn", hidden: 5, start: "sigmoid", length: null, lengths: "10-12" } as const;
const content = { task: "synthetic", problem: "adding", settings: synthetic };

describe("a run made without the command line", () => {
  it("on a text is opened: vocabulary, model, the parameters that were kept and their step", async () => {
    const run = createRun(fresh(), { task: "text", settings: text }, { vocabulary });
    const params = textRunModel(text, 3).init(Key.of(1));
    await run.saveWeights(params, 7);
    run.close();
    const opened = openRun(run.path);
    if (opened.kind !== "text") throw new Error(opened.kind);
    expect([opened.step, opened.vocabulary.symbols]).toEqual([7, ["a", "b", "c"]]);
    expect(await numbers(opened.params)).toEqual(await numbers(params));
    expect(opened.config).toMatchObject({ format: "longspan-run", formatVersion: 7, task: "text" });
    expect(readRunVocabulary(run.path).size).toBe(3);
  });

  it("may have a clockwork net: its units in five groups, the rest with the fastest", () => {
    const net = textRunModel({ ...text, cell: "clockwork", hidden: 23, layers: 1 }, 3);
    const shapes = leafEntries(net.init(Key.of(1))).map(([path, { shape }]) => `${path} ${shape.join("x")}`);
    // Reads its input and the slower groups.
    const groups = [
      [19, 7],
      [15, 4],
      [11, 4],
      [7, 4],
      [3, 4],
    ].map(([input, units], g) => `layers[0][${g}].U ${input}x${units}`);
    expect(shapes.filter((shape) => shape.includes(".U "))).toEqual(groups);
    const few = textRunModel({ ...text, cell: "clockwork", hidden: 2, layers: 1 }, 3);
    expect(leafEntries(few.init(Key.of(1))).filter(([path]) => path.endsWith(".U")).length).toBe(2);
  });

  it("on a text with minGRUs has the window, the residual connections and the squashing that it names, or none", async () => {
    const sizes = { hidden: 4, layers: 2, features: 3, dropout: 0 };
    const layer = ({ input, hidden }: { input: number; hidden: number }) =>
      recurrent(mingru({ input, hidden, squash: tanh }));
    const symbols = tensor([0, 2, 1, 1, 0], "int32");
    const logits = async (model: LanguageModel, params: LanguageModelParams) =>
      Array.from(await (model.apply(params, symbols, chain([5])).output as Tensor).data());
    const wanted: [object, LanguageModel][] = [
      [
        { window: 2, residual: true, squash: "tanh" },
        languageModel({ ...sizes, vocabulary: 3, cell: layer, window: 2, residual: true }),
      ],
      [{}, languageModel({ ...sizes, vocabulary: 3, cell: "mingru" })],
    ];
    for (const [settings, model] of wanted) {
      const named = { ...sizes, cell: "mingru", ...settings };
      const run = createRun(fresh(), { task: "text", settings: named }, { vocabulary });
      const params = model.init(Key.of(1));
      await run.saveWeights(params, 7);
      run.close();
      const opened = openRun(run.path, "text");
      expect(await logits(opened.model, opened.params)).toEqual(await logits(model, params));
    }
    // One layer of another width than the embedding has nothing to be added to.
    expect(() => textRunModel({ ...sizes, layers: 1, cell: "mingru", residual: true }, 3)).not.toThrow();
  });

  it("on a synthetic problem is opened, and its model is that of its start: the same answers", async () => {
    const run = createRun(fresh(), content);
    const problem = syntheticRunProblem("adding", { length: null, lengths: "10-12" });
    const { length: _, lengths: __, ...settings } = synthetic;
    const model = syntheticRunModel(settings, problem);
    const params = model.init(Key.of(1));
    await run.saveWeights(params, 3);
    run.close();
    const opened = openRun(run.path, "synthetic");
    const looks = { key: Key.of(2), sequences: 40 };
    const told = await evaluateSynthetic(opened.model, opened.params, opened.problem, looks);
    expect(told).toEqual(await evaluateSynthetic(model, params, problem, looks));
    // An rnn that starts as its cell has another activation: it answers otherwise.
    const other = syntheticRunModel({ ...settings, start: "cell" }, problem);
    expect(told.loss).not.toEqual((await evaluateSynthetic(other, params, problem, looks)).loss);
  });

  it("is opened from bytes, as in a page", async () => {
    const run = createRun(fresh(), { task: "text", settings: text }, { vocabulary });
    const params = textRunModel(text, 3).init(Key.of(1));
    await run.saveWeights(params, 7);
    run.close();
    const bytes = (name: keyof typeof runFiles) =>
      new Uint8Array(readFileSync(join(run.path, runFiles[name])));
    const files = { config: bytes("config"), vocabulary: bytes("vocabulary"), weights: bytes("weights") };
    expect(await numbers(decodeRun(files, "text").params)).toEqual(await numbers(params));
    const { vocabulary: _, ...without } = files;
    expect(() => decodeRun(without)).toThrow("vocabulary.json was not given; give its bytes as vocabulary");
    expect(() => decodeRun({ ...files, weights: files.config })).toThrow(
      /^weights\.safetensors: weight file/,
    );
    expect(() => decodeRun(files, "synthetic")).toThrow(
      'config.json: task is "text", expected "synthetic"; give a run of that kind',
    );
  });

  it("goes on where it was: configuration and events stay, and no second writer comes in", () => {
    const run = createRun(fresh(), { task: "number", settings: { seed: 1 } });
    run.metrics.add({ step: 1 });
    expect(() => continueRun(run.path)).toThrow(`${run.path} is in use by process ${process.pid}`);
    run.close();
    const again = continueRun(run.path);
    again.metrics.add({ step: 2 });
    again.saveConfig({ ...readRunConfig(run.path), settings: { seed: 1, steps: 5 } });
    again.close();
    expect(readMetrics(run.path)).toEqual([{ step: 1 }, { step: 2 }]);
    expect(readRunConfig(run.path).settings).toEqual({ seed: 1, steps: 5 });
  });

  it("replaces another only if that is said, and then leaves nothing of it", async () => {
    const path = fresh();
    const run = createRun(path, { task: "text", settings: text }, { vocabulary });
    await run.saveWeights(textRunModel(text, 3).init(Key.of(1)), 7);
    run.metrics.add({ step: 1 });
    run.saveReport("<p>");
    run.close();
    writeFileSync(join(path, runFiles.flowCurvature), "");
    expect(() => createRun(path, content)).toThrow(
      `${path} holds a run already; go on with it (continueRun), choose another folder, or replace it (replace: true)`,
    );
    createRun(path, content, { replace: true }).close();
    expect(readdirSync(path).sort()).toEqual(["config.json", "metrics.jsonl"]);
    expect(readMetrics(path)).toEqual([]);
  });
});

describe("the configuration of a run", () => {
  const whole = { expected: "a whole number", accepts: Number.isSafeInteger };
  const schema = { task: "number", settings: { later: { ...whole, before: 2 } }, complete: true };
  const made = (settings: object, more: object = {}) => {
    const path = fresh();
    mkdirSync(path);
    const head = { format: "longspan-run", formatVersion: 7, task: "number" };
    writeFileSync(join(path, "config.json"), JSON.stringify({ ...head, ...more, settings }));
    return path;
  };
  const said = (path: string, given: object = schema) => {
    try {
      readRunConfig(path, given as typeof schema);
    } catch (error) {
      const { problem, message } = error as RunError;
      return [problem, message.replace(`${path}/`, "")];
    }
    return null;
  };

  it("has what runs had before a setting was there", () => {
    expect(readRunConfig(made({}), schema).settings).toEqual({ later: 2 });
    expect(readRunConfig(made({ later: 3 }), schema).settings).toEqual({ later: 3 });
    expect(said(made({ later: 0.5 }))).toEqual([
      "contents",
      "config.json: settings.later is 0.5, expected a whole number; put back what the run had",
    ]);
    expect(said(made({}), { ...schema, settings: { always: whole } })).toEqual([
      "contents",
      "config.json: settings.always is missing, expected a whole number; put back what the run had",
    ]);
  });

  it("has no other settings where the schema names all, and others are left alone where it does not", () => {
    const path = made({ latr: 1 });
    expect(said(path)).toEqual([
      "contents",
      "config.json: settings.latr is unknown to this version of longspan (did you mean later?); use the version that made the run or, if the entry was added by hand, take it out",
    ]);
    const config = readRunConfig(path, { ...schema, complete: false });
    expect(config.settings).toEqual({ latr: 1, later: 2 });
  });

  it("is of one kind and one version", () => {
    expect(said(made({}, { task: "text" }))?.[0]).toBe("kind");
    const version = (formatVersion: unknown) => said(made({}, { formatVersion }));
    expect(version(6)).toEqual([
      "version",
      "config.json: formatVersion is 6, expected 7; the run is older than this longspan: use the version that made it",
    ]);
    expect(version(8)).toEqual([
      "version",
      "config.json: formatVersion is 8, expected 7; the run is newer than this longspan: use the version that made it, or a later one",
    ]);
    expect(said(made({}, { format: "other" }))?.[1]).toContain('format is "other", expected "longspan-run"');
  });

  it("that cannot be opened is none: a run of a known kind has the settings of its model", () => {
    const bad: [RunContent & object, string][] = [
      [
        { task: "text", settings: { ...text, hidden: 0 } },
        "createRun: content: settings.hidden is 0, expected a positive integer",
      ],
      [
        { ...content, settings: { ...synthetic, lengths: "12-10" } },
        'createRun: content: settings.lengths is "12-10", expected two whole numbers with a - between them, the smaller one first, such as 50-200',
      ],
      [{ task: "synthetic", settings: synthetic }, "createRun: content: problem is missing, expected one of"],
      [
        { task: "text", settings: text },
        "createRun: vocabulary is missing; a run on a text cannot be opened without, give storedVocabulary(...)",
      ],
    ];
    for (const [given, message] of bad) {
      const path = fresh();
      expect(() => createRun(path, given)).toThrow(message);
      expect(existsSync(path)).toBe(false);
    }
  });

  it("of a problem says its length once", async () => {
    const run = createRun(fresh(), content);
    run.close();
    const file = join(run.path, "config.json");
    const config = JSON.parse(readFileSync(file, "utf8"));
    const saying = (lengths: object) =>
      writeFileSync(file, JSON.stringify({ ...config, settings: { ...config.settings, ...lengths } }));
    saying({ length: 11, lengths: "10-12" });
    expect(() => openRun(run.path)).toThrow(
      `${file}: syntheticRunProblem: length is 11 and lengths is 10-12; one of them says how long sequences are, make the other null; put back what the run had`,
    );
  });

  it("of a problem without a length has the usual ones", () => {
    expect(syntheticRunProblem("adding", { length: null, lengths: null }).steps).toBe(109);
    expect(syntheticRunProblem("copy", { length: null, lengths: null }).steps).toBe(41);
  });
});

describe("a folder that is no run", () => {
  it("is said to be none, with a word for programs", () => {
    const problems = (f: () => unknown) => {
      try {
        f();
      } catch (error) {
        return error instanceof RunError ? `${error.problem}: ${error.message}` : String(error);
      }
      return "";
    };
    const none = join(folder, "none");
    const empty = holding("empty");
    const remedy = "give the folder of a run, as createRun and longspan train make it";
    for (const open of [openRun, continueRun, readRunConfig]) {
      expect(problems(() => open(none))).toBe(`no folder: there is no folder ${none}; ${remedy}`);
      expect(problems(() => open(empty))).toBe(
        `no run: ${empty} is not the folder of a run: it has no config.json; ${remedy}`,
      );
    }
    expect([existsSync(none), readdirSync(empty)]).toEqual([false, []]);
    const notes = holding("some notes", "notes.txt");
    expect(problems(() => createRun(notes, content))).toBe(
      `holds other files: ${notes} is not empty and holds no run; choose another folder`,
    );
    expect(readdirSync(notes)).toEqual(["notes.txt"]);
    const run = createRun(fresh(), content);
    expect(problems(() => openRun(run.path))).toBe(
      `no weights: ${run.path} holds no trained model yet: weights.safetensors is written at the first validation and at the end of a run; wait for it`,
    );
    run.close();
    const toy = createRun(fresh(), { task: "number", settings: {} });
    toy.close();
    expect(problems(() => openRun(toy.path))).toBe(
      `kind: ${toy.path}/config.json: task is "number", expected one of text, synthetic, classify, trees, tag, series, pairs; give a run of that kind`,
    );
  });
});

describe("the folder of a run that was killed", () => {
  it("before its configuration was there counts as empty, and is taken", () => {
    for (const [name, ...files] of [
      ["in the vocabulary", ".vocabulary.json.639.tmp"],
      ["in the configuration", "vocabulary.json", ".config.json.639.tmp"],
    ] as const) {
      const path = holding(name, ...files);
      expect(folderHolds(path)).toBe("other");
      writeFileSync(join(path, ".lock-left"), "");
      expect(folderHolds(path)).toBe("nothing");
      createRun(path, content).close();
      expect(readdirSync(path).filter((file) => file.endsWith(".tmp"))).toEqual([]);
      expect(folderHolds(path)).toBe("run");
    }
  });

  it("in the middle of a write loses the half of a file when it goes on, and nothing that is not its own", () => {
    const own = [".weights.safetensors.7.tmp", ".report.html.12345.tmp", ".flow-curvature.png.1.tmp"];
    const others = [".config.json.tmp", ".notes.7.tmp", "x.config.json.7.tmp", ".configXjson.7.tmp"];
    const path = holding("on", "config.json", ...own, ...others);
    continueRun(path).close();
    expect(readdirSync(path).filter((file) => file.endsWith(".tmp"))).toEqual(others.sort());
  });

  it("is no run's if it holds what a run does not make", () => {
    expect(folderHolds(holding("other", "vocabulary.json"))).toBe("other");
    expect(folderHolds(holding("notes", ".lock-left", "notes.txt"))).toBe("other");
    expect(() => createRun(join(folder, "notes"), content)).toThrow("is not empty and holds no run");
    expect(folderHolds(holding("fresh"))).toBe("nothing");
    expect(folderHolds(join(folder, "nowhere"))).toBe("nothing");
  });

  it("loses an event that was cut short, and no other", () => {
    const run = createRun(fresh(), content);
    run.metrics.add({ step: 1 });
    run.close();
    writeFileSync(join(run.path, "metrics.jsonl"), '{"step":1}\n{"st');
    expect(readMetrics(run.path)).toEqual([{ step: 1 }]);
    const again = continueRun(run.path);
    again.metrics.add({ step: 2 });
    again.close();
    expect(readMetrics(run.path)).toEqual([{ step: 1 }, { step: 2 }]);
  });
});

it("settings of a model are checked as those of every function", () => {
  const problem = syntheticRunProblem("adding", { length: 10, lengths: null });
  const wrong = { cell: "lstn", hidden: 4 } as SyntheticModelSettings;
  expect(() => syntheticRunModel(wrong, problem)).toThrow(
    `syntheticRunModel: cell is one of ${[...runCells, ...memoryRunCells].join(", ")}, got "lstn" (did you mean lstm?)`,
  );
});
