import { formatShape, type Shape, ShapeError, sameShape, sizeOf } from "../tensor/index.js";
import { apply } from "./apply.js";
import { JoinedOwners, noOwner } from "./owners.js";
import type { Op } from "./record.js";

/** The same elements in row-major order under another shape. */
export const reshapeOp: Op<{ shape: Shape }> = {
  name: "reshape",
  infer({ shape }, [a]) {
    if (sizeOf(shape) !== sizeOf(a!.shape))
      throw new ShapeError(
        `reshape: ${formatShape(a!.shape)} has ${sizeOf(a!.shape)} elements, ${formatShape(shape)} holds ${sizeOf(shape)}`,
      );
    return [{ shape, dtype: a!.dtype }];
  },
  jvp: ({ attrs }, [t]) => [t && apply(reshapeOp, attrs, t)],
  transpose: ({ inputs }, [ct]) => [ct && apply(reshapeOp, { shape: inputs[0]!.shape }, ct)],
  owners({ attrs: { shape }, inputs: [a] }, [from]) {
    if (!from || shape.length === 0) return null;
    const [old, fresh] = [sizeOf(a!.shape.slice(1)), sizeOf(shape.slice(1))];
    const joined = new JoinedOwners(shape[0]!);
    if (a!.size > 0)
      for (let row = 0; row < shape[0]!; row++)
        for (let r = Math.floor((row * fresh) / old); r * old < (row + 1) * fresh; r++)
          joined.join(row, from[r]!);
    return joined.result();
  },
  lowering: { kind: "alias" },
  cheap: true,
  samples: [{ attrs: { shape: [3, 2] }, inputs: [{ shape: [2, 3] }] }],
};

/** Repeats axes of size 1, and adds axes in front. Linear; the transpose sums over what was repeated. */
export const broadcastToOp: Op<{ shape: Shape }> = {
  name: "broadcastTo",
  infer({ shape }, [a]) {
    const lead = shape.length - a!.shape.length;
    if (lead < 0 || a!.shape.some((n, d) => n !== 1 && n !== shape[lead + d]))
      throw new ShapeError(
        `broadcastTo: ${formatShape(a!.shape)} does not broadcast to ${formatShape(shape)}`,
      );
    return [{ shape, dtype: a!.dtype }];
  },
  jvp: ({ attrs }, [t]) => [t && apply(broadcastToOp, attrs, t)],
  transpose({ inputs, outputs }, [ct]) {
    if (ct === undefined) return [undefined];
    const to = inputs[0]!.shape;
    const from = outputs[0]!.shape;
    const lead = from.length - to.length;
    const axes = from.map((_, d) => d).filter((d) => d < lead || (to[d - lead] === 1 && from[d] !== 1));
    const summed = axes.length > 0 ? apply(reduceSumOp, { axes }, ct) : ct;
    return [sameShape(summed.shape, to) ? summed : apply(reshapeOp, { shape: to }, summed)];
  },
  lowering: {
    kind: "map",
    emit: (_, [a], out, map) => map.expand(a!, out.shape),
    byRows({ shape }, [a]) {
      const rows = a!.shape.length === shape.length && a!.shape[0] === shape[0];
      const features = a!.shape.length === shape.length ? a!.shape.slice(1) : a!.shape;
      return { attrs: { shape: shape.slice(1) }, rows: [rows], shapes: [features] };
    },
  },
  cheap: true,
  samples: [
    { attrs: { shape: [2, 3, 4] }, inputs: [{ shape: [3, 1] }] },
    { attrs: { shape: [3, 2] }, inputs: [{ shape: [] }] },
  ],
};

/** Sums over `axes`, which disappear. */
export const reduceSumOp: Op<{ axes: readonly number[] }> = {
  name: "reduceSum",
  infer: ({ axes }, [a]) => [{ shape: a!.shape.filter((_, d) => !axes.includes(d)), dtype: a!.dtype }],
  jvp: ({ attrs }, [t]) => [t && apply(reduceSumOp, attrs, t)],
  transpose({ attrs, inputs }, [ct]) {
    if (ct === undefined) return [undefined];
    const shape = inputs[0]!.shape;
    const kept = apply(reshapeOp, { shape: shape.map((n, d) => (attrs.axes.includes(d) ? 1 : n)) }, ct);
    return [apply(broadcastToOp, { shape }, kept)];
  },
  lowering: {
    kind: "map",
    emit({ axes }, [a], out, map) {
      const r = map.register(out);
      map.push({ op: "reduce", code: "sum", out: r, a: a!, axes });
      return r;
    },
    byRows: ({ axes }) =>
      axes.includes(0) ? null : { attrs: { axes: axes.map((d) => d - 1) }, rows: [true] },
    whole: ({ axes }, [a]) =>
      axes[0] === 0 && (axes.length === 1 || axes.length === a!.shape.length)
        ? axes.length === 1
          ? {
              rows: [true],
              build: (_, [p], out, space, accumulate) => ({
                kind: "sumRows",
                space,
                out: out.view,
                a: p!.view,
                columns: sizeOf(out.shape),
                accumulate,
              }),
            }
          : null
        : null,
  },
  samples: [
    { attrs: { axes: [1] }, inputs: [{ shape: [2, 3] }] },
    { attrs: { axes: [0] }, inputs: [{ shape: [4, 3] }] },
    { attrs: { axes: [0, 2] }, inputs: [{ shape: [2, 3, 2] }] },
  ],
};

