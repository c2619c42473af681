export * from "./checkpoint-files.js";
export { FileError, fileReason } from "./file-error.js";
export * from "./folder-lock.js";
export * from "./json-lines-file.js";
export * from "./make-folder.js";
export * from "./record-metrics.js";
export * from "./replace-file.js";
export * from "./run/index.js";
export * from "./tensor-board-file.js";
