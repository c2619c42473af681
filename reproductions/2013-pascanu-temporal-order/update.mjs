// The model and one update of its parameters, as in the paper's program.

import {
  add,
  applyUpdates,
  clipByJointNorm,
  compose,
  flowPenalty,
  Key,
  mapTree,
  mul,
  onCpu,
  pascanuRnn,
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

export function modelFor({ inputSize: input, outputSize: output }) {
  return pascanuRnn({ input, output, hidden: setting.hidden, start: setting.start });
}

/** The loss on a batch of a task, as a function of the parameters. It draws nothing at random, so its key is of no account. */
export function lossOn(task, batch) {
  const key = Key.of(0);
  return (params) => ({ loss: task.loss(params, batch, {}, key).loss, aux: null });
}

/** The update of an arm: `init(params)` gives its state, `step(params, state, loss)` what comes after. */
export function updateOf(arm) {
  const { clip, omega } = arms[arm];
  // An endless limit never clips and still tells the norm.
  const optimiser = compose(
    clipByJointNorm(clip ?? Number.POSITIVE_INFINITY),
    sgd({ learningRate: setting.rate }),
  );
  const gradient = (params, loss) =>
    valueAndGrad((p) => {
      if (omega === null) return loss(p).loss;
      const penalised = flowPenalty(loss, p, { gradient: "paper", steps: "mean" });
      return add(penalised.loss, mul(penalised.omega, omega));
    })(params).grads;
  return {
    init: (params) => optimiser.init(params),
    step(params, state, loss) {
      const next = optimiser.update(gradient(params, loss), state, params);
      const norm = onCpu(next.state[0].norm).item();
      const exploded = !(norm <= setting.explodes);
      // In place of a gradient that exploded: a step towards smaller weights.
      const smaller = () => mapTree(params, (p) => mul(p, setting.decay));
      const { updates, state: after } = exploded ? optimiser.update(smaller(), state, params) : next;
      return { params: applyUpdates(params, updates), state: after, exploded };
    },
  };
}
