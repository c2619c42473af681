// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { arms } from "./regimes.mjs";
import { summary, table } from "./summary.mjs";

await runPairs({
  at: import.meta.url,
  arms,
  steps: 1500,
  seeds: "1,2,3,4,5",
  data: true,
  table,
  summary,
});
