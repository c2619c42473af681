// The results as tables: for each task, what the test says of each arm, by seed and against the LSTM of the same seeds.

import { arms } from "./arms.mjs";
import { tasks } from "./tasks.mjs";

export function summary(results) {
  return Object.keys(tasks)
    .map((task) =>
      tableOf(
        task,
        results.filter((r) => r.task === task),
      ),
    )
    .join("\n");
}

function tableOf(task, results) {
  const measure = tasks[task].measure;
  const of = (arm) => results.filter((r) => r.arm === arm).toSorted((a, b) => a.seed - b.seed);
  const rows = Object.keys(arms)
    .filter((arm) => of(arm).length > 0)
    .map((arm) => {
      const runs = of(arm);
      const each = runs.map((r) => told(r.test)).join(", ");
      const learned = runs.map(({ curve, steps }) => solved(task, curve, steps)).join(", ");
      const cells = [task, arm, runs[0].parameters, told(mean(runs.map((r) => r.test))), each];
      return `| ${[...cells, learned].join(" | ")} |`;
    });
  return `${[
    `| task | arm | parameters | ${measure} | by seed | ${tasks[task].reached.words} |`,
    "| ---- | --- | ---------: | ---------: | ------- | ------- |",
    ...rows,
  ].join("\n")}\n`;
}

/** The updates after which the held-out measure is below a mark, for the first time. */
function solved(task, curve, steps) {
  const { below } = tasks[task].reached;
  const at = curve.findIndex((value) => value < below);
  return at < 0 ? "never" : Math.round(((at + 1) * steps) / curve.length);
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** Three digits, or two behind the point. */
const told = (value) => (value >= 1 ? value.toFixed(3) : String(Number(value.toPrecision(2))));
