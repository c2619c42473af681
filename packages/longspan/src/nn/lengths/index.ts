export * from "./length-distribution.js";
export * from "./step-numbers.js";
export * from "./with-halt.js";
