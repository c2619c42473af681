// The arms: what is left out of the LSTM, or added to it. Names in brackets are those of Greff et al. (2015); theirs has peepholes, here the
// others are compared with the LSTM without.

import { lstm } from "longspan";

const none = (x) => x;

/** Settings of `lstm`. */
const settings = {
  LSTM: {},
  "forget bias 0": { forgetBias: 0 },
  "forget bias 2": { forgetBias: 2 },
  "no forget gate (NFG)": { forgetGate: false },
  "no input gate (NIG)": { inputGate: false },
  "no output gate (NOG)": { outputGate: false },
  "no input activation (NIAF)": { squash: none },
  "no output activation (NOAF)": { squashOutput: none },
  "coupled gates (CIFG)": { coupled: true },
  peepholes: { peepholes: true },
};

export const arms = Object.fromEntries(
  Object.entries(settings).map(([name, of]) => [name, (sizes) => lstm({ ...sizes, ...of })]),
);
