import type { Shape } from "../tensor/index.js";
import { apply } from "./apply.js";
import { castOp, div, equal, maximum, mul, selectOp } from "./arithmetic.js";
import { literal } from "./constant.js";
import type { Op } from "./record.js";
import { type BetweenScopes, spreadToOp, sumToOp } from "./row-ops.js";
import { broadcastToOp } from "./shape-ops.js";

/**
 * The largest of the rows that belong to one row of a scope above; -infinity where there are none. Equal maxima share the derivative
 * equally. Exists inside cells only.
 */
export const maxToOp: Op<BetweenScopes> = {
  name: "maxTo",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp({ attrs, inputs: [x], outputs: [y] }, [t]) {
    if (t === undefined) return [undefined];
    const hit = apply(equal.op, {}, x!, y!);
    const one = literal(1, x!.dtype);
    const hits = apply(sumToOp, attrs, apply(castOp, { dtype: x!.dtype }, hit));
    const weight = apply(div.op, {}, one, apply(maximum.op, {}, hits, one));
    // A tangent that all rows share still counts once per row.
    const each = apply(spreadToOp, { from: attrs.to, to: attrs.from }, t);
    const taken = apply(selectOp, {}, hit, each, literal(0, x!.dtype));
    return [apply(mul.op, {}, apply(sumToOp, attrs, taken), weight)];
  },
  resultScope: ({ to }) => to,
  lowering: { kind: "sum", code: "max" },
  samples: [],
};

/** Where among the rows that belong to one row of a scope above the first of the largest stands (int32); -1 where there are none. */
export const argmaxToOp: Op<BetweenScopes> = {
  name: "argmaxTo",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: "int32" }],
  jvp: () => [undefined],
  resultScope: ({ to }) => to,
  lowering: { kind: "sum", code: "argmax" },
  samples: [],
};

/**
 * Of the rows that belong to one row of a scope above, the one at the place that an index names. Inputs: the rows x, the index
 * (int32 [], of the scope `to`), and the place of each row among its like (int32 [], of the scope `from`), which the transpose reads:
 * it gives the cotangent to the row whose place is the index. An index outside is an error. Exists inside cells only.
 */
export const pickToOp: Op<BetweenScopes> = {
  name: "pickTo",
  infer(_, [x, index]) {
    if (index!.dtype !== "int32" || index!.shape.length > 0)
      throw new TypeError(
        `setAt: the index is ${index!.dtype} of ${index!.shape.length} axes, expected one int32`,
      );
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  jvp: ({ attrs, inputs: [, index, position] }, [t]) => [
    t && apply(pickToOp, attrs, apply(spreadToOp, { from: attrs.to, to: attrs.from }, t), index!, position!),
  ],
  transpose({ inputs: [, index, position] }, [ct]) {
    if (ct === undefined) return [undefined, undefined, undefined];
    const hit = spreadOver(apply(equal.op, {}, index!, position!), ct.shape);
    return [apply(selectOp, {}, hit, ct, literal(0, ct.dtype)), undefined, undefined];
  },
  resultScope: ({ to }) => to,
  lowering: { kind: "sum", code: "pick" },
  samples: [],
};

function spreadOver(v: ReturnType<typeof apply>, shape: Shape) {
  return shape.length === 0 ? v : apply(broadcastToOp, { shape }, v);
}
