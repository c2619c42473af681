import type { DType, Scope } from "../program/index.js";
import type { Shape } from "../tensor/index.js";
import { apply } from "./apply.js";
import { less, neg, selectOp } from "./arithmetic.js";
import { literal } from "./constant.js";
import type { Op } from "./record.js";

/** Between which scopes rows are summed or spread. */
export interface BetweenScopes {
  readonly from: Scope;
  readonly to: Scope;
}

/**
 * Sums over rows: from one per node or edge to one per sequence or one for all. Reading a shared value at every node and
 * summing over the nodes are each other's transposes. Exists inside cells only.
 */
export const sumToOp: Op<BetweenScopes> = {
  name: "sumTo",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  // A tangent that happens to be shared still counts once per row.
  jvp: ({ attrs }, [t]) => [
    t && apply(sumToOp, attrs, apply(spreadToOp, { from: attrs.to, to: attrs.from }, t)),
  ],
  transpose: ({ attrs }, [ct]) => [ct && apply(spreadToOp, { from: attrs.to, to: attrs.from }, ct)],
  resultScope: ({ to }) => to,
  lowering: { kind: "sum", code: "sum" },
  samples: [],
};

/** The same value in every row of the scope `to`: the transpose of `sumTo`. Exists inside cells only. */
export const spreadToOp: Op<BetweenScopes> = {
  name: "spreadTo",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp: ({ attrs }, [t]) => [t && apply(spreadToOp, attrs, t)],
  transpose: ({ attrs }, [ct]) => [ct && apply(sumToOp, { from: attrs.to, to: attrs.from }, ct)],
  resultScope: ({ to }) => to,
  lowering: { kind: "map", emit: (_, [a]) => a! },
  cheap: true,
  samples: [],
};

/** Identity whose derivative is zero. */
export const stopGradientOp: Op<Record<string, never>> = {
  name: "stopGradient",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp: () => [undefined],
  lowering: { kind: "alias" },
  cheap: true,
  samples: [{ attrs: {}, inputs: [{ shape: [3] }] }],
};

/**
 * Identity in value and in forward mode. In reverse mode the cotangent is clipped to [-limit, limit] element by element
 * (Graves 2013), so forward and reverse derivatives differ on purpose: exempt from the inner-product test.
 */
export const clipGradientOp: Op<{ limit: number }> = {
  name: "clipGradient",
  infer: (_, [a]) => [{ shape: a!.shape, dtype: a!.dtype }],
  jvp: ({ attrs }, [t]) => [t && apply(clipGradientOp, attrs, t)],
  transpose({ attrs: { limit } }, [ct]) {
    if (ct === undefined) return [undefined];
    const high = literal(limit, ct.dtype);
    const low = apply(neg.op, {}, high);
    const capped = apply(selectOp, {}, apply(less.op, {}, high, ct), high, ct);
    return [apply(selectOp, {}, apply(less.op, {}, ct, low), low, capped)];
  },
  lowering: { kind: "alias" },
  // Never repeated in a derivative: two copies would clip two parts of a cotangent, not their sum.
  cheap: false,
  samples: [],
};

/**
 * Uniform numbers in [0, 1): a function of (key, site, example, node, element) by Threefry-2x32, never of the row's place.
 * Inputs: key int32 [2], example int32 [], node int32 [].
 */
export const uniformOp: Op<{ shape: Shape; dtype: DType; site: number }> = {
  name: "uniform",
  infer: ({ shape, dtype }) => [{ shape, dtype }],
  jvp: () => [undefined],
  lowering: {
    kind: "map",
    emit({ site }, [key, example, node], out, map) {
      const r = map.register(out);
      map.push({ op: "uniform", out: r, key: key!, example: example!, node: node!, site });
      return r;
    },
  },
  // Drawn again in the backward pass instead of being stored.
  cheap: true,
  samples: [
    {
      attrs: { shape: [3], dtype: "float64", site: 0 },
      inputs: [
        { shape: [2], below: 100 },
        { shape: [], below: 10 },
        { shape: [], below: 10 },
      ],
    },
  ],
};
