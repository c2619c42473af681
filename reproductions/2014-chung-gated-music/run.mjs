// All runs; README.md says what the options mean.

import { runPairs } from "../pairs-runs.mjs";
import { isWide, nets } from "./models.mjs";
import { sets } from "./pieces.mjs";
import { summary, table } from "./summary.mjs";

const arms = sets.flatMap((set) =>
  nets.filter((net) => set === "nottingham" || !isWide(net)).map((net) => `${set}-${net}`),
);
await runPairs({ at: import.meta.url, arms, steps: 3480, data: true, table, summary });
