// One run: node train.mjs '{"arm":"reservoir-1.1","seed":1,"steps":2000}' prints its result as a line of JSON.

import {
  adding,
  centred,
  clipByJointNorm,
  compose,
  evaluateSynthetic,
  fromArray,
  glorot,
  Key,
  nesterov2013,
  recurrent,
  reservoir,
  ridgeReadout,
  rnn,
  scope,
  sequenceModel,
  startTraining,
  syntheticTask,
  train,
  uniformInit,
} from "longspan";

const [length, hidden, batch, every] = [100, 100, 100, 500];
const problem = centred(adding({ length, variant: "arjovsky2016" }));
const { arm, seed, steps } = JSON.parse(process.argv[2]);

const sizes = { input: problem.input, hidden };
const [kind, radius] = arm.split("-");
const cells = {
  reservoir: () => reservoir({ ...sizes, nonZeros: 15, radius: Number(radius), inputScale: 1 }),
  plain: () => rnn({ ...sizes, W: glorot(hidden, hidden) }),
  orthogonal: () => rnn(sizes),
  wide: () => rnn({ ...sizes, U: uniformInit(1, problem.input, hidden) }),
};
const layer = recurrent(cells[kind]());
const model = sequenceModel({ layer, features: hidden, output: problem.output });
const drawn = model.init(Key.of(seed));

/** The readout that suits the states of fresh sequences, by ridge regression. */
function fitted(params) {
  const { x, structure, scored, targets } = problem.sample(Key.of(seed).fold(1), 0, 2000);
  const inputs = fromArray(x, [structure.nodes, problem.input]);
  const states = layer.apply(params.layer, inputs, structure, { rows: scored }).output;
  const readout = ridgeReadout(states, fromArray(targets, [2000, 1]), { ridge: 1, dtype: "float32" });
  return { layer: params.layer, readout };
}
// All starts have the readout that their states allow.
const begun = scope(() => fitted(drawn));

const check = async (params) =>
  (await evaluateSynthetic(model, params, problem, { key: Key.of(seed).fold(2), sequences: 1000 })).loss;
const optimiser = compose(clipByJointNorm(1), nesterov2013({ learningRate: 0.01, momentum: 0.98 }));
const task = syntheticTask(model, problem, { key: Key.of(seed).fold(3), batch });
let state = startTraining(task, optimiser, begun);
const curve = [await check(begun)];
while ((curve.length - 1) * every < steps) {
  ({ state } = await train(task, state, {
    optimiser,
    budget: { steps: curve.length * every },
    key: Key.of(seed).fold(4),
  }));
  curve.push(await check(state.params));
}
process.stdout.write(
  `${JSON.stringify({ arm, seed, steps, every, curve: curve.map((loss) => Number(loss.toPrecision(4))) })}\n`,
);
