// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";

await runPairs({ at: import.meta.url, arms: ["dates"], steps: 3000, data: false });
