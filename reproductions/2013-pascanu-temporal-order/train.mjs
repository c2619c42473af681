// One training run: node train.mjs '{"arm":"clip","length":50,"seed":1,"updates":150000}' prints its result as one line of JSON.

import { pathToFileURL } from "node:url";
import { defaultExecutor, evaluateSynthetic, Key, leaves, syntheticTask, temporalOrder } from "longspan";
import { arms } from "./arms.mjs";
import { modelFor, setting, updateOf } from "./update.mjs";

/** A run is over as soon as less than this share of `confirm` fresh sequences is wrong. It is looked at after every so many updates. */
const success = { share: 0.01, every: 500, look: 1000, confirm: 10_000 };

/** Trains until success, or for so many updates. */
export async function trainOnce({ arm, length, seed, updates: most }) {
  const { clip, omega } = arms[arm];
  const problem = temporalOrder({ length });
  const model = modelFor(problem);
  const [forInit, forBatches, forLooks] = Key.of(seed).split(3);
  const task = syntheticTask(model, problem, { key: forBatches, batch: setting.batch });
  const update = updateOf(arm);

  const wrongShare = async (params, look, sequences) => {
    const { wrong } = await evaluateSynthetic(model, params, problem, {
      key: forLooks.fold(look),
      sequences,
    });
    return wrong / sequences;
  };

  let params = model.init(forInit);
  let state = update.init(params);
  let [updates, exploded, share, solved] = [0, 0, 1, false];
  const begin = performance.now();
  let training = 0;
  while (updates < most && !solved) {
    const started = performance.now();
    const until = Math.min(most, updates + success.every);
    for (; updates < until; updates++) {
      const next = update.step(task, params, state, task.batch(updates));
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
