import { ShapeError } from "../tensor/index.js";
import { apply } from "./apply.js";
import { castOp, div, equal, mul, selectOp } from "./arithmetic.js";
import { literal } from "./constant.js";
import type { Op } from "./record.js";
import { broadcastToOp, reduceSumOp, reshapeOp } from "./shape-ops.js";

/** Maximum over `axes`, which disappear; equal maxima share the derivative equally. */
export const reduceMaxOp: Op<{ axes: readonly number[] }> = {
  name: "reduceMax",
  infer: ({ axes }, [a]) => [{ shape: a!.shape.filter((_, d) => !axes.includes(d)), dtype: a!.dtype }],
  jvp({ attrs, inputs: [x], outputs: [y] }, [t]) {
    if (t === undefined) return [undefined];
    const keep = x!.shape.map((n, d) => (attrs.axes.includes(d) ? 1 : n));
    const top = apply(broadcastToOp, { shape: x!.shape }, apply(reshapeOp, { shape: keep }, y!));
    const hit = apply(equal.op, {}, x!, top);
    const count = apply(reduceSumOp, attrs, apply(castOp, { dtype: x!.dtype }, hit));
    const weight = apply(div.op, {}, literal(1, x!.dtype), count);
    const taken = apply(selectOp, {}, hit, t, literal(0, x!.dtype));
    return [apply(mul.op, {}, apply(reduceSumOp, attrs, taken), weight)];
  },
  lowering: {
    kind: "map",
    emit({ axes }, [a], out, map) {
      const r = map.register(out);
      map.push({ op: "reduce", code: "max", out: r, a: a!, axes });
      return r;
    },
    byRows: ({ axes }) =>
      axes.includes(0) ? null : { attrs: { axes: axes.map((d) => d - 1) }, rows: [true] },
  },
  samples: [{ attrs: { axes: [1] }, inputs: [{ shape: [2, 3] }] }],
};

/** Place of the first maximum along one axis (int32). */
export const argmaxOp: Op<{ axes: readonly [number] }> = {
  name: "argmax",
  infer({ axes }, [a]) {
    if (axes.length !== 1) throw new ShapeError("argmax: exactly one axis");
    return [{ shape: a!.shape.filter((_, d) => d !== axes[0]), dtype: "int32" }];
  },
  jvp: () => [undefined],
  lowering: {
    kind: "map",
    emit({ axes }, [a], out, map) {
      const r = map.register(out);
      map.push({ op: "reduce", code: "argmax", out: r, a: a!, axes });
      return r;
    },
    byRows: ({ axes }) => (axes[0] === 0 ? null : { attrs: { axes: [axes[0] - 1] }, rows: [true] }),
  },
  samples: [{ attrs: { axes: [1] }, inputs: [{ shape: [2, 3] }] }],
};
