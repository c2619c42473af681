// One training run on many lengths: node train-lengths.mjs '{"arm":"clip+omega","seed":1,"updates":150000}' prints its result as one
// line of JSON.

import { pathToFileURL } from "node:url";
import {
  defaultExecutor,
  evaluateSynthetic,
  Key,
  leaves,
  onCpu,
  scope,
  syntheticTask,
  temporalOrder,
  uniform,
} from "longspan";
import { modelFor, setting, updateOf } from "./update.mjs";

/** The lengths of training. */
const [shortest, longest] = [50, 200];
/** Training ends when less than this share of `sequences` fresh ones is wrong at each of these lengths; looked at after every so many updates. */
const success = { share: 0.01, every: 1000, sequences: 1000, at: [50, 100, 150, 200] };
/** What the model is tried on afterwards. */
const test = { sequences: 10_000, at: [50, 100, 150, 200, 500, 1000, 2000, 5000] };

const problems = new Map();
const problemOf = (length) => {
  if (!problems.has(length)) problems.set(length, temporalOrder({ length }));
  return problems.get(length);
};

export async function trainOnce({ arm, seed, updates: most }) {
  const [forInit, forBatches, forLengths, forLooks] = Key.of(seed).split(4);
  const model = modelFor(problemOf(shortest));
  const tasks = new Map();
  const taskOf = (length) => {
    if (!tasks.has(length))
      tasks.set(
        length,
        syntheticTask(model, problemOf(length), { key: forBatches.fold(length), batch: setting.batch }),
      );
    return tasks.get(length);
  };
  const wrongAt = async (params, length, key, sequences) =>
    (await evaluateSynthetic(model, params, problemOf(length), { key: key.fold(length), sequences })).wrong;

  const update = updateOf(arm);
  let params = model.init(forInit);
  let state = update.init(params);
  let [updates, exploded, solved] = [0, 0, false];
  const begin = performance.now();
  while (updates < most && !solved) {
    const until = Math.min(most, updates + success.every);
    for (; updates < until; updates++) {
      const u = scope(() => onCpu(uniform(forLengths.fold(updates), [1])).item());
      const task = taskOf(shortest + Math.floor(u * (longest - shortest + 1)));
      const next = update.step(task, params, state, task.batch(updates));
      for (const t of leaves([params, state])) t.dispose();
      ({ params, state } = next);
      if (next.exploded) exploded += 1;
    }
    solved = true;
    for (const length of success.at) {
      const wrong = await wrongAt(params, length, forLooks.fold(updates), success.sequences);
      if (wrong >= success.share * success.sequences) {
        solved = false;
        break;
      }
    }
  }
  const seconds = Math.round((performance.now() - begin) / 1000);
  const wrong = [];
  for (const length of test.at)
    wrong.push({ length, wrong: await wrongAt(params, length, forLooks.fold(most + 1), test.sequences) });
  return {
    arm,
    seed,
    solved,
    updates,
    exploded,
    seconds,
    of: test.sequences,
    wrong,
    executor: defaultExecutor().name,
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
