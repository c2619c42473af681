export { fetchRun } from "./fetch-run.js";
export type { RunFacts, TextSettings } from "./messages.js";
export * from "./open-run.js";
