// The library as it is built here: `npm run build` at the root first.
export * from "../../packages/longspan/dist/index.js";
