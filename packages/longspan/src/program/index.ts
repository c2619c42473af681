export * from "./count.js";
export * from "./dtype.js";
export * from "./executor.js";
export * from "./print.js";
export * from "./program.js";
export * from "./threefry.js";
export * from "./verify.js";
