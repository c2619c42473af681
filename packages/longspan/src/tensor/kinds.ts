import { kind, type RequiredKind } from "../check/index.js";

// For the rooms that check what they are given; users see the words only.
export { keyKind } from "./key.js";
export { dtypeKind, floatKind, shapeKind } from "./shape-kinds.js";
export { tensorKind, valueKind } from "./value.js";

/** A tree of tensors: parameters, gradients, states. What stands at its leaves is not looked at. */
export const treeKind: RequiredKind = kind(
  "a tree of tensors",
  (value) => typeof value === "object" && value !== null,
);
