import {
  bidirectional,
  categoricalOutput,
  chain,
  clockwork,
  convolution,
  ctcTargets,
  delayedRnn,
  embedding,
  gaussianOutput,
  glorot,
  grid,
  gridConvolution,
  gru,
  Key,
  languageModel,
  layerNorm,
  linear,
  orderedMemory,
  pascanuRnn,
  recurrent,
  residual,
  rnn,
  sequenceLayer,
  sequenceModel,
  slidingWindow,
  stacked,
  sweeps,
  tanh,
  tcn,
  tcnBlock,
  teacherForcing,
  tensor,
  type Value,
  zeros,
} from "longspan";
import {
  type Arguments,
  argument,
  atLeastZero,
  choice,
  count,
  dtype,
  finite,
  flag,
  func,
  key,
  matrix,
  maybe,
  nullable,
  number,
  numbers,
  positive,
  rate,
  settings,
  shape,
  share,
  size,
  text,
  thing,
  tree,
  value,
} from "./arguments.js";
import { attentionRows } from "./attention.js";
import { exempt, type Row, type Rows, row } from "./calls.js";
import { memoryNetworkRows } from "./memory-networks.js";
import { delays } from "./structures.js";

const sizes = () => ({ input: size(3), hidden: size(4) });
const inHeads = () => ({ ...sizes(), heads: maybe(size(2)), keys: maybe(size(2)) });
const grouped = () => ({ ...sizes(), groups: maybe(size(2)) });
const squashed = () => ({ ...sizes(), squash: maybe(func((x: Value) => x)) });
const gated = () => ({ ...sizes(), forgetBias: maybe(finite(1)) });
const timeConstants = () => argument([2, 8], ["number"], 0, [1, -1], { from: 2, to: 1 }, "slow");
const leaks = () => ({ timeConstants: maybe(timeConstants()), learned: maybe(flag(true)) });
const init = () => row({ key: key(), dtype: dtype() });
/** A cell's step as a part of another's. */
const inCells = exempt("inside the step of another cell only: tests/cells-of-cells.test.ts");
const cell = (of: Arguments, says: string, called = says.slice(0, -2)): Row =>
  row(
    { config: settings(of) },
    {
      methods: {
        init: row({ key: key(), dtype: dtype() }, { says: `${called}.init: ` }),
        trace: row({ dtype: { ...dtype(), mayBeAbsent: false } }, { says: `${called}.trace: ` }),
        step: inCells,
        start: inCells,
      },
      says,
    },
  );
const specKind = (of: unknown = glorot(3, 4)) => thing(of);
const spec = (args: Arguments): Row =>
  row(args, {
    methods: {
      initialise: row({ key: key(), shape: shape([2, 2]), dtype: { ...dtype(), mayBeAbsent: false } }),
    },
  });
const blocks = () => ({
  width: size(2),
  norm: maybe(choice("weight")),
  dropout: maybe(rate(0.5)),
  drawnPer: maybe(choice("sequence")),
});
const layerOf = () => recurrent(gru({ input: 3, hidden: 4 }));
const paramsOf = (layer: { init(key: Key): unknown }) => tree(layer.init(Key.of(1)));
const ctc = () =>
  row({
    logits: value(zeros([3, 3])),
    targets: thing(ctcTargets(chain([3]), [[1, 2]])),
    settings: settings({ ignoreImpossible: maybe(flag(false)) }),
  });
const backward = () => maybe(argument({ kind: "full" }, [], { kind: "fully" }, { kind: "truncated" }));
const sequenceOptions = () =>
  settings({
    initial: maybe(tree({})),
    key: maybe(nullable(key())),
    backward: backward(),
    clipState: maybe(positive(1)),
    rows: maybe(argument(Int32Array.of(2, 3), [])),
  });
