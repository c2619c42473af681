export * from "./loss.js";
export { type CtcTargets, ctcTargets } from "./targets.js";
