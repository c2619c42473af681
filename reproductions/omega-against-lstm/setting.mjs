// The three arms, the third for comparison, the settings among which they are tuned, and both tasks. The widths give the arms as many
// parameters, within one percent.

/** Omega's weights: that of the paper's program, and a tenth and a hundredth of it. `null` is an arm without Omega. */
export const arms = {
  "rnn+omega": { cell: "rnn", weights: [4, 0.4, 0.04] },
  lstm: { cell: "lstm", weights: [null] },
  rnn: { cell: "rnn", weights: [null] },
};

/** Seeds of the runs that settings are chosen by. */
export const tuning = { span: [101], text: [101] };

/** Temporal order: 3,054 and 3,076 parameters. */
export const span = {
  hidden: { rnn: 50, lstm: 24 },
  batch: 20,
  clip: 1,
  rates: [0.001, 0.003, 0.0003],
  every: 250,
  most: 40_000,
  share: 0.01,
};

/** Characters: truncated back-propagation over `steps`, states carried on; 27,985 and 27,972 parameters. */
export const text = {
  hidden: { rnn: 128, lstm: 67 },
  features: 16,
  streams: 20,
  steps: 50,
  clip: 1,
  rates: [0.002, 0.006, 0.0007],
  every: 250,
  most: 3000,
};

const settings = { span, text };

/** What an arm is tuned among: each of the rates of the task, with each of the weights of the arm. */
export function settingsOf(task, arm) {
  return settings[task].rates.flatMap((rate) => arms[arm].weights.map((weight) => ({ rate, weight })));
}
