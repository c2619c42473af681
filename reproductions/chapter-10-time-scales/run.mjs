// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { summary, table } from "./summary.mjs";
import { arms } from "./task.mjs";

await runPairs({
  at: import.meta.url,
  arms: Object.keys(arms),
  steps: 2000,
  seeds: "1,2,3",
  table,
  summary,
});
