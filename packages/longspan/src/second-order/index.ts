export * from "./conjugate-gradient.js";
export * from "./hessian-free.js";
