// One run: node train.mjs '{"by":"descent","start":"small","length":20,"informative":3,"seed":1}' prints its result as one line of
// JSON. Guessing has no start.

import {
  applyUpdates,
  capture,
  defaultExecutor,
  evaluateSynthetic,
  Key,
  leaves,
  mapTree,
  mul,
  pascanuRnn,
  recurrent,
  rnn,
  scope,
  sequenceModel,
  sgd,
  sub,
  syntheticTask,
  twoSequences,
  uniform,
  valueAndGrad,
} from "longspan";

const setting = { hidden: 5, batch: 20, rate: 0.1, updates: 10_000, within: 4, guesses: 1000 };
/** A net has learned the problem when at most this share of `tests` fresh sequences is wrong. Descent is tried every so often. */
const success = { share: 0.05, tests: 1000, every: 200 };

const { by, start, length, informative, seed } = JSON.parse(process.argv[2]);
const problem = twoSequences({ length, informative });
const { hidden } = setting;
const sizes = { input: 1, output: 2, hidden };
const model =
  start === "orthogonal"
    ? sequenceModel({ layer: recurrent(rnn(sizes)), features: hidden, output: sizes.output })
    : pascanuRnn(sizes);
const [forInit, forBatches, forTests] = Key.of(seed).split(3);
const cpu = process.cpuUsage();
const { tries, wrongShare } = by === "descent" ? await descend() : await guess();
const { user, system } = process.cpuUsage(cpu);
const result = {
  by,
  start,
  length,
  informative,
  seed,
  solved: wrongShare <= success.share,
  tries,
  wrongShare,
  cpuSeconds: Math.round((user + system) / 1e5) / 10,
  executor: defaultExecutor().name,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

/** Gradient descent, until success or for so many updates. */
async function descend() {
  const task = syntheticTask(model, problem, { key: forBatches, batch: setting.batch });
  const optimiser = sgd({ learningRate: setting.rate });
  const gradient = valueAndGrad((p, batch) => task.loss(p, batch, {}, forBatches).loss);
  const step = capture((params, state, batch) =>
    scope(() => {
      const { updates, state: after } = optimiser.update(gradient(params, batch).grads, state, params);
      return { params: applyUpdates(params, updates), state: after };
    }),
  );
  let params = model.init(forInit);
  let state = optimiser.init(params);
  for (let update = 1; ; update++) {
    const next = step(params, state, task.batch(update));
    for (const t of leaves([params, state])) t.dispose();
    ({ params, state } = next);
    if (update % success.every !== 0) continue;
    const wrongShare = await wrongShareOf(params, success.tests, update);
    if (wrongShare <= success.share || update >= setting.updates) return { tries: update, wrongShare };
  }
}

/** No learning at all: every weight and bias uniform within `within`, drawn anew until one net happens to solve it. */
async function guess() {
  const like = model.init(forInit);
  for (let tries = 1; ; tries++) {
    let drawn = 0;
    const params = scope(() =>
      mapTree(like, (p) =>
        mul(sub(uniform(forInit.fold(tries).fold(drawn++), p.shape), 0.5), 2 * setting.within),
      ),
    );
    // Most guesses are found out by a few sequences.
    let wrongShare = await wrongShareOf(params, 50, 2 * tries);
    if (wrongShare <= 2 * success.share)
      wrongShare = await wrongShareOf(params, success.tests, 2 * tries + 1);
    for (const t of leaves(params)) t.dispose();
    if (wrongShare <= success.share || tries >= setting.guesses) return { tries, wrongShare };
  }
}

async function wrongShareOf(params, sequences, look) {
  const { wrong } = await evaluateSynthetic(model, params, problem, { key: forTests.fold(look), sequences });
  return wrong / sequences;
}
