export { isPaired, isWithin, joinScopes, type Scope, setSpaces, spaces } from "../program/index.js";
export * from "./apply.js";
export { addLinear } from "./arithmetic.js";
export { attrsKey } from "./attrs-key.js";
export { concatOp } from "./concat-op.js";
export { constantOp, literal, zerosLike } from "./constant.js";
export * from "./functions.js";
export { gatherOp } from "./index-ops.js";
export { MapBuilder } from "./map-builder.js";
export * from "./norms.js";
export { JoinedOwners, noOwner, type Owners } from "./owners.js";
export { type MatmulAttrs, matmulOp, outerOp } from "./product-ops.js";
export type * from "./record.js";
export { allOps } from "./registry.js";
export {
  type BetweenScopes,
  clipGradientOp,
  spreadToOp,
  stopGradientOp,
  sumToOp,
  uniformOp,
} from "./row-ops.js";
export { argmaxToOp, maxToOp, pickToOp } from "./set-ops.js";
export { broadcastToOp, contiguousStart, padOp, reshapeOp, sliceOp } from "./shape-ops.js";
