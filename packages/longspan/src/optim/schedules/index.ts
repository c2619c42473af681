export * from "./constant-schedule.js";
export * from "./cosine-schedule.js";
export * from "./inverse-time-schedule.js";
export * from "./linear-schedule.js";
export * from "./plateau-schedule.js";
export type { Progress, Schedule } from "./schedule.js";
export * from "./step-schedule.js";
export * from "./warm-up.js";
