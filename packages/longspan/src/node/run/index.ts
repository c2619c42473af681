export * from "./open-run.js";
export * from "./run-error.js";
export * from "./run-files.js";
