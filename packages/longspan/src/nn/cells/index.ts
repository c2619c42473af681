export { namedCell } from "./named-cell.js";
export * from "./table.js";
