import { kind, type RequiredKind } from "../check/index.js";
import { Structure } from "./structures/structure.js";

export { backwardKind } from "./backward.js";

/** What a cell runs over. */
export const structureKind: RequiredKind = kind(
  "a structure, made by chain(), grid(), trees() or graph()",
  (value) => value instanceof Structure,
);
