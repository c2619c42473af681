import { kind, type RequiredKind } from "../check/index.js";
import { Cell } from "./define.js";
import { isSpec } from "./step.js";

/** A configured cell. */
export const cellKind: RequiredKind = kind(
  "a cell, such as lstm({ input, hidden })",
  (value) => value instanceof Cell,
);

/** How a parameter starts. */
export const specKind: RequiredKind = kind("an initialiser, such as glorot(input, output)", isSpec);
