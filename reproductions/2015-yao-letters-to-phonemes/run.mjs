// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";

await runPairs({ at: import.meta.url, arms: ["words"], steps: 7500, data: true });
