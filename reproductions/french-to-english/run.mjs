// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { arms } from "./model.mjs";
import { table } from "./summary.mjs";

await runPairs({ at: import.meta.url, arms: Object.keys(arms), steps: 2500, data: true, table });
