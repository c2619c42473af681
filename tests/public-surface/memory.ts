import {
  addressAsBefore,
  addressByContent,
  dotAddressing,
  lstm,
  rowMembers,
  tensor,
  turingMemory,
} from "longspan";
import {
  argument,
  choice,
  count,
  dtype,
  flag,
  func,
  key,
  maybe,
  positive,
  settings,
  size,
  thing,
  value,
} from "./arguments.js";
import { exempt, type Rows, row } from "./calls.js";

const weights = () => value(tensor([[0.5, 0.5]]));
const vector = () => value(tensor([[1, 0.5]]));
const memory = () =>
  value(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  );
const finitePositive = (x: number) => ({
  ...positive(x),
  wrong: [...positive(x).wrong, Number.POSITIVE_INFINITY],
});

const turing = () => ({
  rows: size(4),
  width: size(3),
  readHeads: maybe(size(1)),
  writeHeads: maybe(size(1)),
  start: maybe(argument(1e-6, ["number"], Number.NaN)),
});
const dnc = () => ({
  rows: size(4),
  width: size(3),
  readHeads: maybe(size(1)),
  start: maybe(argument(1e-6, ["number"], Number.NaN)),
  maskedKeys: maybe(flag(false)),
  deallocation: maybe(flag(false)),
  sharpenedLinks: maybe(flag(false)),
});
const vectorOfRows = () => value(tensor([0.25, 0.5]));
const machine = () => ({ input: size(3), hidden: size(4), clip: maybe(finitePositive(20)) });
const cellMethods = (name: string) => ({
  init: row({ key: key(), dtype: dtype() }, { says: `${name}.init: ` }),
  trace: row({ dtype: { ...dtype(), mayBeAbsent: false } }, { says: `${name}.trace: ` }),
  start: exempt("inside the start of another cell only: tests/starting-states.test.ts"),
  step: exempt("inside the step of another cell only: tests/cells-of-cells.test.ts"),
});

const list = () => ({
  rows: size(4),
  width: size(3),
  pushBias: maybe(argument(-1, ["number"], Number.NaN)),
  popBias: maybe(argument(-2, ["number"], Number.NaN)),
});

/** Machines, memories and what they are made of. */
export const memoryRows: Rows = {
  interpolate: () =>
    row({ weights: value(tensor([1, 0])), previous: value(tensor([0, 1])), g: value(tensor(0.5)) }),
  shiftWeights: () => row({ weights: value(tensor([1, 0, 0])), moves: value(tensor([0, 1, 0])) }),
  readRows: () => row({ weights: weights(), memory: memory() }),
  eraseAndAdd: () => row({ memory: memory(), weights: weights(), erase: vector(), added: vector() }),
  turingMemory: () => {
    // In place of farthest, which it says itself.
    const address = maybe(argument([addressByContent()], [], [5], [{}], ["x"]));
    return row({ config: settings({ ...turing(), address }) }, { methods: memoryMethods });
  },
  neuralTuringMachine: () =>
    row(
      { controller: func(lstm), config: settings({ ...machine(), ...turing(), farthest: maybe(count(1)) }) },
      { methods: cellMethods("lstm with turingMemory") },
    ),
  dncMemory: () => row({ config: settings(dnc()) }, { methods: memoryMethods }),
  differentiableNeuralComputer: () =>
    row(
      { controller: func(lstm), config: settings({ ...machine(), ...dnc() }) },
      { methods: cellMethods("lstm with dncMemory") },
    ),
  retainedUsage: () => row({ free: value(tensor([0.5])), weights: weights() }),
  nextUsage: () => row({ usage: vectorOfRows(), writeWeights: weights(), retained: vectorOfRows() }),
  allocationWeights: () => row({ usage: vectorOfRows() }),
  nextPrecedence: () => row({ precedence: vectorOfRows(), weights: vectorOfRows() }),
  nextLinks: () => row({ links: memory(), precedence: vectorOfRows(), weights: vectorOfRows() }),
  followLinks: () => row({ weights: weights(), links: memory() }),
  addressByContent: () => row({}, { methods: partMethods }),
  addressByPlace: () => row({}, { methods: partMethods }),
  addressAsBefore: () => row({}, { methods: partMethods }),
  sharpenedAddress: () => row({}, { methods: partMethods }),
  drawnAddress: () => row({}, { methods: partMethods }),
  shiftedAddress: () => row({ farthest: count(1) }, { methods: partMethods }),
  gatedAddress: () => row({ other: thing(addressAsBefore()) }, { methods: partMethods }),
  drawMember: () => row({ weights: vectorOfRows(), noise: vectorOfRows(), members: thing(rowMembers) }),
  hardAddressing: () =>
    row(
      { addressing: thing(dotAddressing()), options: settings({ most: size(4) }) },
      { methods: { specs: exempt("called by attend"), address: exempt("called by attend") } },
    ),
  scoreFunction: () =>
    row({
      terms: settings({
        cost: vectorOfRows(),
        logProbability: vectorOfRows(),
        baseline: maybe(vectorOfRows()),
      }),
    }),
  namedMachine: () =>
    row(
      {
        name: choice("ntm"),
        sizes: settings({ input: size(3), hidden: size(4), rows: size(4), width: size(3) }),
      },
      { methods: cellMethods("lstm with turingMemory") },
    ),
  stackMemory: () => row({ config: settings(list()) }, { methods: { step: memoryMethods.step } }),
  queueMemory: () => row({ config: settings(list()) }, { methods: { step: memoryMethods.step } }),
  dequeMemory: () => row({ config: settings(list()) }, { methods: { step: memoryMethods.step } }),
  actionStacks: () =>
    row(
      {
        config: settings({
          stacks: size(3),
          depth: size(4),
          top: maybe(size(2)),
          noOperation: maybe(flag(true)),
          empty: maybe(argument(-1, ["number"], Number.NaN)),
          rounded: maybe(flag(true)),
        }),
      },
      { methods: memoryMethods },
    ),
  withMemory: () =>
    row(
      {
        controller: func(lstm),
        config: settings({ ...machine(), memory: thing(turingMemory({ rows: 4, width: 3 })) }),
      },
      { methods: cellMethods("lstm with turingMemory") },
    ),
};

const partMethods = {
  emits: exempt("called by the memory"),
  address: exempt("called by the memory, on values of its own"),
};
const memoryMethods = {
  start: exempt("called by withMemory"),
  step: exempt("called by withMemory, on values of its own"),
};
