// Says what is wrong with the hulls that a trained net gets wrong.
//
//     node reproductions/2015-vinyals-pointer-networks/wrong.mjs ARM FILE
//
// FILE is the state of a run, which `--state` of run.mjs says the folder of.

import { Key } from "longspan";
import { keptParams } from "../training.mjs";
import { modelOf, pointedOf } from "./model.mjs";
import { arms } from "./problems.mjs";

const [arm = "hull-10", file = "runs/2015-vinyals-pointer-networks/hull-10-1-24000.json"] =
  process.argv.slice(2);
const problem = arms[arm];
const model = modelOf(problem);
const nothing = { batch: () => null, predictions: () => 1, carriedAtStart: () => ({}), loss: () => null };
const params = keptParams({ task: nothing, params: model.init(Key.of(0)), file });
// The test of train.mjs.
const [, forTest] = Key.of(100).split(2);
const found = pointedOf(problem, model, params, forTest, 10_000);
const wrong = found.filter(({ pointed, answer }) => !problem.right(pointed, answer));

/** The area within corners, counter-clockwise. */
function areaOf(corners) {
  const twice = corners.map(([x, y], i) => {
    const [u, v] = corners[(i + 1) % corners.length];
    return x * v - u * y;
  });
  return twice.reduce((a, b) => a + b, 0) / 2;
}

/** What is wrong in words, and by how much of its area the polygon is off, where it is one. */
function faultOf({ pointed, answer, members }) {
  const back = pointed.indexOf(pointed[0], 1);
  if (back < 0) return { fault: "not closed" };
  const corners = pointed.slice(0, back);
  if (new Set(corners).size < corners.length) return { fault: "a point twice" };
  const missing = answer.slice(0, -1).filter((m) => !corners.includes(m)).length;
  const extra = corners.filter((m) => !answer.includes(m)).length;
  const area = areaOf(answer.slice(0, -1).map((m) => members[m]));
  const off = Math.abs(areaOf(corners.map((m) => members[m])) - area) / area;
  if (missing + extra === 1) return { fault: missing ? "one corner is missing" : "one point too many", off };
  return { fault: "more than one corner", off };
}

const faults = wrong.map(faultOf);
const count = new Map();
for (const { fault } of faults) count.set(fault, (count.get(fault) ?? 0) + 1);
const off = faults.flatMap((one) => one.off ?? []).sort((a, b) => a - b);
process.stdout.write(
  `${wrong.length} of ${found.length} are wrong\n${[...count]
    .sort(([, a], [, b]) => b - a)
    .map(([fault, n]) => `${fault}: ${n}\n`)
    .join(
      "",
    )}half of these polygons are off by less than ${(100 * off[off.length >> 1]).toFixed(2)} % of the area, nine in ten by less than ${(100 * off[Math.floor(0.9 * off.length)]).toFixed(2)} %\n`,
);
