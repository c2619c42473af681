// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { arms } from "./problems.mjs";

await runPairs({ at: import.meta.url, arms: Object.keys(arms), steps: 12_000, data: false });