const over = (layer: { init(key: Key): unknown }, x: Value, structure = chain([3, 1])) => ({
  params: paramsOf(layer),
  x: value(x),
  structure: thing(structure),
  options: sequenceOptions(),
});
const sequenceMethods = (
  layer: { init(key: Key): unknown },
  name: string,
  x = zeros([4, 3]),
  step: number | number[] = [1, 2, 3],
  structure = chain([3, 1]),
): Row["methods"] => ({
  init: row({ key: key(), dtype: dtype() }, { says: `${name}.init: ` }),
  apply: row(over(layer, x, structure), { says: `${name}.apply: ` }),
  stream: row(
    { params: paramsOf(layer), options: settings(streamOptions()) },
    { says: `${name}.stream: `, methods: streamMethods(step, `stream ${name}: `) },
  ),
});
const streamOptions = (): Arguments => ({
  sequences: maybe(size(1)),
  sets: maybe(argument({}, ["record"], { source: [] }, { source: ["x"] })),
  inputs: maybe(tree({})),
  key: maybe(key()),
  examples: maybe(argument([7], [], [1, 2], ["x"])),
});
function streamMethods(x: number | number[], says: string): Row["methods"] {
  return {
    step: row({ x: { ...argument(x, ["number", "list"], {}, { length: "x" }), unnamed: true } }, { says }),
    reset: row({}),
    dispose: row({}),
    select: row({ rows: argument([0], ["list"], [1], [-1], [0.5], ["0"], { length: 1 }) }, { says }),
    present: exempt("private"),
    stepsFor: exempt("private"),
    stateBefore: exempt("private"),
    begunBy: exempt("private"),
    over: exempt("private"),
    prepared: exempt("private"),
    hold: exempt("private"),
  };
}
const poolMethods = (): Row["methods"] => ({
  open: row({}, { methods: { reset: row({}), close: row({}), leave: exempt("private") } }),
  openRows: exempt("private"),
  step: row(
    { streams: argument([], ["list"], [1], ["x"]), x: { ...argument([], ["list"], {}), unnamed: true } },
    { says: "streamPool: " },
  ),
  dispose: row({}),
  stepChunk: exempt("private"),
  take: exempt("private"),
  gather: exempt("private"),
  groups: exempt("private"),
  over: exempt("private"),
  checked: exempt("private"),
  checkedNumbers: exempt("private"),
});
const plain = (layer: { init(key: Key): unknown }, x: Value): Row["methods"] => ({
  init: init(),
  apply: row({ params: argument(layer.init(Key.of(1)), []), x: value(x) }),
});
const unnamed = (valid: unknown, ...wrong: unknown[]) => ({
  ...argument(valid, [], ...wrong),
  unnamed: true,
});
const model = () => languageModel({ vocabulary: 5, features: 3, hidden: 4 });
const symbols = () => tensor([0, 1, 2], "int32");
const classes = () => tensor([0, 1], "int32");
const rows2 = () => [value(matrix()), value(matrix())] as const;
const gaussian = () => settings({ mean: value(matrix()), logVariance: value(matrix()) });
const mixture = () =>
  settings({
    logits: value(zeros([2, 4])),
    means: value(zeros([2, 4, 3])),
    logScales: value(zeros([2, 4, 3])),
  });
const mixtureSizes = () =>
  settings({ components: size(2), features: size(3), correlated: maybe(flag(false)) });
