import type { ParamSpec } from "../../cell/index.js";
import { check } from "../../check/index.js";
import type { Shape } from "../../tensor/index.js";
import { dtypeKind, keyKind, shapeKind } from "../../tensor/kinds.js";

/** A parameter of a shape and how it starts; `what` is the initialiser in messages. */
export function specOf(what: string, shape: Shape, initialise: ParamSpec["initialise"]): ParamSpec {
  check(what, "shape", shape, shapeKind);
  return {
    shape,
    initialise(key, wanted, dtype) {
      check(`${what}.initialise`, "key", key, keyKind);
      check(`${what}.initialise`, "shape", wanted, shapeKind);
      check(`${what}.initialise`, "dtype", dtype, dtypeKind);
      return initialise(key, wanted, dtype);
    },
  };
}
