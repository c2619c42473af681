export * from "./define.js";
export * from "./graph.js";
export * from "./linearize.js";
export * from "./print.js";
export * from "./simplify.js";
export * from "./transpose.js";
export * from "./verify.js";
