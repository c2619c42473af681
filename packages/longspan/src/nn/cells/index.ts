export * from "./binary-tree-lstm.js";
export * from "./child-sum-tree-lstm.js";
export * from "./gru.js";
export * from "./gru-reset-after.js";
export * from "./lstm.js";
export * from "./peephole-lstm.js";
export * from "./rnn.js";
