// One training run: node train.mjs '{"arm":"hull-5","seed":1,"steps":12000,"minutes":60,"state":"FILE"}' prints its result as one line of
// JSON.

import { div, Key, labelErrorRate, sum } from "longspan";
import { trainKept } from "../training.mjs";
import { hidden, modelOf, pointedOf, sample } from "./model.mjs";
import { arms } from "./problems.mjs";

const { arm, seed, steps, minutes, state } = JSON.parse(process.argv[2]);
const problem = arms[arm];
const batch = 128;
const model = modelOf(problem);

/** How many sources are answered wrongly, pointing to the most probable member each time. */
function errorsOf(params, key, count) {
  const found = pointedOf(problem, model, params, key, count);
  const isRight = ({ pointed, answer }) => problem.right(pointed, answer);
  return {
    pairs: count,
    wrong: found.filter((one) => !isRight(one)).length,
    // A polygon is right from whatever corner it starts: no edits.
    edits: labelErrorRate(
      found.map((one) => (isRight(one) ? one.answer : closed(one.pointed))),
      found.map(({ answer }) => answer),
    ),
  };
}

/** What was pointed to, of a hull up to the first return to its start: what follows does not count. */
function closed(members) {
  const back = arm.startsWith("hull") ? members.indexOf(members[0], 1) : -1;
  return back < 0 ? members : members.slice(0, back + 1);
}

const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
// What a run is tried on is the same for all seeds.
const [forCheck, forTest] = Key.of(100).split(2);
const { params, result } = await trainKept({
  task: {
    // Fresh sources for each step.
    batch: (step) => sample(problem, forBatches, step, batch),
    predictions: ({ targets }) => targets.structure.nodes,
    carriedAtStart: () => ({}),
    loss: (params, { source, targets }) => ({
      loss: div(sum(model.apply(params, source, targets).loss), targets.structure.nodes),
      carried: {},
    }),
  },
  params: model.init(forInit),
  key: forTraining,
  seed,
  batch,
  rate: 0.004,
  steps,
  every: 1000,
  wrong: (params) => {
    const { wrong, pairs } = errorsOf(params, forCheck, 1000);
    return wrong / pairs;
  },
  file: state,
  minutes,
});
const errors = errorsOf(params, forTest, 10_000);
process.stdout.write(
  `${JSON.stringify({ arm, ...result, ...errors, setting: { ...result.setting, hidden } })}\n`,
);
