// The cells, the nets around them, and the two questions.

import {
  concat,
  defineCell,
  deltaRule,
  gatedDeltaRule,
  layerNorm,
  linear,
  linearAttention,
  lstm,
  mlstm,
  multiQueryRecall,
  parity,
  recurrent,
  sequenceModel,
  slstm,
  stacked,
} from "longspan";

/** Gives each step the one before it, beside it: a key has to be seen together with the value that follows it. */
const withPrevious = defineCell({
  name: "withPrevious",
  inputs: ({ features }) => ({ x: [features] }),
  state: ({ features }) => ({ last: [features] }),
  params: () => ({}),
  step: ({ x, last }) => ({ state: { last: x }, output: concat([x, last]) }),
});

/** What makes each cell of { input, hidden }, and how wide it is beside the others. */
export const cells = {
  "linear attention": { make: linearAttention },
  "delta rule": { make: deltaRule },
  "delta rule, beta to 2": { make: (sizes) => deltaRule({ ...sizes, largestBeta: 2 }) },
  "gated delta rule": { make: gatedDeltaRule },
  mLSTM: { make: mlstm },
  sLSTM: { make: slstm, wider: 2 },
  LSTM: { make: lstm, wider: 2 },
};

const recallAt = (pairs, steps) => ({
  name: `${pairs} pairs, ${steps} steps`,
  problem: multiQueryRecall({ pairs, steps, symbols: 64 }),
});

const matrices = ["linear attention", "delta rule", "gated delta rule", "mLSTM"];

const recall = {
  problem: multiQueryRecall({ pairs: [1, 16], steps: 64, symbols: 64 }),
  tests: [
    recallAt(4, 64),
    recallAt(8, 64),
    recallAt(16, 64),
    recallAt(16, 128),
    recallAt(16, 256),
    recallAt(32, 128),
  ],
  training: { batch: 32, rate: 3e-3, steps: 600 },
  before: (symbols) => ({
    layers: [linear({ input: symbols, output: 32 }), recurrent(withPrevious({ features: 32 }))],
    width: 64,
  }),
};

/** Each question: the cells, how wide they are, what is trained on, what is asked afterwards, and what is before the cell. */
export const questions = {
  recall: { ...recall, cells: [...matrices, "sLSTM", "LSTM"], hidden: 32 },
  parity: {
    problem: parity({ length: [3, 40] }),
    cells: Object.keys(cells),
    hidden: 16,
    tests: [40, 80, 160, 256].map((length) => ({ name: `${length} bits`, problem: parity({ length }) })),
    training: { batch: 32, rate: 3e-3, steps: 1000 },
    before: (symbols) => ({ layers: [linear({ input: symbols, output: 16 })], width: 16 }),
  },
  crowded: { ...recall, cells: matrices, hidden: 16 },
};

/** The net: what is before the cell, the cell, its output normalised, a readout. */
export function modelOf(question, cell) {
  const { problem, hidden, before } = questions[question];
  const { make, wider = 1 } = cells[cell];
  const { layers, width } = before(problem.input);
  const core = make({ input: width, hidden: wider * hidden });
  const model = sequenceModel({
    layer: stacked([...layers, recurrent(core), layerNorm({ features: wider * hidden })]),
    features: wider * hidden,
    output: problem.output,
  });
  return { model, core };
}
