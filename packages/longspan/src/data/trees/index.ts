export * from "./parse-tree.js";
