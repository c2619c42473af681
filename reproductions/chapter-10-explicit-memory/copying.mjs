// X8: a Turing machine that learns to copy, watched on its way: whose writes are read, before it has learned, and after.

import {
  adam,
  answerLoss,
  clipByJointNorm,
  compose,
  copyVectors,
  evaluateSynthetic,
  fromArray,
  Key,
  memoryReport,
  neuralTuringMachine,
  perceptron,
  recurrent,
  sequenceModel,
  startTraining,
  syntheticTask,
  train,
} from "longspan";

const [bits, rows, width, hidden] = [4, 16, 8, 40];
/** Updates after which it is looked at. */
const looks = [0, 200, 1000, 10_000];
/** The length of the lists that are looked at. */
const length = 6;
/** Lists whose copies are counted. */
const tried = 200;

const problem = copyVectors({ length: [1, length], width: bits });
const longest = copyVectors({ length, width: bits });
const cell = neuralTuringMachine(perceptron, { input: problem.input, hidden, rows, width });
const model = sequenceModel({ layer: recurrent(cell), features: hidden + width, output: bits });

/** @returns for each look, the share of lists that are copied wrongly, the greatest share of one write in what is read, and the pictures */
export async function copying({ seed }) {
  const key = Key.of(seed);
  const task = syntheticTask(model, problem, { key: key.fold(1), batch: 8 });
  const optimiser = compose(clipByJointNorm(10), adam({ learningRate: 0.002 }));
  let state = startTraining(task, optimiser, model.init(key.fold(2)));
  const seen = [];
  for (const steps of looks) {
    if (steps > 0) ({ state } = await train(task, state, { optimiser, budget: { steps }, key: key.fold(3) }));
    seen.push({ steps, ...(await look(state.params, key.fold(4))) });
  }
  return { seen };
}

async function look(params, key) {
  const { wrong } = await evaluateSynthetic(model, params, longest, { key, sequences: tried });
  const batch = longest.sample(key, 1, 20);
  const loss = (p) => {
    const x = fromArray(batch.x, [batch.structure.nodes, longest.input]);
    const { output } = model.apply(p, x, batch.structure, { rows: batch.scored });
    return answerLoss(longest, output, batch);
  };
  const { sequences } = (await memoryReport(loss, params, { sequences: 20 })).layers[0];
  // What is read at a step is answered at the next one, by the controller.
  const reads = sequences.flatMap(({ path, steps }) =>
    Array.from({ length }, (_, n) => {
      const row = path.shares.subarray((length + n) * steps, (length + n + 1) * steps);
      const most = Math.max(...row);
      return { most, lag: length + n - row.indexOf(most) };
    }),
  );
  const [{ steps, weights, path }] = sequences;
  const columns = (values, size) =>
    Array.from({ length: steps }, (_, t) => Array.from(values.subarray(t * size, (t + 1) * size), rounded));
  return {
    wrong: wrong / tried,
    fromOneWrite: reads.reduce((sum, { most }) => sum + Math.min(1, most), 0) / reads.length,
    lags: [...new Set(reads.map(({ lag }) => lag))].sort((a, b) => a - b),
    readWeights: columns(weights[0].values, rows),
    writeWeights: columns(weights[1].values, rows),
    shares: columns(path.shares, steps),
  };
}

function rounded(value) {
  return Math.round(100 * value) / 100;
}
