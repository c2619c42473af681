// One training run: node train.mjs '{"arm":"hull-5","seed":1,"steps":12000,"minutes":60,"state":"FILE"}' prints its result as one line of
// JSON.

import {
  additiveAddressing,
  div,
  fromArray,
  Key,
  labelErrorRate,
  lstm,
  pointerNetwork,
  recurrent,
  scope,
  sum,
} from "longspan";
import { trainKept } from "../training.mjs";
import { arms } from "./problems.mjs";

const { arm, seed, steps, minutes, state } = JSON.parse(process.argv[2]);
const problem = arms[arm];
const [hidden, batch] = [128, 128];
const model = pointerNetwork({
  encoder: recurrent(lstm({ input: problem.input, hidden })),
  cell: lstm,
  hidden,
  addressing: additiveAddressing({ size: hidden }),
});

/** Sources as the model reads them, of a key and a number. */
function sample(key, number, count) {
  const { source, target, answers } = problem.sample(key, number, count);
  return {
    source: { x: fromArray(source.x, [source.structure.nodes, problem.input]), structure: source.structure },
    targets: {
      members: fromArray(target.members, [target.members.length], "int32"),
      structure: target.structure,
    },
    answers,
  };
}

/** How many sources are answered wrongly, pointing to the most probable member each time. */
function errorsOf(params, key, count) {
  const most = 500;
  const found = Array.from({ length: count / most }, (_, number) =>
    scope(() => {
      const { source, answers } = sample(key, number, most);
      const lengths = source.structure.nodesPerSequence().map((n) => problem.length(n));
      const pointed = model.greedy(params, source, lengths);
      return pointed.map(({ members }, s) => ({ members, answer: answers[s] }));
    }),
  ).flat();
  const isRight = ({ members, answer }) => problem.right(members, answer);
  return {
    pairs: count,
    wrong: found.filter((one) => !isRight(one)).length,
    // A polygon is right from whatever corner it starts: no edits.
    edits: labelErrorRate(
      found.map((one) => (isRight(one) ? [...one.answer] : closed(one.members))),
      found.map(({ answer }) => [...answer]),
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
    batch: (step) => sample(forBatches, step, batch),
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
