import { formatShape, ShapeError } from "../tensor/index.js";
import { apply } from "./apply.js";
import { addLinear } from "./arithmetic.js";
import type { Linear, Op } from "./record.js";
import { padOp, sliceOp } from "./shape-ops.js";

/** Joins values along an axis; the other axes agree. */
export const concatOp: Op<{ axis: number }> = {
  name: "concat",
  infer({ axis }, inputs) {
    const first = inputs[0]!;
    let size = 0;
    for (const a of inputs) {
      if (a.dtype !== first.dtype) throw new TypeError(`concat: operands are ${first.dtype} and ${a.dtype}`);
      if (a.shape.length !== first.shape.length || a.shape.some((n, d) => d !== axis && n !== first.shape[d]))
        throw new ShapeError(
          `concat along axis ${axis}: ${formatShape(first.shape)} and ${formatShape(a.shape)} differ in another axis`,
        );
      size += a.shape[axis]!;
    }
    return [{ shape: first.shape.map((n, d) => (d === axis ? size : n)), dtype: first.dtype }];
  },
  jvp({ attrs, inputs, outputs }, tangents) {
    if (tangents.every((t) => t !== undefined)) return [apply(concatOp, attrs, ...tangents)];
    // Tangents that are known zeros leave room by padding the others: no zeros are stored.
    let sum: Linear;
    let at = 0;
    for (const [i, v] of inputs.entries()) {
      const t = tangents[i];
      const starts = v.shape.map((_, d) => (d === attrs.axis ? at : 0));
      at += v.shape[attrs.axis]!;
      if (t === undefined) continue;
      sum = addLinear(sum, apply(padOp, { starts, shape: outputs[0]!.shape }, t));
    }
    return [sum];
  },
  transpose({ attrs, inputs, linear }, [ct]) {
    let at = 0;
    return inputs.map((v, i) => {
      const starts = v.shape.map((_, d) => (d === attrs.axis ? at : 0));
      at += v.shape[attrs.axis]!;
      return ct && linear[i] ? apply(sliceOp, { starts, sizes: v.shape }, ct) : undefined;
    });
  },
  lowering: {
    kind: "map",
    emit({ axis }, inputs, out, map) {
      const r = map.register(out);
      map.push({ op: "concat", out: r, inputs, axis });
      return r;
    },
    byRows: ({ axis }, inputs) =>
      axis > 0 ? { attrs: { axis: axis - 1 }, rows: inputs.map(() => true) } : null,
  },
  cheap: true,
  samples: [
    { attrs: { axis: 0 }, inputs: [{ shape: [2, 3] }, { shape: [1, 3] }] },
    { attrs: { axis: 1 }, inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }] },
  ],
};
