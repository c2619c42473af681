import {
  additiveAddressing,
  chain,
  encoderDecoder,
  gru,
  Key,
  pointerNetwork,
  recurrent,
  rowMembers,
  sequenceAutoencoder,
  tensor,
  zeros,
} from "longspan";
import {
  type Argument,
  type Arguments,
  argument,
  choice,
  count,
  dtype,
  flag,
  func,
  key,
  matrix,
  maybe,
  nullable,
  positive,
  settings,
  size,
  thing,
  tree,
  value,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const finitePositive = (x: number) => ({
  ...positive(x),
  wrong: [...positive(x).wrong, Number.POSITIVE_INFINITY],
});
const both = () => ({ query: value(tensor([1, 2, 3])), keys: value(matrix()) });
const weighed = () => ({ members: thing(rowMembers), mask: maybe(value(tensor([1, 0, 1], "int32"))) });
const specs = (name: string): Row =>
  row({ sizes: settings({ query: size(3), key: size(3) }) }, { says: `${name}.specs: ` });
const addressing = (name: string, args: Arguments, hasScores = true): Row =>
  row(args, {
    methods: {
      specs: specs(name),
      address: exempt("called by the cells that attend, on values of their own"),
      ...(hasScores ? { scores: exempt("called by the cells that point, on values of their own") } : {}),
    },
  });

const attention = (): Arguments => ({
  addressing: thing(additiveAddressing({ size: 4 })),
  attends: maybe(choice("before")),
  query: maybe(argument("h", [], "q", "")),
  output: maybe({ ...size(4), valid: undefined }),
  inputFeeding: maybe(flag(false)),
});
const cellMethods = (name: string): Row["methods"] => ({
  init: row({ key: key(), dtype: dtype() }, { says: `${name}.init: ` }),
  trace: row({ dtype: { ...dtype(), mayBeAbsent: false } }, { says: `${name}.trace: ` }),
  start: exempt("inside the start of another cell only: tests/starting-states.test.ts"),
  step: exempt("inside the step of another cell only: tests/cells-of-cells.test.ts"),
});

const model = () =>
  encoderDecoder({
    encoder: recurrent(gru({ input: 3, hidden: 4 })),
    cell: gru,
    hidden: 4,
    reads: 3,
    output: 2,
    context: { features: 4 },
    attention: { addressing: additiveAddressing({ size: 4 }) },
  });
const sequences = () => ({ x: value(zeros([4, 3])), structure: thing(chain([3, 1])) });
const reading = () => ({
  key: maybe(nullable(key())),
  backward: maybe(argument({ kind: "full" }, [], { kind: "fully" })),
  clipState: maybe(positive(1)),
});
const writing = () => ({
  ...reading(),
  rows: maybe(argument(Int32Array.of(2, 3), [])),
  weights: maybe(flag(true)),
});
const params = () => tree(model().init(Key.of(1)));
const encoded = () => {
  const source = { x: zeros([4, 3]), structure: chain([3, 1]) };
  return argument(model().encode(model().init(Key.of(1)), source), []);
};
const finalOf = ({ final }: { final: { h: unknown } }) => final.h;
const pointers = () =>
  pointerNetwork({
    encoder: recurrent(gru({ input: 3, hidden: 4 })),
    cell: gru,
    hidden: 4,
    addressing: additiveAddressing({ size: 4 }),
    context: { features: 4 },
  });
const autoencoder = () =>
  sequenceAutoencoder({
    encoder: recurrent(gru({ input: 3, hidden: 4 })),
    cell: gru,
    hidden: 4,
    code: { features: 4 },
    output: 3,
    reads: 3,
    everyStep: true,
  });
const problem = (of: Arguments, name: string): Row =>
  row(
    { options: settings(of) },
    {
      methods: {
        sample: row({ key: key(), batch: count(0), count: size(2) }, { says: `${name}.sample: ` }),
        length: row({ members: count(3) }, { says: `${name}.length: ` }),
        right: row(
          { pointed: argument([1, 0], ["list"]), answer: argument([1, 0], ["list"]) },
          { says: `${name}.right: ` },
        ),
      },
    },
  );
/** A record of which each part is checked, and others are let pass. */
const parts = (of: Arguments): Argument => ({
  ...argument(Object.fromEntries(Object.entries(of).map(([name, a]) => [name, a.valid])), []),
  unnamed: true,
});

/** Rows of addressing, of what attends, and of what makes sequences of sequences. */
export const attentionRows: Rows = {
  packPairs: () =>
    row({
      pairs: argument(
        [{ source: [1], target: [2] }],
        ["list"],
        [5],
        [{ source: [1] }],
        [{ source: 1, target: 2 }],
      ),
      config: settings({ begin: count(0), end: count(1) }),
    }),
  pointerNetwork: () =>
    row(
      {
        config: settings({
          encoder: thing(recurrent(gru({ input: 3, hidden: 4 }))),
          cell: func(gru),
          hidden: size(4),
          addressing: thing(additiveAddressing({ size: 4 })),
          context: maybe(settings({ features: size(4), of: maybe(func(finalOf)) })),
        }),
      },
      {
        methods: {
          init: row({ key: key(), dtype: dtype() }, { says: "pointerNetwork.init: " }),
          apply: row(
            {
              params: tree(pointers().init(Key.of(1))),
              source: parts(sequences()),
              targets: parts({ members: value(tensor([1, 0], "int32")), structure: thing(chain([2, 0])) }),
            },
            { says: "pointerNetwork.apply: " },
          ),
          greedy: row(
            {
              params: tree(pointers().init(Key.of(1))),
              source: parts(sequences()),
              lengths: argument([2, 1], [], [-1, 1], [1.5, 1], ["3", 1], [1]),
            },
            { says: "pointerNetwork.greedy: " },
          ),
        },
      },
    ),
  sequenceAutoencoder: () =>
    row(
      {
        config: settings({
          encoder: thing(recurrent(gru({ input: 3, hidden: 4 }))),
          cell: func(gru),
          hidden: size(4),
          code: settings({ features: size(4), of: maybe(func(finalOf)) }),
          output: size(3),
          reads: maybe(argument(3, ["number"], 0, 1.5, "3")),
          everyStep: maybe(flag(true)),
          reversed: maybe(flag(true)),
        }),
      },
      {
        methods: {
          init: row({ key: key(), dtype: dtype() }, { says: "sequenceAutoencoder.init: " }),
          apply: row(
            { params: tree(autoencoder().init(Key.of(1))), ...sequences() },
            { says: "sequenceAutoencoder.apply: " },
          ),
          encode: row(
            { params: tree(autoencoder().init(Key.of(1))), ...sequences() },
            { says: "sequenceAutoencoder.encode: " },
          ),
          decode: row(
            {
              params: tree(autoencoder().init(Key.of(1))),
              code: value(zeros([2, 4])),
              structure: thing(chain([3, 1])),
              x: value(zeros([4, 3])),
            },
            { says: "sequenceAutoencoder.decode: " },
          ),
        },
      },
    ),
  sortingProblem: () => problem({ numbers: size(3) }, "sorting"),
  convexHullProblem: () => problem({ points: { ...size(3), wrong: [...size(3).wrong, 2] } }, "convex-hull"),
  encoderDecoder: () =>
    row(
      {
        config: settings({
          encoder: thing(recurrent(gru({ input: 3, hidden: 4 }))),
          cell: func(gru),
          hidden: size(4),
          reads: maybe({ ...argument(3, ["number"], 0, 1.5, "3"), mayBeAbsent: true }),
          output: size(2),
          context: maybe(
            settings({
              features: size(4),
              of: maybe(func(finalOf)),
            }),
          ),
          firstState: maybe(choice("mapped")),
          everyStep: maybe(flag(false)),
          attention: maybe(settings(attention())),
        }),
      },
      {
        methods: {
          init: row({ key: key(), dtype: dtype() }, { says: "encoderDecoder.init: " }),
          apply: row(
            {
              params: params(),
              source: parts(sequences()),
              target: parts(sequences()),
              options: settings(writing()),
            },
            { says: "encoderDecoder.apply: " },
          ),
          encode: row(
            { params: params(), source: parts(sequences()), options: settings(reading()) },
            { says: "encoderDecoder.encode: " },
          ),
          decode: row(
            {
              params: params(),
              source: encoded(),
              target: parts(sequences()),
              options: settings({ ...writing(), initial: maybe(tree({ h: zeros([2, 4]) })) }),
            },
            { says: "encoderDecoder.decode: " },
          ),
        },
      },
    ),
  attend: () =>
    row(
      {
        cell: func(gru),
        config: settings({
          input: size(3),
          hidden: size(4),
          source: size(5),
          context: maybe(size(2)),
          weights: maybe(flag(true)),
          ...attention(),
        }),
      },
      { methods: cellMethods("attending gru") },
    ),
  dotScores: () => row(both()),
  scaledDotScores: () => row(both()),
  multiplicativeScores: () =>
    row({
      ...both(),
      params: settingsOfValues({
        W: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      }),
    }),
  additiveScores: () =>
    row({ ...both(), params: settingsOfValues({ W: [[1], [2], [3]], U: [[1], [2], [3]], v: [2] }) }),
  cosineScores: () => row({ ...both(), strength: value(tensor(2)) }),
  weightsOfScores: () => row({ scores: value(tensor([1, 2, 3])), ...weighed() }),
  logWeightsOfScores: () => row({ scores: value(tensor([1, 2, 3])), ...weighed() }),
  sharpen: () =>
    row({ weights: value(tensor([0.5, 0.5])), gamma: value(tensor(2)), members: thing(rowMembers) }),
  windowWeights: () =>
    row({
      window: settings({
        alpha: value(tensor([1, 1])),
        beta: value(tensor([1, 1])),
        kappa: value(tensor([1, 2])),
      }),
      keys: value(matrix()),
      members: thing(rowMembers),
    }),
  moveWindow: () => row({ kappa: value(), step: value() }),
  dotAddressing: () => addressing("dotAddressing", { options: settings({ scaled: maybe(flag(true)) }) }),
  multiplicativeAddressing: () => addressing("multiplicativeAddressing", {}),
  additiveAddressing: () => addressing("additiveAddressing", { config: settings({ size: size(4) }) }),
  cosineAddressing: () =>
    addressing("cosineAddressing", { options: settings({ least: maybe(finitePositive(1)) }) }),
  windowAddressing: () =>
    addressing(
      "windowAddressing",
      { config: settings({ components: size(2), step: maybe(finitePositive(1)) }) },
      false,
    ),
};

/** A record of values, each of which is needed. */
function settingsOfValues(of: Readonly<Record<string, number[] | number[][]>>) {
  return argument(
    Object.fromEntries(Object.entries(of).map(([name, v]) => [name, tensor(v as number[])])),
    [],
  );
}
