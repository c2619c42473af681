// What is trained, by name, and with what momentum.
//
// inputScale: standard deviation of the input weights at the start.
// lossScale: what the squared error, a mean over scored rows and features, is multiplied by. The learning rate has its unit.
// errors: what is counted in one sequence, by name. Training looks at the first, the strictest.

import { adding, centred, noiselessMemorisation } from "longspan";
import { recall, wrongSymbols } from "./recall.mjs";

export const tasks = {
  // A sequence is wrong if its answer is off by more than 0.0472 (who knows nothing then errs on 0.82, as in the paper's table), or,
  // a second count, if its squared error exceeds 0.04, as Pascanu et al. (2013) count.
  adding: {
    problem: () => centred(adding({ length: 80 })),
    inputScale: 0.001,
    lossScale: 1,
    errors: { "off by .0472": offBy(0.0472), "off by .2": offBy(0.2) },
  },
  // Wrong symbols of the ten to be repeated. The loss is the squared error summed over the ten and their five outputs.
  memorisation: {
    problem: () => recall(centred(noiselessMemorisation({ length: 80, bits: 20 })), 10, 5),
    inputScale: 0.1,
    lossScale: 50,
    errors: { symbols: wrongSymbols },
  },
};

/** The momentum after the first updates. */
export const arms = { "nesterov .995": 0.995, "no momentum": 0 };

export const setting = {
  hidden: 100,
  batch: 100,
  outputScale: 0.1,
  first: { updates: 1000, momentum: 0.9 },
  /** Looks at fresh sequences; training ends when so many looks in a row have found no error. */
  look: { every: 500, sequences: 1000, inARow: 5 },
  test: 10_000,
};

/** Counts answers that are further off than the tolerance. */
function offBy(tolerance) {
  return (outputs, { targets }) =>
    // Written so that an output that is not a number is wrong.
    outputs.reduce((wrong, y, b) => (Math.abs(y - targets[b]) <= tolerance ? wrong : wrong + 1), 0);
}
