export type { Arena } from "./arena.js";
export { isRecordable, RecordableExecutor, recordable } from "./recordable.js";
export type { Recording } from "./recording.js";
