// X9: a whole vector from a part of it, by its content: how much may be masked, for cells of several widths.

import {
  adam,
  clipByJointNorm,
  compose,
  cosineScores,
  evaluateSynthetic,
  Key,
  matmul,
  neuralTuringMachine,
  perceptron,
  completion as problem,
  read,
  recurrent,
  reshape,
  rowMembers,
  sequenceModel,
  startTraining,
  syntheticTask,
  tensor,
  train,
  uniform,
  weightsOfScores,
} from "longspan";

/** Vectors in the memory that is written by hand, and in the memory of a net that learns. */
export const [members, learnedMembers] = [32, 4];
/** Times that one is asked for, each in a memory of its own. */
const memories = 300;
/** The strength of the key: who agrees with all that is known outweighs who agrees with one number less. */
const strength = 200;

/** Questions that a net that has learned is asked. */
const tried = 1000;

export const maskedShares = [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];

/** @returns for each masked share: the share of vectors of -1 and 1 that are right in all their signs */
export async function completion({ width, seed }) {
  const accuracies = [];
  for (const [k, masked] of maskedShares.entries()) {
    const known = width - Math.round(masked * width);
    let right = 0;
    for (let m = 0; m < memories; m++) {
      const drawn = await read(uniform(Key.of(seed).fold(k).fold(m), [members, width]));
      const bits = Float32Array.from(drawn, (u) => (u < 0.5 ? -1 : 1));
      // The first vector is asked for, by its first numbers: all are drawn alike.
      const key = Array.from(bits.subarray(0, width), (v, j) => (j < known ? v : 0));
      const rows = tensor(
        Array.from({ length: members }, (_, i) => Array.from(bits.subarray(i * width, (i + 1) * width))),
      );
      const query = reshape(tensor(key), [1, 1, width]);
      const weights = weightsOfScores(cosineScores(query, rows, tensor([strength])), rowMembers);
      const answer = await read(matmul(weights, rows));
      if (answer.every((v, j) => v * bits[j] > 0)) right += 1;
    }
    accuracies.push(right / memories);
  }
  return { accuracies };
}

/**
 * What to expect of a key that decides sharply: the vectors that agree with it in all that is known answer together, by the sign of their
 * sum, and nobody else. A masked sign is right if the vector that is meant and k others, of random signs, have that sign in the majority; half
 * the time where they are split evenly.
 */
export function expected(width, masked, count) {
  const hidden = Math.round(masked * width);
  const agree = 2 ** -(width - hidden);
  let total = 0;
  for (let k = 0; k < count; k++)
    total += binomial(count - 1, k) * agree ** k * (1 - agree) ** (count - 1 - k) * sign(k) ** hidden;
  return total;
}

function sign(others) {
  let right = 0;
  for (let same = 0; same <= others; same++) {
    const sum = 1 + 2 * same - others;
    right += (binomial(others, same) / 2 ** others) * (sum > 0 ? 1 : sum === 0 ? 0.5 : 0);
  }
  return right;
}

function binomial(n, k) {
  let out = 1;
  for (let i = 1; i <= k; i++) out = (out * (n - k + i)) / i;
  return out;
}

/** A net with a memory that learns it: four vectors come, one is asked for with half of its bits masked. */
export async function trainedCompletion({ width, seed }) {
  const key = Key.of(seed);
  const learned = problem({ length: [2, 4], width, masked: 0.5 });
  const cell = neuralTuringMachine(perceptron, {
    input: learned.input,
    hidden: 40,
    rows: 8,
    width: width + 4,
  });
  const model = sequenceModel({ layer: recurrent(cell), features: 40 + width + 4, output: width });
  const optimiser = compose(clipByJointNorm(10), adam({ learningRate: 0.003 }));
  const task = syntheticTask(model, learned, { key: key.fold(1), batch: 16 });
  const { state } = await train(task, startTraining(task, optimiser, model.init(key.fold(2))), {
    optimiser,
    budget: { steps: 20_000 },
    key: key.fold(3),
    schedule: ({ fraction }) => 0.003 * Math.min(1, 2 * (1 - fraction) + 0.01),
  });
  const accuracies = [];
  for (const masked of maskedShares) {
    const asked = problem({ length: 4, width, masked });
    const { wrong } = await evaluateSynthetic(model, state.params, asked, {
      key: key.fold(4),
      sequences: tried,
    });
    accuracies.push(1 - wrong / tried);
  }
  return { accuracies };
}
