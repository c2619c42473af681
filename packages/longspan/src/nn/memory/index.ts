export type { Memory, MemoryAnswer, MemoryCall, MemorySpecs } from "./memory.js";
export * from "./read-and-write.js";
export * from "./turing-memory.js";
export * from "./with-memory.js";
