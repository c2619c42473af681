export { describe } from "./describe.js";
export * from "./kind.js";
export * from "./kinds.js";
export { nearest, suggestion } from "./nearest.js";
export * from "./settings.js";
