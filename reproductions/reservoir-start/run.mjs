// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { arms, summary, table } from "./summary.mjs";

await runPairs({ at: import.meta.url, arms: Object.keys(arms), steps: 5000, seeds: "1,2,3", table, summary });
