export * from "./end-to-end-memory-network.js";
export * from "./memory-hops.js";
export type { Stories } from "./stories.js";
export * from "./word-bags.js";
