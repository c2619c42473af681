// What writes: an LSTM whose output is a distribution of the next point.

import {
  fedBack,
  gaussianOutput,
  lstm,
  mean,
  mixtureOutput,
  onCpu,
  scope,
  teacherForcing,
  unfold,
  uniform,
  zeros,
} from "longspan";
import { asked, chainsOf, digits, fromNet, points } from "./strokes.mjs";

const mixture = (components) => mixtureOutput({ components, features: 2, correlated: true });

/** The distributions of a point. */
export const arms = {
  gaussian: gaussianOutput({ features: 2 }),
  "mixture-1": mixture(1),
  "mixture-2": mixture(2),
  "mixture-5": mixture(5),
  "mixture-20": mixture(20),
};

export const hidden = 128;

/** The net of an arm: it reads the point before, and at every point which digit it writes. */
export function penOf(arm) {
  const output = arms[arm];
  const cell = fedBack({
    cell: lstm({ input: 2 + digits, hidden }),
    output,
    regime: teacherForcing(),
    context: "sequence",
  });
  /** Nats of each point, in rows. */
  const losses = (params, { x, y, digit, structure }) =>
    output.lossPerRow(unfold(cell, params, { x, context: digit }, structure).output, y);
  return {
    init: (key) => cell.init(key),
    losses,
    /** Training as a task. @param batch of a step, by its number */
    task: (batch) => ({
      batch,
      predictions: ({ structure }) => structure.nodes,
      carriedAtStart: () => ({}),
      loss: (params, some) => ({ loss: mean(losses(params, some)), carried: {} }),
    }),
    /** Digits that it writes, each point drawn and then read. @returns { strokes, digit } of each label, in units of the files */
    written(params, labels, key) {
      return scope(() => {
        const one = chainsOf(labels.length, 1);
        const { digit } = asked(labels);
        let [x, initial] = [zeros([labels.length, 2]), {}];
        const drawn = [];
        for (let t = 0; t < points; t++) {
          const { output: o, final } = unfold(cell, params, { x, context: digit }, one, { initial });
          x = output.sample(o, uniform(key.fold(t), [labels.length, output.uniforms]));
          initial = final;
          drawn.push(onCpu(x).toArray());
        }
        return labels.map((label, s) => ({
          digit: label,
          strokes: drawn.flatMap((of) => [fromNet(of[2 * s]), fromNet(of[2 * s + 1])]),
        }));
      });
    },
  };
}
