import * as arithmetic from "./arithmetic.js";
import * as concat from "./concat-op.js";
import * as constant from "./constant.js";
import * as extrema from "./extrema-ops.js";
import * as functions from "./functions.js";
import * as index from "./index-ops.js";
import * as recurrence from "./linear-recurrence-op.js";
import * as order from "./order-op.js";
import * as products from "./product-ops.js";
import type { Op } from "./record.js";
import * as rows from "./row-ops.js";
import * as shapes from "./shape-ops.js";
import * as sparse from "./sparse-op.js";
import * as triangular from "./triangular-op.js";

const files = [
  functions,
  arithmetic,
  constant,
  shapes,
  extrema,
  concat,
  products,
  index,
  rows,
  recurrence,
  order,
  sparse,
  triangular,
];

/** Every primitive, once: what these files export, as a record or as a function of one. The tests of ops go through them. */
export const allOps: readonly Op[] = [
  ...new Set(files.flatMap((file) => (Object.values(file) as unknown[]).flatMap(opOf))),
];

function opOf(exported: unknown): Op[] {
  if (typeof exported === "function") return "op" in exported ? [exported.op as Op] : [];
  return typeof exported === "object" && exported !== null && "lowering" in exported ? [exported as Op] : [];
}
