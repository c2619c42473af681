// One training run: node train.mjs '{"arm":"chain-lstm","seed":1,"steps":4000,"minutes":60,"state":"FILE","data":"FOLDER"}' prints its
// result as one line of JSON. With data, the published expressions are held out; without, fresh ones.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argmax, Key, onCpu, parseListOps, scope } from "longspan";
import { trainKept } from "../training.mjs";
import { arms, heldOut, likeLengths, lossOf, netOf, problems } from "./model.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const { problem } = arms[arm];
const setting = { batch: 64, rate: 0.002 };
const net = netOf(arm);
const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
const check = heldOut(problem, 500);
const test = problem !== "short" && data ? published(data) : heldOut(problem, 5000);

const { params, result } = await trainKept({
  task: {
    batch:
      problem === "published"
        ? likeLengths(problems[problem], forBatches, setting.batch)
        : (step) => problems[problem].sample(forBatches, step, setting.batch),
    predictions: (expressions) => expressions.length,
    carriedAtStart: () => ({}),
    loss: (params, expressions) => ({ loss: lossOf(net, params, expressions), carried: {} }),
  },
  params: net.init(forInit),
  key: forTraining,
  seed,
  ...setting,
  steps,
  every: 500,
  wrong: (params) => 1 - rightShare(params, check),
  file: state,
  minutes,
});
const right = rightShare(params, test);
const own = arm.includes("learned") ? { brackets: bracketShare(params, test.slice(0, 500)) } : {};
process.stdout.write(
  `${JSON.stringify({ arm, ...result, right, of: steps, tested: test.length, ...own, units: net.hidden })}\n`,
);

function rightShare(params, expressions) {
  let right = 0;
  // Like lengths together.
  const order = [...expressions].sort((a, b) => a.symbols.length - b.symbols.length);
  for (let i = 0; i < order.length; i += 100)
    scope(() => {
      const some = order.slice(i, i + 100);
      const found = onCpu(argmax(net.logits(params, some))).toArray();
      right += some.filter(({ value }, j) => value === found[j]).length;
    });
  return right / order.length;
}

/** Of the constituents of the trees that are inferred, those of the given trees. */
function bracketShare(params, expressions) {
  let [both, all] = [0, 0];
  for (const [i, tree] of net.trees(params, expressions).entries()) {
    const given = new Set(spansOf(expressions[i].tree, expressions[i].symbols.length));
    const found = spansOf(tree, expressions[i].symbols.length);
    both += found.filter((span) => given.has(span)).length;
    all += found.length;
  }
  return both / all;
}

/** The spans of a tree's inner nodes, all but the root's. */
function spansOf({ children }, length) {
  const spans = [];
  for (const [node, list] of children.entries())
    spans.push(list.length === 0 ? [node, node] : [spans[list[0]][0], spans[list[1]][1]]);
  return spans.slice(length, -1).map((span) => span.join());
}

function published(folder) {
  return readFileSync(join(folder, "test_d20s.tsv"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => parseListOps(line.split("\t")[1]));
}