/** Axis d of the result is axis `axes[d]` of the operand. */
export const permuteOp: Op<{ axes: readonly number[] }> = {
  name: "permute",
  infer({ axes }, [a]) {
    if (axes.length !== a!.shape.length || [...axes].sort((p, q) => p - q).some((x, i) => x !== i))
      throw new ShapeError(`permute: axes [${axes.join(", ")}] for a value ${formatShape(a!.shape)}`);
    return [{ shape: axes.map((d) => a!.shape[d]!), dtype: a!.dtype }];
  },
  jvp: ({ attrs }, [t]) => [t && apply(permuteOp, attrs, t)],
  transpose({ attrs }, [ct]) {
    const inverse = attrs.axes.map((_, d) => attrs.axes.indexOf(d));
    return [ct && apply(permuteOp, { axes: inverse }, ct)];
  },
  lowering: {
    kind: "map",
    emit({ axes }, [a], out, map) {
      const r = map.register(out);
      map.push({ op: "permute", out: r, a: a!, axes });
      return r;
    },
    byRows: ({ axes }) =>
      axes[0] === 0 ? { attrs: { axes: axes.slice(1).map((d) => d - 1) }, rows: [true] } : null,
  },
  cheap: true,
  samples: [
    { attrs: { axes: [1, 0] }, inputs: [{ shape: [2, 3] }] },
    { attrs: { axes: [2, 0, 1] }, inputs: [{ shape: [2, 3, 2] }] },
  ],
};

/** The box of `sizes` elements from `starts` on. */
export const sliceOp: Op<{ starts: readonly number[]; sizes: readonly number[] }> = {
  name: "slice",
  infer({ starts, sizes }, [a]) {
    if (
      starts.length !== a!.shape.length ||
      starts.some((s, d) => s < 0 || sizes[d]! < 0 || s + sizes[d]! > a!.shape[d]!)
    )
      throw new ShapeError(
        `slice: [${starts.join(", ")}] + [${sizes.join(", ")}] lies outside ${formatShape(a!.shape)}`,
      );
    return [{ shape: sizes, dtype: a!.dtype }];
  },
  jvp: ({ attrs }, [t]) => [t && apply(sliceOp, attrs, t)],
  transpose: ({ attrs, inputs }, [ct]) => [
    ct && apply(padOp, { starts: attrs.starts, shape: inputs[0]!.shape }, ct),
  ],
  owners: ({ attrs: { starts, sizes } }, [from]) =>
    from && sizes.length > 0 ? from.slice(starts[0]!, starts[0]! + sizes[0]!) : null,
  lowering: {
    kind: "map",
    emit({ starts }, [a], out, map) {
      const r = map.register(out);
      map.push({ op: "slice", out: r, a: a!, starts });
      return r;
    },
    viewAt: ({ starts, sizes }, { shape }) => contiguousStart(shape, starts, sizes),
    byRows: ({ starts, sizes }, [a]) =>
      starts[0] === 0 && sizes[0] === a!.shape[0]
        ? { attrs: { starts: starts.slice(1), sizes: sizes.slice(1) }, rows: [true] }
        : null,
  },
  cheap: true,
  samples: [{ attrs: { starts: [1, 0], sizes: [1, 2] }, inputs: [{ shape: [2, 3] }] }],
};

/** Zeros of the given shape with the operand placed at `starts`. */
export const padOp: Op<{ starts: readonly number[]; shape: Shape }> = {
  name: "pad",
  infer({ starts, shape }, [a]) {
    if (starts.length !== a!.shape.length || starts.some((s, d) => s < 0 || s + a!.shape[d]! > shape[d]!))
      throw new ShapeError(
        `pad: ${formatShape(a!.shape)} at [${starts.join(", ")}] does not fit ${formatShape(shape)}`,
      );
    return [{ shape, dtype: a!.dtype }];
  },
  jvp: ({ attrs }, [t]) => [t && apply(padOp, attrs, t)],
  transpose: ({ attrs, inputs }, [ct]) => [
    ct && apply(sliceOp, { starts: attrs.starts, sizes: inputs[0]!.shape }, ct),
  ],
  owners({ attrs: { starts, shape } }, [from]) {
    if (!from || shape.length === 0) return null;
    const owners = new Int32Array(shape[0]!).fill(noOwner);
    owners.set(from, starts[0]!);
    return owners;
  },
  lowering: {
    kind: "map",
    emit({ starts }, [a], out, map) {
      const r = map.register(out);
      map.push({ op: "pad", out: r, a: a!, starts });
      return r;
    },
    byRows: ({ starts, shape }, [a]) =>
      starts[0] === 0 && a!.shape[0] === shape[0]
        ? { attrs: { starts: starts.slice(1), shape: shape.slice(1) }, rows: [true] }
        : null,
  },
  cheap: true,
  samples: [{ attrs: { starts: [1, 0], shape: [3, 4] }, inputs: [{ shape: [2, 3] }] }],
};

/** The first element of a slice whose elements are consecutive in row-major order, or null. */
export function contiguousStart(
  shape: Shape,
  starts: readonly number[],
  sizes: readonly number[],
): number | null {
  // Nothing lies anywhere; the place that the starts tell may lie beyond an operand without elements.
  if (sizes.includes(0)) return 0;
  let first = 0;
  let started = false;
  for (let d = 0; d < shape.length; d++) {
    first += starts[d]! * sizeOf(shape.slice(d + 1));
    if (started && sizes[d] !== shape[d]) return null;
    // Once more than one place of an axis is taken, every axis inside it must be whole.
    if (sizes[d]! > 1) started = true;
  }
  return first;
}