const feed = () => ({ feed: maybe(choice("mean")), gradient: maybe(choice("stopped")) });
const ofStep = (says: string): Row["methods"] => ({ "": row({ step: atLeastZero(3) }, { says }) });
const fedBackMethods: Row["methods"] = {
  init: exempt("see the cells"),
  trace: exempt("see the cells"),
  start: exempt("see the cells"),
  step: exempt("see the cells"),
};
const ofOps = exempt("made of ops, which check their operands");
/** Its functions run inside cells too, where their ops say what is wrong. */
const distribution = (of: Arguments): Row => {
  return row(
    { config: settings(of) },
    { methods: { lossPerRow: ofOps, encode: ofOps, mean: ofOps, mode: ofOps, sample: ofOps } },
  );
};
const modelSizes = () => ({ input: size(3), output: size(2) });
export const netRows: Rows = {
  CellError: () => exempt("an error"),
  defineCell: () =>
    row(
      {
        definition: unnamed(
          definition,
          { name: "x" },
          { ...definition, step: 5 },
          { ...definition, name: 5 },
          { ...definition, ports: 5 },
        ),
      },
      {
        methods: {
          "": row(
            { config: unnamed({ size: 3 }, { size: -1 }, { size: "x" }, { sizes: 3 }) },
            {
              says: "cell mine: ",
              methods: {
                init: exempt("see the cells"),
                trace: exempt("see the cells"),
                step: inCells,
                start: inCells,
              },
            },
          ),
        },
      },
    ),
  lstm: () =>
    cell(
      {
        ...gated(),
        squash: maybe(func((x: Value) => x)),
        squashOutput: maybe(func((x: Value) => x)),
        coupled: maybe(flag(true)),
        peepholes: maybe(flag(true)),
        projection: maybe(size(2)),
        inputGate: maybe(flag(true)),
        forgetGate: maybe(flag(true)),
        outputGate: maybe(flag(true)),
      },
      "lstm: ",
      "lstm.coupled.peepholes.projection",
    ),
  gru: () => cell(squashed(), "gru: "),
  namedCell: () => {
    const dtypeOf = { dtype: { ...dtype(), mayBeAbsent: false } };
    return row(
      { name: choice("projectedLstm"), sizes: settings({ ...sizes(), projection: size(2) }) },
      {
        methods: {
          init: row({ key: key(), dtype: dtype() }, { says: "lstm.projection.init: " }),
          trace: row(dtypeOf, { says: "lstm.projection.trace: " }),
          start: inCells,
          step: inCells,
        },
      },
    );
  },
  gruResetAfter: () => cell(squashed(), "gruResetAfter: "),
  sharedGateGru: () => cell(grouped(), "sharedGateGru: "),
  globalGateGru: () => cell(grouped(), "globalGateGru: "),
  withDepth: () =>
    row(
      {
        cell: func(rnn),
        config: settings({
          ...squashed(),
          inputLayers: maybe(count(1)),
          transitionLayers: maybe(count(1)),
          outputLayers: maybe(count(1)),
          skip: maybe(flag(true)),
        }),
      },
      {
        methods: {
          init: row({ key: key(), dtype: dtype() }, { says: "rnn with depth.init: " }),
          trace: row({ dtype: { ...dtype(), mayBeAbsent: false } }, { says: "rnn with depth.trace: " }),
          step: inCells,
          start: inCells,
        },
      },
    ),
  minimalGatedUnit: () => cell(sizes(), "minimalGatedUnit: "),
  mingru: () => cell({ ...sizes(), squash: maybe(func((x: Value) => x)) }, "mingru: "),
  minlstm: () => cell(gated(), "minlstm: "),
  linearRecurrentUnit: () =>
    cell(
      {
        ...sizes(),
        smallest: maybe(number(0.5)),
        largest: maybe(number(0.9)),
        widest: maybe(positive(1)),
      },
      "linearRecurrentUnit: ",
    ),
  linearAttention: () => cell(inHeads(), "linearAttention: "),
  deltaRule: () => cell({ ...inHeads(), largestBeta: maybe(positive(1)) }, "deltaRule: "),
  gatedDeltaRule: () => cell({ ...inHeads(), largestBeta: maybe(positive(1)) }, "gatedDeltaRule: "),
  mlstm: () => cell({ ...inHeads(), forgetBias: maybe(number(1)) }, "mlstm: "),
  slstm: () => cell({ ...gated(), heads: maybe(size(2)) }, "slstm: "),
  binaryTreeLstm: () => cell(gated(), "binaryTreeLstm: "),
  naryTreeLstm: () => cell({ ...gated(), arity: maybe(size(3)) }, "naryTreeLstm: "),
  treeRnn: () => cell({ ...sizes(), arity: maybe(size(3)) }, "treeRnn: "),
  tensorTreeRnn: () => cell({ ...sizes(), arity: maybe(size(3)) }, "tensorTreeRnn: "),
  gatedTree: () => cell({ ...sizes(), inner: maybe(size(3)) }, "gatedTree: "),
  orderedMemory: () => cell({ ...sizes(), slots: maybe(size(2)), inner: maybe(size(3)) }, "orderedMemory: "),
  inferredTrees: () => {
    const options = { input: 2, hidden: 3, slots: 2 };
    return row({
      options: settings({ input: size(2), hidden: size(3), slots: maybe(size(2)), inner: maybe(size(6)) }),
      params: tree(orderedMemory(options).init(Key.of(1))),
      x: value(zeros([3, 2])),
      structure: thing(chain([3])),
    });
  },
  multidimensionalLstm: () =>
    cell({ ...gated(), ports: maybe(argument(["a", "b"], [], ["a", 5])) }, "multidimensionalLstm: "),
  childSumTreeLstm: () => cell(gated(), "childSumTreeLstm: "),
  rnn: () =>
    cell(
      {
        ...sizes(),
        activation: maybe(choice("tanh")),
        U: maybe(specKind()),
        W: maybe(specKind(glorot(4, 4))),
      },
      "rnn: ",
    ),
  leakyRnn: () => cell({ ...sizes(), ...leaks() }, "leakyRnn: "),
  leaky: () =>
    row(
      {
        cell: thing(gru({ input: 3, hidden: 4 })),
        config: settings({ ...leaks(), slots: maybe(argument(["h"], ["list"], ["s"], [5])) }),
      },
      {
        methods: {
          init: exempt("see the cells"),
          trace: exempt("see the cells"),
          step: inCells,
          start: inCells,
        },
      },
    ),
  clockwork: () => {
    const groups = [
      { units: 2, period: 1 },
      { units: 2, period: 3 },
    ];
    const wrong = [[{ units: 2, period: 0 }], [{ units: 2 }], [...groups].reverse(), [1]];
    return row(
      {
        cell: func(gru),
        config: settings({ input: size(3), groups: argument(groups, [], ...wrong) }),
      },
      { methods: sequenceMethods(clockwork(gru, { input: 3, groups }), "clockwork") },
    );
  },
  delayedRnn: () => {
    const groups = [
      { units: 2, delays: [1, 3] },
      { units: 2, delays: 3 },
    ];
    const wrong = [[{ units: 2, delays: 0 }], [{ units: 2 }], [{ units: 2, delays: [1, 1] }], [1]];
    return row(
      { config: settings({ input: size(3), groups: argument(groups, [], ...wrong) }) },
      { methods: sequenceMethods(delayedRnn({ input: 3, groups }), "delayedRnn") },
    );
  },
  reservoir: () =>
    cell(
      {
        ...sizes(),
        wiring: maybe(choice("sparse")),
        nonZeros: maybe(size(2)),
        radius: maybe(positive(1)),
        leak: maybe(share(0.5)),
        inputScale: maybe(argument([1, 2, 3], ["number"], -1, [1, 2, "x"], ["x", 1, 1])),
        bias: maybe(atLeastZero(1)),
        noise: maybe(atLeastZero(1)),
        activation: maybe(choice("tanh")),
      },
      "reservoir: ",
    ),
  liquid: () =>
    cell(
      {
        input: size(2),
        column: maybe(argument([2, 2, 2], [], [2, 2], [2, 2, 0])),
        step: maybe(positive(1)),
        inhibitory: maybe(argument(0.2, [], -0.1, 1.1, Number.NaN)),
        reach: maybe(atLeastZero(2)),
        weightScale: maybe(atLeastZero(1)),
        delay: maybe(settings({ base: maybe(atLeastZero(1)), perDistance: maybe(atLeastZero(1)) })),
        membrane: maybe(positive(20)),
        threshold: maybe(finite(15)),
        reset: maybe(finite(13)),
        background: maybe(finite(13.5)),
        refractory: maybe(settings({ excitatory: maybe(atLeastZero(3)), inhibitory: maybe(atLeastZero(2)) })),
        synapse: maybe(
          settings({
            excitatory: maybe(positive(3)),
            inhibitory: maybe(positive(6)),
            input: maybe(atLeastZero(3)),
          }),
        ),
        inputShare: maybe(argument(0.2, [], -0.1, 1.1, Number.NaN)),
        inputScale: maybe(atLeastZero(18)),
        trace: maybe(positive(30)),
      },
      "liquid: ",
    ),
  deepReservoir: () =>
    cell({ input: size(2), parts: argument([{ hidden: 3 }, { hidden: 2 }], [], [1]) }, "deepReservoir: "),
  groupedReservoir: () =>
    cell({ input: size(2), parts: argument([{ hidden: 3 }, { hidden: 2 }], [], [1]) }, "groupedReservoir: "),
  withSpectralRadius: () =>
    row({
      W: argument(
        tensor([
          [0, 1],
          [1, 0],
        ]),
        [],
        { values: tensor([[1, 1]]) },
        [[0, 1]],
      ),
      radius: positive(1),
    }),
  afterWashout: () => row({ structure: thing(chain([3])), washout: count(1) }),
  timeConstantInit: () => spec({ units: size(4), timeConstants: timeConstants() }),
  timeConstantsOf: () => row({ a: value() }),
  zerosInit: () => spec({ shape: maybe(count(2)) }),
  constantInit: () => spec({ value: number(1), shape: maybe(count(2)) }),
  gateBias: () => spec({ hidden: size(2), values: argument([1, 0], [], [], ["x"]) }),
  identity: () => spec({ n: size(2), scale: maybe(number(2)) }),
  orthogonal: () =>
    spec({
      rows: size(2),
      columns: size(2),
      options: settings({ gates: maybe(size(1)), gain: maybe(positive(1)) }),
    }),
  glorot: () => spec({ input: size(2), output: size(2), options: settings({ gates: maybe(size(1)) }) }),
  normalInit: () => spec({ std: positive(0.1), shape: maybe(count(2)) }),
  uniformInit: () => spec({ limit: positive(0.1), shape: maybe(count(2)) }),
  sparseInit: () =>
    spec({ hidden: size(2), options: settings({ nonZeros: maybe(size(2)), radius: maybe(positive(1)) }) }),
  linear: () =>
    row(
      {
        config: settings({ input: size(3), output: size(4), bias: maybe(flag(true)), W: maybe(specKind()) }),
      },
      { methods: plain(linear({ input: 3, output: 4 }), matrix()) },
    ),
  embedding: () =>
    row(
      { config: settings({ vocabulary: size(3), features: size(4), std: maybe(positive(1)) }) },
      { methods: plain(embedding({ vocabulary: 3, features: 4 }), classes()) },
    ),
  layerNorm: () =>
    row(
      { config: settings({ features: size(3), epsilon: maybe(atLeastZero(1e-5)) }) },
      { methods: plain(layerNorm({ features: 3 }), matrix()) },
    ),
  layerNormalise: () =>
    row({
      x: value(matrix()),
      gain: value(tensor([1, 1, 1])),
      bias: value(tensor([1, 1, 1])),
      epsilon: maybe(atLeastZero(1e-5)),
    }),
  recurrent: () =>
    row(
      {
        cell: thing(gru({ input: 3, hidden: 4 })),
        options: settings({ reverse: maybe(flag(false)), delays: maybe(delays()) }),
      },
      { methods: sequenceMethods(layerOf(), "gru") },
    ),
  sweeps: () => {
    const cells = { left: gru({ input: 3, hidden: 4 }), top: gru({ input: 3, hidden: 4 }) };
    return row(
      { cells: unnamed(cells) },
      {
        methods: {
          ...sequenceMethods(sweeps(cells), "sweeps", undefined, undefined, grid([[2, 2]])),
          stream: exempt("it has no stream, and says so"),
        },
      },
    );
  },
  gridConvolution: () =>
    row(
      {
        config: settings({
          input: size(3),
          output: size(4),
          size: maybe(argument(3, ["number"], 2, 0, -1, 1.5, "3")),
          activation: maybe(func(tanh)),
        }),
      },
      {
        methods: {
          ...sequenceMethods(
            gridConvolution({ input: 3, output: 4 }),
            "gridConvolution",
            undefined,
            undefined,
            grid([[2, 2]]),
          ),
          stream: exempt("it has no stream, and says so"),
        },
      },
    ),
  bidirectional: () => {
    const cells = [gru({ input: 3, hidden: 4 }), gru({ input: 3, hidden: 4 })] as const;
    return row(
      { forwardCell: unnamed(cells[0]), backwardCell: unnamed(cells[1]) },
      {
        methods: {
          ...sequenceMethods(bidirectional(...cells), "bidirectional"),
          stream: exempt("a bidirectional layer has no stream, and says so"),
        },
      },
    );
  },
  stacked: () =>
    row(
      {
        layers: unnamed([layerOf()], [], [5], ["x"], [null]),
        options: settings({
          dropout: maybe(rate(0.5)),
          residual: maybe(flag(false)),
          skip: maybe(flag(true)),
        }),
      },
      { methods: sequenceMethods(stacked([layerOf()]), "stacked") },
    ),
  residual: () => {
    const layer = recurrent(gru({ input: 3, hidden: 3 }));
    return row({ layer: thing(layer) }, { methods: sequenceMethods(residual(layer), "residual") });
  },
  slidingWindow: () =>
    row(
      {
        config: settings({
          input: size(3),
          behind: count(2),
          ahead: maybe(count(0)),
          dilation: maybe(size(1)),
        }),
      },
      { methods: sequenceMethods(slidingWindow({ input: 3, behind: 2 }), "slidingWindow") },
    ),
  convolution: () =>
    row(
      {
        config: settings({
          input: size(3),
          output: size(4),
          width: size(2),
          dilation: maybe(size(1)),
          ahead: maybe(count(0)),
          weightNorm: maybe(flag(false)),
          W: maybe(specKind(glorot(6, 4))),
        }),
      },
      { methods: sequenceMethods(convolution({ input: 3, output: 4, width: 2 }), "convolution") },
    ),
  tcnBlock: () =>
    row(
      { config: settings({ input: size(3), output: size(4), dilation: maybe(size(2)), ...blocks() }) },
      { methods: sequenceMethods(tcnBlock({ input: 3, output: 4, width: 2 }), "tcnBlock") },
    ),
  tcn: () =>
    row(
      { config: settings({ input: size(3), channels: argument([4], ["list"], [0], ["x"]), ...blocks() }) },
      { methods: sequenceMethods(tcn({ input: 3, channels: [4], width: 2 }), "stacked") },
    ),
  sequenceLayer: () =>
    row(
      { name: text("mine"), layer: argument(layerOf(), []) },
      { methods: sequenceMethods(sequenceLayer("mine", layerOf()), "mine") },
    ),
  openStream: () => {
    const layer = layerOf();
    return row(
      {
        config: settings({
          name: text("mine"),
          input: argument([3], ["list"], [-1], ["x"]),
          params: tree(layer.init(Key.of(1))),
          further: maybe(argument({}, ["record"], { y: 5 }, { y: [-1] })),
          ...streamOptions(),
          apply: func((p: never, x: Value) => layer.apply(p, x, chain([1]))),
        }),
      },
      { methods: streamMethods([1, 2, 3], "mine: ") },
    );
  },
  streamPool: () =>
    row(
      {
        model: argument(layerOf(), ["record"]),
        params: tree(layerOf().init(Key.of(1))),
        options: maybe(settings({ batch: maybe(size(8)) })),
      },
      { methods: poolMethods() },
    ),
  dropout: () => row({ x: value(), rate: rate(0.5), key: nullable(key()) }),
  dropoutOver: () =>
    row({
      structure: thing(chain([2])),
      x: value(matrix()),
      rate: rate(0.5),
      key: nullable(key()),
      options: settings({ per: maybe(choice("node")) }),
    }),
  dropoutInCell: () =>
    row({
      x: value(),
      rate: rate(0.5),
      context: thing({ uniform: () => zeros([2]) }),
      options: settings({ per: maybe(choice("node")) }),
    }),
  crossEntropyMean: () => row({ logits: value(matrix()), targets: value(classes()) }),
  crossEntropySum: () => row({ logits: value(matrix()), targets: value(classes()) }),
  ctcTargets: () =>
    row({
      frames: thing(chain([3])),
      labels: argument([[1, 2]], [], [[-1]]),
      settings: settings({ blank: maybe(count(0)) }),
    }),
  editDistance: () =>
    row({ found: argument("ab", ["text", "list"]), wanted: argument([1], ["text", "list"]) }),
  labelErrorRate: () => row({ found: argument([[1]], []), wanted: argument([[1]], [], [1]) }),
  bleu: () =>
    row({ found: argument([[1]], [], [1], ["ab"], []), wanted: argument([[[1]]], [], [[1]], [["a"]], [[]]) }),
  chrF: () =>
    row({
      found: argument(["a"], [], "a", [1], []),
      wanted: argument([["a"]], [], ["a"], [[1]], [[]]),
      options: settings({ order: maybe(size(6)), beta: maybe(positive(2)), whiteSpace: maybe(flag(false)) }),
    }),
  ctcLossMean: () => ctc(),
  ctcLossSum: () => ctc(),
  ctcLossPerSequence: () => ctc(),
  crossEntropyPerRow: () => row({ logits: value(matrix()), targets: value(classes()) }),
  bernoulliCrossEntropyMean: () => row({ logits: rows2()[0], targets: rows2()[1] }),
  bernoulliCrossEntropySum: () => row({ logits: rows2()[0], targets: rows2()[1] }),
  meanSquaredErrorMean: () => row({ outputs: rows2()[0], targets: rows2()[1] }),
  meanSquaredErrorSum: () => row({ outputs: rows2()[0], targets: rows2()[1] }),
  categoricalOutput: () => distribution({ classes: size(3) }),
  bernoulliOutput: () => distribution({ features: size(3) }),
  gaussianOutput: () => distribution({ features: size(3), scale: maybe(positive(1)) }),
  mixtureOutput: () =>
    distribution({ components: size(2), features: size(3), correlated: maybe(flag(false)) }),
  withHalt: () =>
    row(
      { output: thing(gaussianOutput({ features: 2 })) },
      {
        methods: Object.fromEntries(
          ["lossPerRow", "encode", "mean", "mode", "sample"].map((of) => [of, ofOps]),
        ),
      },
    ),
  haltTargets: () => row({ structure: thing(chain([2, 1])), dtype: dtype() }),
  haltedLengths: () => row({ given: value(zeros([3, 2])), structure: thing(chain([2, 1])) }),
  stepNumbers: () =>
    row({
      structure: thing(chain([2, 1])),
      which: argument(["time"], [], ["tim"]),
      settings: settings({ scale: maybe(positive(2)), dtype: dtype() }),
    }),
  lengthDistribution: () =>
    row(
      {
        lengths: argument([1, 2], ["list"], [-1], ["x"]),
        settings: settings({ least: maybe(count(0)), most: maybe(count(5)), added: maybe(atLeastZero(1)) }),
      },
      {
        methods: {
          logProbability: row({ length: count(1) }, { says: "LengthDistribution.logProbability: " }),
          sample: row({ key: key() }, { says: "LengthDistribution.sample: " }),
        },
      },
    ),
  perceptron: () => cell({ ...sizes(), activation: maybe(choice("tanh")) }, "perceptron: "),
  teacherForcing: () => row({}),
  freeRunning: () => row({ settings: settings(feed()) }),
  stepsAhead: () => row({ settings: settings({ ...feed(), steps: size(2) }) }),
  scheduledSampling: () =>
    row(
      { settings: settings({ ...feed(), curriculum: func(() => 1) }) },
      { methods: { probability: exempt("the curriculum as given") } },
    ),
  linearCurriculum: () =>
    row(
      {
        config: settings({
          from: maybe(argument(1, [], -1, 2, "1")),
          to: maybe(argument(0, [], -1, 2, "1")),
          slope: atLeastZero(0.1),
        }),
      },
      { methods: ofStep("linearCurriculum: ") },
    ),
  exponentialCurriculum: () =>
    row(
      { config: settings({ base: argument(0.5, [], 0, 1, Number.NaN, "1") }) },
      { methods: ofStep("exponentialCurriculum: ") },
    ),
  inverseSigmoidCurriculum: () =>
    row(
      { config: settings({ k: argument(2, ["number"], 0.5, Number.NaN, "1") }) },
      { methods: ofStep("inverseSigmoidCurriculum: ") },
    ),
  fedBack: () =>
    row(
      {
        config: settings({
          cell: thing(gru({ input: 3, hidden: 4 })),
          output: thing(categoricalOutput({ classes: 5 })),
          regime: thing(teacherForcing()),
          features: maybe(size(2)),
          context: maybe(choice("node")),
        }),
      },
      { methods: fedBackMethods },
    ),
  outputToHidden: () =>
    row(
      {
        config: settings({
          hidden: size(4),
          output: thing(categoricalOutput({ classes: 5 })),
          regime: thing(teacherForcing()),
          context: maybe(count(2)),
          activation: maybe(choice("tanh")),
        }),
      },
      { methods: fedBackMethods },
    ),
  ...Object.fromEntries(
    ["Sum", "Mean", "PerRow"].flatMap((form) => [
      [`gaussianLoss${form}`, () => row({ gaussian: gaussian(), targets: value(matrix()) })],
      [`mixtureLoss${form}`, () => row({ mixture: mixture(), targets: value(zeros([2, 3])) })],
    ]),
  ),
  mixtureOf: () => row({ outputs: value(zeros([2, 14])), sizes: mixtureSizes() }),
  mixtureOutputs: () => row({ sizes: mixtureSizes() }),
  ...attentionRows,
  ...memoryNetworkRows,
  natsToBits: () => row({ nats: number(1) }),
  perplexity: () => row({ meanNats: number(1) }),
  languageModel: () => {
    const params = () => argument(model().init(Key.of(1)), []);
    return row(
      {
        config: settings({
          vocabulary: size(5),
          features: size(3),
          hidden: size(4),
          layers: maybe(size(1)),
          cell: maybe(argument("lstm", ["function"], "lsmt")),
          dropout: maybe(rate(0.1)),
          window: maybe(size(1)),
          residual: maybe(flag(false)),
        }),
      },
      {
        methods: {
          ...sequenceMethods(model(), "languageModel", tensor([0, 1, 2, 3], "int32"), 1),
          first: row({ params: params() }),
        },
      },
    );
  },
  logConditionals: () =>
    row({
      model: thing(model()),
      params: argument(model().init(Key.of(1)), ["record", "list"]),
      symbols: value(symbols()),
    }),
  logLikelihood: () =>
    row({
      model: thing(model()),
      params: argument(model().init(Key.of(1)), ["record", "list"]),
      symbols: value(symbols()),
    }),
  samplingDistribution: () =>
    row({
      logits: { ...argument([1, 2, 3], [], [Number.NaN], ["x"]), unnamed: true },
      settings: settings(sampling()),
    }),
  sampleSymbols: () =>
    row({
      model: thing(model()),
      params: argument(model().init(Key.of(1)), ["record", "list"]),
      options: settings({
        ...sampling(),
        key: key(),
        length: count(2),
        prompt: maybe(numbers([1], "list")),
        step: maybe(func(() => [0, 0, 0, 0, 0])),
      }),
    }),
  sequenceModel: () =>
    row(
      {
        config: settings({
          layer: thing(layerOf()),
          features: size(4),
          output: size(2),
          readout: maybe(specKind(glorot(4, 2))),
        }),
      },
      {
        methods: sequenceMethods(
          sequenceModel({ layer: layerOf(), features: 4, output: 2 }),
          "sequenceModel",
        ),
      },
    ),
  pascanuRnn: () =>
    row(
      { config: settings({ ...modelSizes(), hidden: maybe(size(4)), start: maybe(choice("sigmoid")) }) },
      { methods: sequenceMethods(pascanuRnn({ input: 3, output: 2, hidden: 4 }), "sequenceModel") },
    ),
  sutskeverRnn: () =>
    row(
      {
        config: settings({
          ...modelSizes(),
          hidden: maybe(size(4)),
          radius: maybe(positive(1)),
          inputScale: maybe(positive(1)),
          outputScale: maybe(positive(1)),
          nonZeros: maybe(size(2)),
        }),
      },
      { methods: sequenceMethods(pascanuRnn({ input: 3, output: 2, hidden: 4 }), "sequenceModel") },
    ),
  sutskeverStart: () =>
    row({
      config: settings({
        ...sizes(),
        radius: maybe(positive(1)),
        inputScale: maybe(positive(1)),
        nonZeros: maybe(size(2)),
      }),
    }),
};

const definition = {
  name: "mine",
  inputs: ({ size }: { size: number }) => ({ x: [size] }),
  state: ({ size }: { size: number }) => ({ h: [size] }),
  params: ({ size }: { size: number }) => ({ W: glorot(size, size) }),
  step: ({ x, h }: { x: Value; h: Value }) => ({ state: { h }, output: x }),
};

function sampling(): Arguments {
  return {
    temperature: maybe(atLeastZero(1)),
    topK: maybe(size(2)),
    topP: maybe(share(0.5)),
    exclude: maybe(argument([1], ["list"], [-1], [9], ["x"])),
  };
}
