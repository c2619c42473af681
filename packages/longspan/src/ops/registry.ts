import { concatOp } from "./concat-op.js";
import { constantOp, iotaOp } from "./constant.js";
import * as e from "./elementwise.js";
import { argmaxOp, reduceMaxOp } from "./extrema-ops.js";
import { gatherOp, indexSumOp } from "./index-ops.js";
import { matmulOp, outerOp } from "./product-ops.js";
import type { Op } from "./record.js";
import { clipGradientOp, spreadToOp, stopGradientOp, sumToOp, uniformOp } from "./row-ops.js";
import { broadcastToOp, padOp, permuteOp, reduceSumOp, reshapeOp, sliceOp } from "./shape-ops.js";

/** Every primitive, once. A new op is enrolled in the conformance tests by its line here. */
export const allOps: readonly Op[] = [
  e.negOp,
  e.expOp,
  e.expm1Op,
  e.logOp,
  e.log1pOp,
  e.tanhOp,
  e.sigmoidOp,
  e.sqrtOp,
  e.sinOp,
  e.cosOp,
  e.absOp,
  e.signOp,
  e.castOp,
  e.addOp,
  e.subOp,
  e.mulOp,
  e.divOp,
  e.maximumOp,
  e.lessOp,
  e.lessEqualOp,
  e.equalOp,
  e.selectOp,
  constantOp,
  iotaOp,
  reshapeOp,
  broadcastToOp,
  reduceSumOp,
  reduceMaxOp,
  argmaxOp,
  permuteOp,
  sliceOp,
  padOp,
  concatOp,
  matmulOp,
  outerOp,
  gatherOp,
  indexSumOp,
  sumToOp,
  spreadToOp,
  stopGradientOp,
  clipGradientOp,
  uniformOp,
];
