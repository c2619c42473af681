// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { arms } from "./models.mjs";
import { table } from "./summary.mjs";

await runPairs({ at: import.meta.url, arms, steps: 2000, data: true, table });
