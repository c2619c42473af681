// All runs; README.md says what the options mean.

import { readFileSync } from "node:fs";
import { runPairs } from "../pairs-runs.mjs";
import { nets } from "./nets.mjs";
import { summary, table } from "./summary.mjs";

const clips = Object.keys(JSON.parse(readFileSync(new URL("clips.json", import.meta.url), "utf8")));

await runPairs({
  at: import.meta.url,
  arms: Object.keys(nets).flatMap((net) => clips.map((clip) => `${net}.${clip}`)),
  steps: 10000,
  seeds: "1,2,3",
  table,
  summary,
});
