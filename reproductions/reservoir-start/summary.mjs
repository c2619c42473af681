// The results as a table, a row per run.

export const arms = {
  "reservoir-1.1": "reservoir, radius 1.1",
  "reservoir-1.2": "reservoir, radius 1.2",
  plain: "plain, Glorot-uniform",
  orthogonal: "plain, orthogonal",
  wide: "orthogonal, input weights of the reservoir",
};
const shown = [0, 1000, 2000, 3000, 5000];
const solved = 0.01;

const row = ({ arm, seed, every, curve }) => {
  const at = (step) => curve[step / every]?.toPrecision(2) ?? "";
  const first = curve.findIndex((loss) => loss < solved);
  return `| ${[arms[arm], seed, ...shown.map(at), first < 0 ? "-" : first * every].join(" | ")} |`;
};

export function summary(results) {
  const order = Object.keys(arms);
  const rows = results.toSorted((a, b) => order.indexOf(a.arm) - order.indexOf(b.arm) || a.seed - b.seed);
  return `${[
    `| start | seed | ${shown.map((step) => (step === 0 ? "readout alone" : `after ${step}`)).join(" | ")} | below ${solved} after |`,
    `| --- | ---: | ${shown.map(() => "---:").join(" | ")} | ---: |`,
    ...rows.map(row),
  ].join("\n")}\n`;
}

/** What is shown of one run when it ends. */
export const table = { head: [], row };
