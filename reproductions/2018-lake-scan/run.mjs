// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";

await runPairs({ at: import.meta.url, arms: ["simple", "length"], steps: 4000, data: true });
