import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adding,
  chain,
  characterVocabulary,
  decodePytorch,
  decodeSafetensors,
  encodeCheckpoint,
  encodePytorch,
  encodeSafetensors,
  Key,
  languageModel,
  linear,
  meanSquaredErrorMean,
  mul,
  pascanuRnn,
  perceptron,
  ranksInProcess,
  recurrent,
  rnn,
  saveModel,
  sgd,
  startTraining,
  storedVocabulary,
  sum,
  type Tensor,
  tensor,
  textRunModel,
  textStreams,
  textTask,
  toPytorch,
  trainingStep,
  turingMemory,
  unfold,
  type Value,
  withMemory,
  wordVocabulary,
  zeros,
} from "longspan";
import { createRun, jsonLinesFile, openRun, type RunFolder, tensorBoardFile } from "longspan/node";
import { afterAll } from "vitest";
import {
  type Arguments,
  anything,
  argument,
  atLeastZero,
  choice,
  count,
  finite,
  flag,
  func,
  integer,
  key,
  maybe,
  nullable,
  numbers,
  positive,
  rate,
  settings,
  size,
  text,
  thing,
  tree,
  value,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const params = () => ({ w: tensor([1, 2]) });
const loss = (p: { w: Value }) => sum(mul(p.w, p.w));
const unnamed = (valid: unknown, ...wrong: unknown[]) => ({
  valid,
  wrong: [null, 5, "x", ...wrong],
  unnamed: true,
});
/** Trees of the form of what is differentiated. */
const like = (t: unknown = params()) => unnamed(t, {});
const derivative = (args: Arguments): Row => row({ f: func(loss) }, { methods: { "": row(args) } });

export const derivativeRows: Rows = {
  CaptureError: () => exempt("an error"),
  grad: () => derivative({ params: unnamed(params()) }),
  valueAndGrad: () => derivative({ params: unnamed(params()) }),
  valueGradAndAux: () =>
    row(
      { f: func((p: { w: Value }) => ({ loss: loss(p), aux: null })) },
      { methods: { "": row({ params: unnamed(params()) }) } },
    ),
  valueAndGradPerExample: () =>
    row(
      { f: func((p: { w: Value }) => mul(p.w, tensor([1, 2]))) },
      { methods: { "": row({ params: unnamed(params()) }) } },
    ),
  hessianVectorProduct: () => derivative({ params: unnamed(params()), direction: like() }),
  gaussNewtonProduct: () =>
    row({ f: func(squares) }, { methods: { "": row({ params: unnamed(params()), direction: like() }) } }),
  jvp: () => derivative({ x: unnamed(params()), tangents: like() }),
  linearize: () =>
    row(
      { f: func(loss), x: unnamed(params()) },
      {
        methods: {
          pushforward: row({ tangents: like() }),
          pullback: row({ cotangents: like(tensor(1)) }),
          dispose: row({}),
        },
      },
    ),
  vjp: () =>
    row(
      { f: func(loss), x: unnamed(params()) },
      { methods: { pullback: row({ cotangents: like(tensor(1)) }), dispose: row({}) } },
    ),
  gaussNewton: () =>
    row(
      { f: func(squares), params: unnamed(params()) },
      {
        methods: {
          product: row({ direction: like(), beside: maybe(argument(1, ["number"])) }),
          pullback: row({ cotangents: unnamed([tensor([1, 1])], {}, []) }),
          dispose: row({}),
        },
      },
    ),
  markModelOutputs: () => row({ outputs: value() }),
  checkDerivatives: () =>
    row({
      f: func((p: { w: Tensor }) => sum(mul(p.w, p.w))),
      params: tree({ w: tensor([1, 2], "float64") }),
      options: settings({
        directions: maybe(size(1)),
        epsilon: maybe(positive(1e-4)),
        second: maybe(flag(false)),
        seed: maybe(integer(1)),
      }),
    }),
  uncapturable: () => row({ what: text("reads a clock") }),
  capture: () =>
    row(
      {
        f: func((x: Tensor) => mul(x, 2)),
        options: settings({
          otherwise: maybe(choice("call")),
          mostBytes: maybe(argument(1e6, ["number"], -1, Number.NaN)),
        }),
      },
      { methods: { "": exempt("takes what the captured function takes"), dispose: row({}) } },
    ),
};

const recurrentLoss = () => {
  const cell = rnn({ input: 2, hidden: 2 });
  const read = linear({ input: 2, output: 1 });
  const layer = recurrent(cell);
  const all = { layer: layer.init(Key.of(1)), read: read.init(Key.of(2)) };
  const f = (p: typeof all) =>
    meanSquaredErrorMean(
      read.apply(
        p.read,
        layer.apply(
          p.layer,
          tensor([
            [1, 2],
            [2, 3],
            [3, 4],
            [4, 5],
            [1, 0],
          ]),
          chain([5]),
        ).output,
      ),
      zeros([5, 1]),
    );
  return { f, all };
};

export const flowRows: Rows = {
  shortestPath: () => row({ cell: thing(rnn({ input: 3, hidden: 4 })) }),
  statePaths: () => row({ cell: thing(rnn({ input: 3, hidden: 4 })) }),
  flowReport: () => {
    const { f, all } = recurrentLoss();
    return row({
      loss: func(f),
      params: argument(all, ["record", "list"]),
      options: settings({
        jacobians: maybe(count(1)),
        exponents: maybe(count(1)),
        weights: maybe(flag(false)),
        ratios: maybe(flag(false)),
        timeConstants: maybe(flag(false)),
      }),
    });
  },
  timeConstants: () => {
    const { f, all } = recurrentLoss();
    return row({ loss: func(f), params: argument(all, ["record", "list"]) });
  },
  memoryReport: () => {
    const cell = withMemory(perceptron, { input: 2, hidden: 3, memory: turingMemory({ rows: 4, width: 2 }) });
    const f = (p: never) => sum(unfold(cell, p, { x: zeros([3, 2]) }, chain([3])).output);
    return row({
      loss: func(f),
      params: argument(cell.init(Key.of(1)), ["record", "list"]),
      options: settings({ sequences: maybe(size(1)) }),
    });
  },
  curvatureByLag: () => {
    const { f, all } = recurrentLoss();
    return row({
      loss: func(f),
      params: argument(all, ["record", "list"]),
      options: settings({ lags: maybe(argument([0, 1], ["list"], [-1], [1.5], [1, 0], ["x"])) }),
    });
  },
  flowPenalty: () => {
    const { f, all } = recurrentLoss();
    return row({
      f: func((p: typeof all) => ({ loss: f(p), aux: null })),
      params: argument(all, ["record", "list"]),
      options: settings({
        gradient: maybe(choice("book")),
        norms: maybe(choice("plain")),
        steps: maybe(choice("sum")),
        slots: maybe(argument(["h"], ["list"], [5])),
      }),
    });
  },
  inputSensitivity: () =>
    row({ outputs: func((x: Value) => mul(x, 2)), x: value(zeros([3, 2])), structure: thing(chain([3])) }),
  lyapunovExponents: () => {
    const cell = rnn({ input: 2, hidden: 2 });
    return row({
      cell: thing(cell),
      params: argument(cell.init(Key.of(1)), ["record", "list"]),
      inputs: argument({ x: zeros([12, 2]) }, ["record", "list"]),
      structure: thing(chain([12])),
      options: settings({ count: maybe(size(1)), settle: maybe(count(2)), initial: maybe(tree({})) }),
    });
  },
  eigenvalues: () => row({ a: numbers([1, 0, 0, 1]), n: { ...size(2), unnamed: true } }),
  spectralRadius: () => row({ a: numbers([1, 0, 0, 1]), n: { ...size(2), unnamed: true } }),
  spectralRadiusOfSparse: () =>
    row({
      entries: settings({ values: numbers([1, 2]), from: numbers([1, 0]) }),
      n: { ...size(2), unnamed: true },
    }),
  schur: () => row({ a: numbers([1, 0, 0, 1]), n: { ...size(2), unnamed: true } }),
  eigenpairs: () => row({ a: numbers([1, 0, 0, 1]), n: { ...size(2), unnamed: true } }),
  powerNorms: () => row({ a: numbers([1, 0, 0, 1]), n: { ...size(2), unnamed: true }, steps: count(3) }),
  symmetricEigen: () => row({ a: numbers([1, 0, 0, 1]), n: { ...size(2), unnamed: true } }),
  singularValues: () =>
    row({
      a: numbers([1, 0, 0, 1]),
      rows: { ...size(2), unnamed: true },
      columns: { ...size(2), unnamed: true },
    }),
};

/** Rows of drawings. */
export const drawingRows: Rows = {
  draw: () =>
    row({
      of: { ...argument(rnn({ input: 2, hidden: 2 }), []), unnamed: true },
      options: settings({
        detail: maybe(choice("units")),
        title: maybe(text("a cell")),
        arguments: maybe(argument([], ["list"])),
      }),
    }),
  drawForecast: () =>
    row({
      truth: numbers([1, 2, 3], "list", "text"),
      forecast: numbers([3], "list", "text"),
      options: settings({ step: maybe(positive(1)), across: maybe(text("t")), title: maybe(text("t")) }),
    }),
  drawPowers: () =>
    row({
      a: numbers([1, 0, 0, 1]),
      n: { ...size(2), unnamed: true },
      options: settings({ steps: maybe(size(5)), title: maybe(text("W")) }),
    }),
  drawUnfolded: () =>
    row({
      of: { ...argument(rnn({ input: 2, hidden: 2 }), []), unnamed: true },
      over: argument(chain([2]), [], []),
      options: settings({ detail: maybe(choice("units")), title: maybe(text("a cell")) }),
    }),
};

const vocabularyMethods = (): Row["methods"] => ({
  encode: row(
    { text: text("ab"), options: settings({ skipUnknown: maybe(flag(false)) }) },
    { says: "vocabulary.encode: " },
  ),
  decode: row({ symbols: argument([0], ["list"], [99], ["x"], [1.5]) }, { says: "vocabulary.decode: " }),
  wholeSymbols: row({ parts: argument(["a b"], ["list"]) }, { says: "vocabulary.wholeSymbols: " }),
});
const symbols = () =>
  argument(
    Int32Array.from({ length: 60 }, (_, i) => i % 3),
    [],
  );
export const dataRows: Rows = {
  TextTooShortError: () => exempt("an error"),
  UnknownSymbolError: () => exempt("an error"),
  Utf8Error: () => exempt("an error"),
  characterVocabulary: () =>
    row({ text: argument("abc", ["text", "list"], [5]) }, { methods: vocabularyMethods() }),
  wordVocabulary: () =>
    row(
      {
        text: argument("a b a b", ["text", "list"]),
        options: settings({ size: maybe(size(5)), minCount: maybe(size(1)) }),
      },
      { methods: vocabularyMethods() },
    ),
  tokenVocabulary: () =>
    row(
      {
        text: argument("a b a b", ["text", "list"]),
        options: settings({ size: maybe(size(5)), minCount: maybe(size(1)) }),
      },
      { methods: vocabularyMethods() },
    ),
  vocabularyFrom: () =>
    row(
      {
        stored: unnamed(
          { level: "char", symbols: ["a", "b"] },
          {},
          [],
          { level: "char" },
          { level: "char", symbols: [5] },
        ),
        codec: maybe(unnamed({ encode: () => [0], decode: () => "a" }, {}, { encode: 5, decode: 5 })),
      },
      { methods: vocabularyMethods(), says: "vocabulary: " },
    ),
  storedVocabulary: () => row({ vocabulary: thing(characterVocabulary("ab")) }),
  countUnknown: () => row({ vocabulary: thing(wordVocabulary("a b")), symbols: symbols() }),
  decodeUtf8Parts: () => row({ parts: argument([Uint8Array.of(97)], ["list"], [5]) }),
  wholeWords: () => row({ parts: argument(["a b"], ["list"], [5]) }),
  decodeUtf8: () => row({ bytes: thing(Uint8Array.of(97)) }),
  splitText: () => row({ symbols: symbols(), fraction: rate(0.1) }),
  textStreams: () =>
    row(
      { symbols: symbols(), options: settings({ streams: size(2), steps: size(4) }) },
      {
        methods: {
          segment: row({ step: count(0), first: maybe(argument(1, [], 0, 3, 1.5)) }),
          describe: row({ step: count(0) }),
        },
      },
    ),
};

const model = () => languageModel({ vocabulary: 3, features: 2, hidden: 2 });
const streams = () =>
  textStreams(
    Int32Array.from({ length: 60 }, (_, i) => i % 3),
    { streams: 2, steps: 4 },
  );
const sequences = () => pascanuRnn({ input: 2, output: 1, hidden: 2 });
const short = () => adding({ length: 10 });
const task = () => textTask(model(), streams());
const optimiser = () => sgd({ learningRate: 0.1 });
const started = () => startTraining(task(), optimiser(), model().init(Key.of(1)));
const byTrain: Row["methods"] = Object.fromEntries(
  [
    "batch",
    "curvatureBatch",
    "predictions",
    "carriedAtStart",
    "loss",
    "describe",
    "unpenalised",
    "share",
  ].map((name) => [name, exempt("called by train()")]),
);
const taskMethods = (...without: string[]): Row["methods"] =>
  Object.fromEntries(Object.entries(byTrain ?? {}).filter(([name]) => !without.includes(name)));
const backward = () => maybe(argument({ kind: "full" }, [], { kind: "fully" }));
const signal = () => maybe(argument({ aborted: false }, []));
const pause = () => maybe(func(async () => {}));
const weights = () => argument(model().init(Key.of(1)), ["record", "list"]);

export const trainRows: Rows = {
  CheckpointError: () => exempt("an error"),
  ExplosionError: () => exempt("an error"),
  NonFiniteLossError: () => exempt("an error"),
  WeightFileError: () => exempt("an error"),
  textTask: () =>
    row(
      {
        model: thing(model()),
        text: thing(streams()),
        options: settings({ backward: backward(), curvature: maybe(argument(1, [], 0, 3, 1.5, "1")) }),
      },
      { methods: taskMethods("unpenalised") },
    ),
  syntheticTask: () =>
    row(
      {
        model: thing(sequences()),
        problem: thing(short()),
        options: settings({
          key: key(),
          batch: maybe(size(2)),
          curvature: maybe(argument(1, [], 0, 3, 1.5, "1")),
          backward: backward(),
        }),
      },
      { methods: taskMethods("unpenalised") },
    ),
  withFlowPenalty: () =>
    row(
      {
        task: thing(task()),
        settings: settings({
          weight: argument(1, ["number", "function"], -1, Number.NaN, "1"),
          gradient: maybe(choice("book")),
          norms: maybe(choice("plain")),
          steps: maybe(choice("sum")),
          slots: maybe(argument(["h"], ["list"], [5])),
        }),
      },
      { methods: taskMethods() },
    ),
  trainingStep: () => {
    const f = (p: { w: Value }) => loss(p);
    const at = () => trainingStep(f, optimiser()).start(params());
    return row(
      {
        loss: func(f),
        optimiser: thing(optimiser()),
        options: settings({ settings: maybe(func(() => ({}))) }),
      },
      {
        methods: {
          "": row({ at: unnamed(at(), {}, []) }),
          start: row({ params: argument(params(), ["record", "list"]) }),
        },
      },
    );
  },
  startTraining: () =>
    row({
      task: thing(task()),
      optimiser: thing(optimiser()),
      params: argument(weights().valid, ["record", "list"]),
    }),
  train: () =>
    row({
      task: thing(task()),
      state: thing(started()),
      options: settings({
        optimiser: thing(optimiser()),
        budget: argument({ steps: 1 }, [], { steps: -1 }, { minutes: "x" }, { stepz: 1 }),
        key: key(),
        schedule: maybe(func(() => 0.1)),
        momentum: maybe(func(() => 0.5)),
        onExplosion: maybe(argument({ nonFinite: "skip" }, ["record"])),
        validation: maybe(
          argument(
            { run: async () => 1, every: { steps: 1 } },
            [],
            { run: 5, every: { steps: 1 } },
            { run: async () => 1, every: { steps: 0 } },
            {
              run: async () => 1,
              every: { steps: 1 },
              patience: 0,
            },
          ),
        ),
        callbacks: maybe(argument([{}], ["list"], [5])),
        reportSeconds: maybe(atLeastZero(1)),
        signal: signal(),
        collective: maybe(thing(ranksInProcess(1)[0]!)),
        pause: pause(),
      }),
    }),
  ranksInProcess: () => row({ ranks: size(1) }),
  mpiLaunch: () => row({ environment: maybe(argument({}, ["record"])) }),
  joinMpi: () => exempt("takes nothing"),
  MpiError: () => exempt("an error"),
  evaluateText: () =>
    row({
      model: thing(model()),
      params: weights(),
      symbols: symbols(),
      options: settings({
        streams: maybe(size(2)),
        length: maybe(size(3)),
        steps: maybe(size(4)),
        signal: signal(),
        pause: pause(),
      }),
    }),
  evaluateByLength: () =>
    row({
      options: settings({
        lengths: argument([2, 3], ["list"], [0], ["x"]),
        seen: settings({ least: size(1), most: size(2) }),
      }),
      evaluate: func(async () => ({})),
    }),
  evaluateSynthetic: () =>
    row({
      model: thing(sequences()),
      params: argument(sequences().init(Key.of(1)), ["record", "list"]),
      problem: thing(short()),
      options: settings({
        key: key(),
        sequences: maybe(size(2)),
        batch: maybe(size(2)),
        signal: signal(),
        pause: pause(),
      }),
    }),
  clippingBias: () =>
    row({
      losses: func((p: { w: Value }, batch: Tensor) => mul(p.w, batch)),
      params: argument(params(), ["record", "list"]),
      batches: argument([tensor([1, 2])], [], []),
      options: settings({ threshold: positive(1) }),
    }),
  encodeCheckpoint: () => row({ state: thing(started()) }),
  decodeCheckpoint: () =>
    row(
      { checkpoint: unnamed(checkpoint, [], {}, { tensors: 5, progress: {} }), template: thing(started()) },
      // What is wrong with the file's contents is said of the checkpoint.
      { says: "" },
    ),
  encodeSafetensors: () => row({ tree: tree(), metadata: maybe(argument({ a: "b" }, ["record"], { a: 5 })) }),
  decodeSafetensors: () => row({ bytes: thing(file) }),
  loadInto: () =>
    row({ params: argument(params(), ["record", "list"]), stored: thing(decodeSafetensors(file)) }),
  encodePytorch: () => row({ tree: tree() }),
  decodePytorch: () => row({ bytes: thing(pytorchFile) }),
  fromPytorch: () =>
    row({
      kind: choice("Linear"),
      weights: thing(decodePytorch(pytorchFile)),
      options: settings({
        prefix: maybe(text("net.")),
        dropout: maybe(rate(0.5)),
        activation: maybe(choice("tanh")),
      }),
    }),
  toPytorch: () =>
    row({
      kind: choice("Linear"),
      params: argument({ W: tensor([[1], [2]]), b: tensor([3]) }, ["record", "list"]),
      options: settings({ prefix: maybe(text("net.")) }),
    }),
  tensorBoardHeader: () => row({ wallTime: finite(1) }),
  encodeTensorBoardEvent: () =>
    row({
      event: settings({
        wallTime: finite(1),
        step: integer(1),
        scalars: argument({ a: 1 }, ["record"], { a: "x" }),
      }),
    }),
};

// What needs a promise is made once.
const file = await encodeSafetensors(params());
const pytorchFile = await encodePytorch(
  toPytorch("Linear", linear({ input: 2, output: 1 }).init(Key.of(1)), { prefix: "net." }),
);
const checkpoint = await encodeCheckpoint(started());

const folder = mkdtempSync(join(tmpdir(), "longspan-surface-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const abc = characterVocabulary("abc");
const textSettings = { cell: "lstm", hidden: 3, features: 2, layers: 1, dropout: 0 };
const textContent = { task: "text", settings: textSettings };
const textModel = () => textRunModel(textSettings, abc.size);
const runOptions = { vocabulary: storedVocabulary(abc) };

/** The folder of a run that can be opened. */
async function makeRun(): Promise<string> {
  const made = createRun(join(folder, "run"), textContent, runOptions);
  await made.saveWeights(textModel().init(Key.of(1)), 0);
  made.close();
  return made.path;
}
const run = await makeRun();
const modelFile = await saveModel(openRun(run, "text"));
const opening = () => settings({ cell: maybe(func(() => null)), tokenizer: maybe(func(() => null)) });
const bytesOf = (name: string) => new Uint8Array(readFileSync(join(run, name)));
const openedMethods = {
  predictor: row(
    { options: maybe(settings({ top: maybe(size(5)), length: maybe(count(3)) })) },
    {
      says: "predictor: ",
      methods: { read: exempt("throws InputError"), predict: exempt("called with what was read") },
    },
  ),
};
const runMethods = {
  methods: {
    saveWeights: row({ params: tree(), step: count(1) }),
    saveConfig: row({ content: content() }),
    saveReport: row({ html: text("<p>") }),
    close: exempt("closes what the other rows write to"),
  },
  after: (made: unknown) => (made as RunFolder).close(),
};
/** The folder of a run that nobody holds. */
function closedRun(): string {
  const made = createRun(join(folder, `run-${lock++}`), textContent, runOptions);
  made.close();
  return made.path;
}
/** The configuration of a run of an unknown kind; what is wrong inside of one of a known kind is tested with the runs. */
function content() {
  return argument({ task: "number", settings: { seed: 1 } }, []);
}
let lock = 0;
const object = { a: 1 };

/** Methods that are those of another function's results. */
const sweptAs = (name: string, ...methods: string[]) => ({
  methods: Object.fromEntries(methods.map((method) => [method, exempt(`swept as ${name}.${method}`)])),
});

/** Runs: their format, and what is made of it. */
export const runRows: Rows = {
  RunError: () => exempt("an error"),
  decodeRun: () =>
    row(
      {
        files: settings({
          config: argument(bytesOf("config.json"), []),
          vocabulary: maybe(argument(bytesOf("vocabulary.json"), [])),
          weights: argument(bytesOf("weights.safetensors"), []),
        }),
        kind: maybe(choice("text")),
        options: opening(),
      },
      { methods: openedMethods },
    ),
  saveModel: () =>
    row({
      run: argument(openRun(run, "text"), [], {}, { config: textContent }, { config: 3, params: {} }),
      kind: maybe(argument(undefined, [], "text", 3)),
    }),
  openModel: () =>
    row(
      { bytes: argument(modelFile, []), kind: maybe(choice("text")), options: opening() },
      { methods: openedMethods },
    ),
  packModel: () =>
    row({
      files: settings({
        config: argument(bytesOf("config.json"), []),
        vocabulary: maybe(argument(bytesOf("vocabulary.json"), [])),
        weights: argument(bytesOf("weights.safetensors"), []),
      }),
    }),
  unpackModel: () => row({ bytes: argument(modelFile, []) }),
  runSteps: () =>
    row(
      {
        run: argument(openRun(run, "text"), ["record"]),
        options: maybe(settings({ batch: maybe(size(8)) })),
      },
      {
        methods: {
          talk: exempt("what it reads is a client's, and is told so: packages/cli/test/serve"),
          dispose: row({}),
        },
      },
    ),
  textRunModel: () =>
    row(
      {
        settings: settings({
          cell: choice("lstm"),
          hidden: size(3),
          features: size(2),
          layers: size(1),
          dropout: rate(0),
          window: maybe(size(1)),
          residual: maybe(flag(false)),
          squash: maybe(choice("tanh")),
          start: maybe(choice("cell")),
          radius: maybe(positive(1)),
          inputScale: maybe(positive(1)),
        }),
        vocabulary: size(3),
        own: maybe(nullable(func(() => null))),
      },
      sweptAs("languageModel", "init", "apply", "first", "stream"),
    ),
  syntheticRunProblem: () =>
    row(
      {
        name: choice("adding"),
        settings: settings({
          length: nullable(argument(10, ["number"], 0)),
          lengths: nullable(argument(null, [], "9-3")),
          centred: maybe(flag(false)),
        }),
      },
      sweptAs("adding", "sample", "wrong"),
    ),
  isOwnCell: () => row({ cell: text("./mine.mjs") }),
  syntheticRunModel: () =>
    row(
      {
        settings: settings({
          cell: choice("lstm"),
          hidden: size(3),
          rows: maybe(size(3)),
          width: maybe(size(3)),
          layers: maybe(size(1)),
          start: maybe(choice("cell")),
          radius: maybe(positive(1)),
          inputScale: maybe(positive(1)),
        }),
        problem: thing(adding({ length: 10 })),
        own: maybe(nullable(func(() => null))),
      },
      sweptAs("sequenceModel", "init", "apply", "stream"),
    ),
};

export const nodeRows: Rows = {
  FileError: () => exempt("an error"),
  FolderInUseError: () => exempt("an error"),
  fileReason: () => row({ error: anything(new Error("x")) }),
  checkpointFiles: () =>
    row(
      { folder: text(folder) },
      {
        methods: {
          save: row({ state: thing(started()) }),
          load: row({ template: thing(started()) }),
          clear: row({}),
          saving: row(
            { options: settings({ seconds: maybe(atLeastZero(1)) }) },
            {
              methods: {
                onReport: exempt("called by train()"),
                onValidation: exempt("called by train()"),
                onEnd: exempt("called by train()"),
              },
            },
          ),
        },
      },
    ),
  makeFolder: () => row({ path: text(join(folder, "made")) }),
  jsonLinesFile: () =>
    row(
      { path: text(join(folder, "a.jsonl")), options: settings({ append: maybe(flag(false)) }) },
      {
        methods: {
          add: row({ object: argument(object, ["record", "list"]) }),
          sync: row({}),
          close: row({}),
        },
      },
    ),
  lockFolder: () => row({ path: text(join(folder, `lock-${lock++}`)) }, { methods: { release: row({}) } }),
  recordMetrics: () =>
    row(
      {
        files: settings({
          lines: maybe(thing(jsonLinesFile(join(folder, "b.jsonl")))),
          board: maybe(thing(tensorBoardFile(join(folder, "board")))),
        }),
      },
      {
        methods: {
          onReport: exempt("called by train()"),
          onValidation: exempt("called by train()"),
          onExplosion: exempt("called by train()"),
        },
      },
    ),
  openRun: () =>
    row({ folder: text(run), kind: maybe(choice("text")), options: opening() }, { methods: openedMethods }),
  readRunWeights: () => row({ folder: text(run), template: thing(textModel()) }),
  readRunConfig: () =>
    row({
      folder: text(run),
      schema: maybe(argument({ task: "text", settings: {}, complete: false }, [])),
    }),
  readRunVocabulary: () => row({ folder: text(run) }, { methods: vocabularyMethods() }),
  readMetrics: () => row({ folder: text(run) }),
  folderHolds: () => row({ path: text(run) }),
  createRun: () =>
    row(
      {
        path: text(join(folder, `run-${lock++}`)),
        content: content(),
        options: settings({
          replace: maybe(flag(false)),
          vocabulary: maybe(argument(runOptions.vocabulary, ["record"])),
          cell: maybe(text("export default 1;")),
        }),
      },
      runMethods,
    ),
  continueRun: () => row({ path: text(closedRun()) }, runMethods),
  suggestion: () => row({ word: text("hiden"), names: argument(["hidden"], ["list"], [3]) }),
  replaceFile: () => row({ path: text(join(folder, "c.txt")), contents: argument("x", ["text"]) }),
  tensorBoardFile: () =>
    row(
      { folder: text(join(folder, "events")) },
      {
        methods: {
          add: row({ step: integer(1), scalars: argument({ a: 1 }, ["record"]) }),
          close: row({}),
        },
      },
    ),
};

function squares(p: { w: Value }): Value {
  return meanSquaredErrorMean(p.w, tensor([0, 0]));
}
