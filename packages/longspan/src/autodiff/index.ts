export * from "./check.js";
export * from "./dual.js";
export * from "./trace.js";
export * from "./transforms.js";
export * from "./transpose.js";
