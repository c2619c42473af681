// One training run: node train.mjs '{"arm":"clip","length":50,"seed":1,"updates":150000}' prints its result as one line of JSON.

import { pathToFileURL } from "node:url";
import {
  add,
  applyUpdates,
  clipByJointNorm,
  compose,
  defaultExecutor,
  evaluateSynthetic,
  flowPenalty,
  Key,
  leaves,
  mapTree,
  mul,
  onCpu,
  pascanuRnn,
  scope,
  sgd,
  syntheticTask,
  temporalOrder,
  valueAndGrad,
} from "longspan";
import { arms } from "./arms.mjs";

/** The setting of the paper's program. */
const setting = { start: "basic_tanh", hidden: 50, batch: 20, rate: 0.01, explodes: 1e10, decay: 0.02 };

/** A run is over as soon as less than this share of `confirm` fresh sequences is wrong. It is looked at after every so many updates. */
const success = { share: 0.01, every: 500, look: 1000, confirm: 10_000 };

/** Trains until success, or for so many updates. */
export async function trainOnce({ arm, length, seed, updates: most }) {
  const { clip, omega } = arms[arm];
  const problem = temporalOrder({ length });
  const { inputSize: input, outputSize: output } = problem;
  const model = pascanuRnn({ input, output, hidden: setting.hidden, start: setting.start });
  const [forInit, forBatches, forLooks] = Key.of(seed).split(3);
  const task = syntheticTask(model, problem, { key: forBatches, batch: setting.batch });
  // An endless limit never clips and still tells the norm.
  const optimiser = compose(
    clipByJointNorm(clip ?? Number.POSITIVE_INFINITY),
    sgd({ learningRate: setting.rate }),
  );

  const lossOn = (batch) => (p) => ({ loss: task.loss(p, batch, {}, forBatches).loss, aux: null });
  const gradient = (params, batch) =>
    valueAndGrad((p) => {
      if (omega === null) return lossOn(batch)(p).loss;
      const penalised = flowPenalty(lossOn(batch), p, { gradient: "paper", steps: "mean" });
      return add(penalised.loss, mul(penalised.omega, omega));
    })(params);

  const step = (params, state, batch) => {
    const next = optimiser.update(gradient(params, batch).grads, state, params);
    const norm = onCpu(next.state[0].norm).item();
    const exploded = !(norm <= setting.explodes);
    // In place of a gradient that exploded: a step towards smaller weights.
    const { updates, state: after } = exploded
      ? optimiser.update(
          mapTree(params, (p) => mul(p, setting.decay)),
          state,
          params,
        )
      : next;
    return { params: applyUpdates(params, updates), state: after, exploded };
  };

  const wrongShare = async (params, look, sequences) => {
    const { wrong } = await evaluateSynthetic(model, params, problem, {
      key: forLooks.fold(look),
      sequences,
    });
    return wrong / sequences;
  };

  let params = model.init(forInit);
  let state = optimiser.init(params);
  let [updates, exploded, share, solved] = [0, 0, 1, false];
  const begin = performance.now();
  let training = 0;
  while (updates < most && !solved) {
    const started = performance.now();
    const until = Math.min(most, updates + success.every);
    for (; updates < until; updates++) {
      const next = scope(() => step(params, state, task.batch(updates)));
      for (const t of leaves([params, state])) t.dispose();
      ({ params, state } = next);
      if (next.exploded) exploded += 1;
    }
    training += performance.now() - started;
    share = await wrongShare(params, 2 * updates, success.look);
    if (share >= success.share) continue;
    share = await wrongShare(params, 2 * updates + 1, success.confirm);
    solved = share < success.share;
  }
  return {
    arm,
    length,
    seed,
    solved,
    updates,
    wrongShare: share,
    exploded,
    seconds: Math.round((performance.now() - begin) / 1000),
    updatesPerSecond: Math.round((1000 * updates) / training),
    executor: defaultExecutor().name,
    setting: { ...setting, clip, omega },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
