// The two arms, the first without Omega for comparison, and the setting of both tasks. The widths give both arms as many parameters, within one percent.

export const arms = {
  "rnn+omega": { cell: "rnn", omega: 4 },
  lstm: { cell: "lstm", omega: null },
  rnn: { cell: "rnn", omega: null },
};

/** Temporal order: 3,054 and 3,076 parameters. */
export const span = {
  hidden: { rnn: 50, lstm: 24 },
  batch: 20,
  clip: 1,
  rate: 0.001,
  every: 250,
  most: 5000,
  share: 0.01,
};

/** Characters: truncated back-propagation over `steps`, states carried on; 27,985 and 27,972 parameters. */
export const text = {
  hidden: { rnn: 128, lstm: 67 },
  features: 16,
  streams: 20,
  steps: 50,
  clip: 1,
  rate: 0.002,
  every: 250,
  most: 3000,
};
