export * from "./constant.js";
export * from "./identity.js";
export * from "./orthogonal.js";
export * from "./random.js";
export { sparseInit } from "./sparse.js";
