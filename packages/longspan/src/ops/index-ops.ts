import { formatShape, isOnCpu, onCpu, type Shape, ShapeError, sizeOf, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { JoinedOwners, type Owners } from "./owners.js";
import type { Aval, Op } from "./record.js";

function needIndex(name: string, index: Aval): void {
  if (index.dtype !== "int32") throw new TypeError(`${name}: indices are ${index.dtype}, expected int32`);
}

/** y[i.., :] = table[index[i..], :]: rows of a table by number. Linear in the table. */
export const gatherOp: Op<Record<string, never>> = {
  name: "gather",
  infer(_, [table, index]) {
    needIndex("gather", index!);
    if (table!.shape.length < 1) throw new ShapeError("gather: the table is a scalar");
    return [{ shape: [...index!.shape, ...table!.shape.slice(1)], dtype: table!.dtype }];
  },
  jvp: ({ inputs: [, index] }, [t]) => [t && apply(gatherOp, {}, t, index!)],
  transpose: ({ inputs: [table, index] }, [ct]) => [
    ct && apply(indexSumOp, { size: table!.shape[0]! }, ct, index!),
    undefined,
  ],
  owners({ inputs: [, index] }, [table]) {
    if (!table || index!.rank === 0) return null;
    return ownersAlong(index!, index!.shape[0]!, (from, row, joined) => joined.join(row, table[from]!));
  },
  lowering: {
    kind: "instruction",
    accumulates: false,
    byRows: (attrs, [, index]) => (index!.shape.length > 0 ? { attrs, rows: [false, true] } : null),
    build: (_, [table, index], out, space) => ({
      kind: "gather",
      space,
      out: out.view,
      source: table!.view,
      index: index!.view,
      count: sizeOf(index!.shape),
      size: table!.shape[0]!,
      columns: sizeOf(table!.shape.slice(1)),
    }),
  },
  samples: [
    { attrs: {}, inputs: [{ shape: [4, 3] }, { shape: [5], below: 4 }] },
    { attrs: {}, inputs: [{ shape: [4, 2, 2] }, { shape: [2, 2], below: 4 }] },
    { attrs: {}, inputs: [{ shape: [4] }, { shape: [], below: 4 }] },
  ],
};

/** y[v, :] = sum over i with index[i] = v of a[i, :], for v < size. The transpose of `gather`. */
export const indexSumOp: Op<{ size: number }> = {
  name: "indexSum",
  infer({ size }, [a, index]) {
    needIndex("indexSum", index!);
    const rank = index!.shape.length;
    if (index!.shape.some((n, d) => n !== a!.shape[d]))
      throw new ShapeError(
        `indexSum: indices ${formatShape(index!.shape)} for values ${formatShape(a!.shape)}`,
      );
    const rest: Shape = a!.shape.slice(rank);
    return [{ shape: [size, ...rest], dtype: a!.dtype }];
  },
  jvp: ({ attrs, inputs: [, index] }, [t]) => [t && apply(indexSumOp, attrs, t, index!)],
  transpose: ({ inputs: [, index] }, [ct]) => [ct && apply(gatherOp, {}, ct, index!), undefined],
  owners({ attrs: { size }, inputs: [, index] }, [values]) {
    if (!values || index!.rank === 0) return null;
    return ownersAlong(index!, size, (to, row, joined) => joined.join(to, values[row]!));
  },
  lowering: {
    kind: "instruction",
    accumulates: false,
    whole: (_, [, index]) =>
      index!.shape.length > 0
        ? {
            rows: [true, true],
            build: ({ size }, inputs, out, space, accumulate) => sums(size, inputs, out, space, accumulate),
          }
        : null,
    build: (attrs, inputs, out, space, accumulate) => sums(attrs.size, inputs, out, space, accumulate),
    summed: (attrs, inputs, out, space, accumulate) => sums(attrs.size, inputs, out, space, accumulate),
  },
  samples: [
    { attrs: { size: 4 }, inputs: [{ shape: [5, 3] }, { shape: [5], below: 4 }] },
    { attrs: { size: 3 }, inputs: [{ shape: [2] }, { shape: [], below: 3 }] },
  ],
};

/** Goes through the indices with the row that each stands in. Null where they cannot be read at once. */
function ownersAlong(
  index: Value,
  rows: number,
  visit: (index: number, row: number, joined: JoinedOwners) => void,
): Owners | null {
  if (!isOnCpu(index)) return null;
  const perRow = sizeOf(index.shape.slice(1));
  const joined = new JoinedOwners(rows);
  onCpu(index)
    .toArray()
    .forEach((i, at) => {
      visit(i, Math.floor(at / perRow), joined);
    });
  return joined.result();
}

type Build = Extract<NonNullable<Op["lowering"]>, { kind: "instruction" }>["build"];

function sums(
  size: number,
  [a, index]: Parameters<Build>[1],
  out: Parameters<Build>[2],
  space: Parameters<Build>[3],
  accumulate: boolean,
) {
  return {
    kind: "indexSum" as const,
    space,
    out: out.view,
    a: a!.view,
    index: index!.view,
    count: sizeOf(index!.shape),
    size,
    columns: sizeOf(out.shape) / Math.max(1, size),
    accumulate,
  };
}
