import { apply, isConcrete, type Op } from "../ops/index.js";
import type { DType, Value } from "../tensor/index.js";
import { emitRows } from "./emit-rows.js";

/**
 * A function of rows that runs on data as one program: one pass over them, and nothing is stored in between. Values that are being
 * differentiated or traced go through its ops one by one.
 *
 * @param gives `elements`: the function is element-wise. `rows`: it ends in a reduction over the last axis.
 * @param f of values of one type, the first of rank 1 at least, the others of its shape or scalars
 * @param type of the result; that of the operands by default
 * @example
 * const norms = fusedRows("squaredNorms", "rows", (v: Value) => sum(square(v), -1));
 * norms(tensor([[3, 4], [1, 0]])); // [25, 1]
 */
export function fusedRows<A extends readonly Value[]>(
  name: string,
  gives: "elements" | "rows",
  f: (...values: A) => Value,
  type?: DType,
): (...values: A) => Value {
  const op: Op<{ from: DType }> = {
    name,
    infer({ from }, inputs) {
      const { shape } = inputs[0]!;
      return [{ shape: gives === "rows" ? shape.slice(0, -1) : shape, dtype: type ?? from }];
    },
    jvp: () => {
      throw new Error(`${name} runs on data only`);
    },
    lowering: {
      kind: "map",
      elementwise: gives === "elements",
      byRows: (attrs, inputs) =>
        inputs[0]!.shape.length > 1 ? { attrs, rows: inputs.map((a) => a.shape.length > 0) } : null,
      emit({ from }, inputs, _, map) {
        const operands = inputs.map((r) => ({ shape: map.shape(r), dtype: from }));
        return emitRows(name, (...row) => f(...(row as unknown as A)), inputs, operands, map);
      },
    },
    samples: [],
  };
  return (...values) =>
    values.every(isConcrete) ? apply(op, { from: values[0]!.dtype }, ...values) : f(...values);
}
