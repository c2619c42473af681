export { folderHolds } from "./folder-contents.js";
export * from "./open-run.js";
export * from "./read-metrics.js";
export * from "./run-folder.js";
