import { having, type RequiredKind } from "../../check/index.js";

/** A layer over sequences. */
export const layerKind: RequiredKind = having(
  "a layer over sequences, such as recurrent(lstm({ input, hidden }))",
  "init",
  "apply",
  "stream",
);

/** Any layer, over sequences or row by row. */
export const anyLayerKind: RequiredKind = having(
  "a layer, such as recurrent(lstm({ input, hidden })) or linear({ input, output })",
  "init",
  "apply",
);
