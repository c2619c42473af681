export * from "./attention-gru.js";
export * from "./dynamic-memory-network.js";
export {
  type EndToEndMemoryNetwork,
  type EndToEndMemoryNetworkConfig,
  type EndToEndMemoryNetworkParams,
  endToEndMemoryNetwork,
} from "./end-to-end-memory-network.js";
export { type EntityMemoryConfig, entityMemory } from "./entity-memory.js";
export * from "./entity-network.js";
export * from "./key-value-memory-network.js";
export * from "./masked-words.js";
export * from "./memory-hops.js";
export type { MemoryNetworkOptions, MemoryNetworkResult } from "./memory-network-options.js";
export type { Stories } from "./stories.js";
export * from "./supervised-memory-network.js";
export * from "./support-hops.js";
export * from "./word-bags.js";
