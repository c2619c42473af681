import { additiveAddressing, gru, rowMembers, tensor } from "longspan";
import {
  type Arguments,
  argument,
  choice,
  dtype,
  flag,
  func,
  key,
  matrix,
  maybe,
  positive,
  settings,
  size,
  thing,
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
});

/** Rows of addressing, and of what attends. */
export const attentionRows: Rows = {
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
