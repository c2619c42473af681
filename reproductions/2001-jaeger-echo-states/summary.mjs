// The results as a table: a row per task, the median over seeds, the best and the worst.

const power = (x) => x.toExponential(1);
const fixed = (digits) => (x) => x.toFixed(digits);
const percent = (x) => `${(100 * x).toFixed(1)} %`;

/** Per task: what it is, what is measured, and the expected band. */
const rows = {
  "mackey-glass-400": [
    ["Mackey-Glass 17, 400 units, 3,000 points: NRMSE84", (r) => r.nrmse84, power, "at most 1e-3"],
  ],
  "mackey-glass-1000": [
    [
      "Mackey-Glass 17, 1,000 units, 21,000 points: log10 of NRMSE84",
      (r) => Math.log10(r.nrmse84),
      fixed(2),
      "at most -4.0",
    ],
  ],
  narma10: [
    ["NARMA10, 100 units: NMSE", (r) => r.nmse, fixed(3), "about .10"],
    ["NARMA10, the last 30 inputs, linearly: NMSE", (r) => r.linear, fixed(3), "about .15"],
  ],
  "memory-orthogonal": [
    ["memory capacity, 100 linear units, orthogonal", (r) => r.capacity, fixed(1), "89 to 97"],
  ],
  "memory-ring": [["memory capacity, 100 linear units, ring", (r) => r.capacity, fixed(1), "89 to 97"]],
  "memory-dense": [["memory capacity, 100 linear units, dense", (r) => r.capacity, fixed(1), "36 to 70"]],
  "memory-tanh": [["memory capacity, 100 tanh units, sparse", (r) => r.capacity, fixed(1), "about 30"]],
  laser: [
    ["Santa Fe laser, 500 units, one step ahead: NMSE", (r) => r.nmse, fixed(4), ""],
    ["Santa Fe laser, the value before: NMSE", (r) => r.same, fixed(4), ""],
  ],
  vowels: [
    ["Japanese vowels, 500 units: time steps", (r) => r.steps, percent, "at least 92.8 %"],
    ["Japanese vowels, 500 units: utterances", (r) => r.utterances, percent, ""],
  ],
  lorenz: [
    ["Lorenz, 300 units running free: first exponent", (r) => r.exponents[0], fixed(3), ".906"],
    ["Lorenz: second exponent", (r) => r.exponents[1], fixed(3), "0"],
    ["Lorenz: third exponent", (r) => r.exponents[2], fixed(2), "-14.57"],
    ["Lorenz: units of time until the free run has left the truth", (r) => r.valid, fixed(1), ""],
  ],
};

export function summary(results) {
  const lines = Object.entries(rows).flatMap(([task, measures]) => {
    const runs = results.filter((result) => result.task === task);
    if (runs.length === 0) return [];
    return measures.map(([words, of, shown, band]) => {
      const values = runs.map(of).toSorted((a, b) => a - b);
      const at = (values.length - 1) / 2;
      const median = (values[Math.floor(at)] + values[Math.ceil(at)]) / 2;
      return `| ${words} | ${shown(median)} | ${shown(values[0])} to ${shown(values.at(-1))} | ${runs.length} | ${band} |`;
    });
  });
  return `${["| task | median | from, to | seeds | expected |", "| --- | ---: | ---: | ---: | --- |", ...lines].join("\n")}\n`;
}
