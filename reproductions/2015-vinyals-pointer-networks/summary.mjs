// The results as a table.

export { pairsSummary as summary } from "../pairs-runs.mjs";
