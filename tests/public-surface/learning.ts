import {
  adaGrad,
  adam,
  adamW,
  adaptiveClip,
  averageParameters,
  clipByGroupNorm,
  clipByJointNorm,
  clipByValue,
  compose,
  decoupledWeightDecay,
  hessianFree,
  meanSquaredErrorMean,
  measured,
  momentum,
  mul,
  nesterov2013,
  onExplosion,
  rmsProp,
  sgd,
  sum,
  type Tensor,
  type Transform,
  tensor,
  type Value,
  weightDecay,
} from "longspan";
import {
  type Arguments,
  anything,
  argument,
  atLeastZero,
  choice,
  count,
  flag,
  func,
  key,
  maybe,
  nullable,
  number,
  positive,
  rate,
  settings,
  shape,
  share,
  size,
  text,
  tree,
  value,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const params = () => ({ w: tensor([1, 2]) });
const _loss = (p: { w: Value }) => sum(mul(p.w, p.w));
const treeOf = (t: unknown = params()) => ({ ...argument(t, ["record", "list"]), unnamed: true });
const transformKind = () => argument(sgd({ learningRate: 0.1 }), []);
const _schedule = () => func(() => 0.1);

const progress = () =>
  settings({ step: count(3), fraction: atLeastZero(0.5), validations: argument([1, 2], ["list"], ["x"]) });
const scheduled = (args: Arguments): Row => row(args, { methods: { "": row({ progress: progress() }) } });

/** What a transform gives: init and update. */
const transform = (
  args: Arguments,
  made: Transform<unknown>,
  name: string,
  more: Row["methods"] = {},
): Row => {
  const state = made.init(params());
  return row(args, {
    methods: {
      init: row({ params: treeOf() }),
      update: row(
        {
          grads: treeOf(),
          state: {
            ...argument(state, Object.keys(state as object).length === 0 ? ["record", "list"] : []),
            unnamed: true,
          },
          params: treeOf(),
          settings: settings({
            learningRate: maybe(argument(0.1, ["number"])),
            ...(made.takes?.includes("momentum") ? { momentum: maybe(argument(0.5, ["number"])) } : {}),
            key: maybe(key()),
          }),
        },
        { says: name },
      ),
      ...(made.handOn ? { handOn: exempt("called by a transform around it") } : {}),
      ...(made.measures ? { measures: exempt("called by train() with the transform's own state") } : {}),
      ...more,
    },
    says: `${name}: `,
  });
};
const learningRate = () => maybe(atLeastZero(0.1));
const only = () => settings({ only: maybe(func(() => true)) });

const made = () => sgd({ learningRate: 0.1 });

export const optimiserRows: Rows = {
  sgd: () =>
    transform({ options: settings({ learningRate: atLeastZero(0.1) }) }, sgd({ learningRate: 0.1 }), "sgd"),
  momentum: () =>
    transform(
      {
        options: settings({
          learningRate: atLeastZero(0.1),
          momentum: rate(0.9),
          nesterov: maybe(flag(true)),
        }),
      },
      momentum({ learningRate: 0.1, momentum: 0.9 }),
      "momentum",
    ),
  nesterov2013: () =>
    transform(
      { options: settings({ learningRate: atLeastZero(0.1), momentum: rate(0.9) }) },
      nesterov2013({ learningRate: 0.1, momentum: 0.9 }),
      "nesterov2013",
    ),
  withoutLookAhead: () =>
    row({
      params: treeOf(),
      state: treeOf(nesterov2013({ learningRate: 0.1, momentum: 0.9 }).init(params())),
    }),
  adaGrad: () =>
    transform(
      {
        options: settings({
          learningRate: learningRate(),
          epsilon: maybe(atLeastZero(0.1)),
          initialSum: maybe(atLeastZero(1)),
        }),
      },
      adaGrad(),
      "adaGrad",
    ),
  rmsProp: () =>
    transform(
      {
        options: settings({
          learningRate: learningRate(),
          decay: maybe(rate(0.9)),
          epsilon: maybe(atLeastZero(0.1)),
          centred: maybe(flag(false)),
          momentum: maybe(rate(0)),
        }),
      },
      rmsProp(),
      "rmsProp",
    ),
  adam: () => transform({ options: settings(ofAdam()) }, adam(), "adam"),
  adamW: () =>
    transform(
      {
        options: settings({
          ...ofAdam(),
          weightDecay: maybe(atLeastZero(0.1)),
          only: maybe(func(() => true)),
        }),
      },
      adamW(),
      "adamW",
    ),
  weightDecay: () => transform({ rate: atLeastZero(0.1), options: only() }, weightDecay(0.1), "weightDecay"),
  decoupledWeightDecay: () =>
    transform(
      { rule: transformKind(), rate: atLeastZero(0.1), options: only() },
      decoupledWeightDecay(made(), 0.1),
      "decoupledWeightDecay",
    ),
  clipByValue: () => transform({ limit: positive(1) }, clipByValue(1), "clipByValue"),
  clipByJointNorm: () => transform({ threshold: positive(1) }, clipByJointNorm(1), "clipByJointNorm"),
  clipByGroupNorm: () =>
    transform(
      { threshold: positive(1), options: settings({ group: maybe(func((path: string) => path)) }) },
      clipByGroupNorm(1),
      "clipByGroupNorm",
    ),
  adaptiveClip: () =>
    transform(
      {
        options: settings({
          quantile: maybe(share(0.5)),
          window: maybe(size(20)),
          after: maybe(size(2)),
          start: maybe(positive(1)),
        }),
      },
      adaptiveClip({ window: 20, after: 2 }),
      "adaptiveClip",
    ),
  compose: () => transform({ transforms: { ...transformKind(), unnamed: true } }, compose(made()), "compose"),
  measured: () => transform({ inner: transformKind() }, measured(made()), "measured"),
  onExplosion: () =>
    transform(
      {
        inner: transformKind(),
        policy: settings({
          nonFinite: choice("skip"),
          above: maybe(
            argument(
              { norm: 10, action: "skip" },
              [],
              { norm: 0, action: "skip" },
              { norm: 1, action: "jump" },
              { norm: 1 },
            ),
          ),
          randomNorm: maybe(positive(1)),
          learningRate: maybe(atLeastZero(1)),
        }),
      },
      onExplosion(made(), { nonFinite: "skip" }),
      "onExplosion",
    ),
  averageParameters: () =>
    transform(
      {
        inner: transformKind(),
        options: {
          valid: { decay: 0.9 },
          wrong: [null, 5, {}, [], { decay: 1 }, { from: -1 }, { decays: 0.9 }, { decay: 0.9, from: 1 }],
          unnamed: true,
        },
      },
      averageParameters(made(), { decay: 0.9 }),
      "averageParameters",
    ),
  averagedParameters: () =>
    row({ state: argument(averageParameters(made(), { decay: 0.9 }).init(params()), []) }),
  hessianFree: () => {
    const made = hessianFree();
    return row(
      {
        options: settings({
          damping: maybe(positive(1)),
          structural: maybe(atLeastZero(0.1)),
          maxSteps: maybe(size(3)),
          progress: maybe(atLeastZero(0.1)),
          decay: maybe(rate(0.9)),
          preconditionerSamples: maybe(count(2)),
          measureHessian: maybe(flag(true)),
          learningRate: learningRate(),
        }),
      },
      {
        methods: {
          init: row({ params: treeOf() }),
          update: row(
            {
              grads: treeOf(),
              state: treeOf(made.init(params())),
              params: treeOf(),
              settings: {
                valid: {
                  objective: { loss: (p: { w: Tensor }) => meanSquaredErrorMean(p.w, tensor([0, 0])) },
                },
                wrong: [null, 5, { objective: 5 }, { objektive: 5 }],
                unnamed: true,
              },
            },
            { says: "hessianFree" },
          ),
          measures: exempt("called by train() with the transform's own state"),
        },
      },
    );
  },
  conjugateGradient: () =>
    row({
      product: func((x: Tensor) => mul(x, 2)),
      b: value(),
      options: settings({
        start: maybe(value()),
        preconditioner: maybe(value()),
        maxSteps: maybe(size(3)),
        progress: maybe(atLeastZero(0.1)),
      }),
    }),
  clipPerExample: () => row({ gradients: argument([params()], [], [], [5]), threshold: positive(1) }),
  applyUpdates: () => row({ params: treeOf(), updates: treeOf() }),
  jointNorm: () => row({ tree: tree() }),
  allFinite: () => row({ tree: tree() }),
  branch: () => row({ flag: value(tensor(1, "int32")), whenTrue: func(params), otherwise: func(params) }),
  reportTensors: () => row({ tree: anything(params()) }),
  describeNonFinite: () =>
    row({
      report: settings({
        path: text("w"),
        shape: shape([2]),
        norm: number(1),
        nan: count(1),
        inf: count(0),
        first: nullable(argument([0], ["list"])),
      }),
    }),
  constantSchedule: () => scheduled({ rate: atLeastZero(0.1) }),
  linearSchedule: () => scheduled({ peak: atLeastZero(0.1) }),
  cosineSchedule: () =>
    scheduled({ options: settings({ peak: atLeastZero(0.1), floor: maybe(atLeastZero(0)) }) }),
  inverseTimeSchedule: () =>
    scheduled({ options: settings({ rate: atLeastZero(0.1), decay: atLeastZero(0.1) }) }),
  momentumSchedule2013: () => scheduled({ options: settings({ most: rate(0.9), every: maybe(size(2)) }) }),
  plateauSchedule: () =>
    scheduled({
      options: settings({
        rate: atLeastZero(0.1),
        factor: argument(0.5, [], 0, 1, "0.5"),
        patience: size(2),
        threshold: maybe(atLeastZero(0)),
        floor: maybe(atLeastZero(0)),
      }),
    }),
  stepSchedule: () =>
    scheduled({
      options: settings({ rate: atLeastZero(0.1), factor: argument(0.5, [], 0, 1, "0.5"), every: size(2) }),
    }),
  warmUp: () => scheduled({ steps: count(2), schedule: func(() => 0.1) }),
  heldFirst: () => scheduled({ steps: count(2), value: atLeastZero(0.1), schedule: func(() => 0.1) }),
};

function ofAdam(): Arguments {
  return {
    learningRate: learningRate(),
    beta1: maybe(rate(0.9)),
    beta2: maybe(rate(0.9)),
    epsilon: maybe(atLeastZero(0.1)),
  };
}
