// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { kinds } from "./sequences.mjs";
import { table } from "./summary.mjs";

const sizes = { letters: [8, 16, 32, 64, 128], words: [32] };
const arms = Object.keys(kinds).flatMap((kind) => sizes[kind].map((size) => `${kind}-${size}`));
await runPairs({ at: import.meta.url, arms, steps: 6000, data: true, table });
