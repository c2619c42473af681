// The model and one update of its parameters, as in the paper's program.

import {
  add,
  applyUpdates,
  capture,
  clipByJointNorm,
  compose,
  flowPenalty,
  Key,
  leaves,
  mapTree,
  mul,
  onCpu,
  pascanuRnn,
  scope,
  sgd,
  valueAndGrad,
} from "longspan";
import { arms } from "./arms.mjs";

/** The setting of the paper's program. */
export const setting = {
  start: "basic_tanh",
  hidden: 50,
  batch: 20,
  rate: 0.01,
  explodes: 1e10,
  decay: 0.02,
};

export function modelFor({ input, output }) {
  return pascanuRnn({ input, output, hidden: setting.hidden, start: setting.start });
}

/** The update of an arm: `init(params)` gives its state, `step(task, params, state, batch)` what comes after. */
export function updateOf(arm) {
  const { clip, omega } = arms[arm];
  // An endless limit never clips and still tells the norm.
  const optimiser = compose(
    clipByJointNorm(clip ?? Number.POSITIVE_INFINITY),
    sgd({ learningRate: setting.rate }),
  );
  // The loss draws nothing at random, so its key is of no account.
  const key = Key.of(0);
  const gradient = (task, params, batch) => {
    const loss = (p) => ({ loss: task.loss(p, batch, {}, key).loss, aux: null });
    return valueAndGrad((p) => {
      if (omega === null) return loss(p).loss;
      const penalised = flowPenalty(loss, p, { gradient: "paper", steps: "mean" });
      return add(penalised.loss, mul(penalised.omega, omega));
    })(params).grads;
  };
  const taken = (params, { updates, state }) => ({ params: applyUpdates(params, updates), state });
  const plain = capture((task, params, state, batch) =>
    scope(() => taken(params, optimiser.update(gradient(task, params, batch), state, params))),
  );
  return {
    init: (params) => optimiser.init(params),
    step(task, params, state, batch) {
      const next = plain(task, params, state, batch);
      if (onCpu(next.state[0].norm).item() <= setting.explodes) return { ...next, exploded: false };
      for (const t of leaves(next)) t.dispose();
      // In place of a gradient that exploded: a step towards smaller weights.
      const smaller = scope(() => {
        const gradient = mapTree(params, (p) => mul(p, setting.decay));
        return taken(params, optimiser.update(gradient, state, params));
      });
      return { ...smaller, exploded: true };
    },
  };
}
