import { having, type RequiredKind } from "../../check/index.js";

/** A layer over sequences. */
export const layerKind: RequiredKind = having(
  "a layer over sequences, such as recurrent(lstm({ input, hidden }))",
  "init",
  "apply",
  "stream",
);
