import { apply, isConcrete, type Op, withAmbient } from "../ops/index.js";
import type { DType, Value } from "../tensor/index.js";
import { Trace } from "./trace.js";

/**
 * A function of rows that runs on data as one program: one pass over them, and nothing is stored in between. Values that are being
 * differentiated or traced go through its ops one by one.
 *
 * @param gives `elements`: the function is element-wise. `rows`: it ends in a reduction over the last axis.
 * @param f of values of one type, the first of rank 1 at least, the others of its shape or scalars
 * @param type of the result; that of the operands unless given
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
        const trace = new Trace(1);
        const variables = inputs.map((r) => trace.variable({ shape: map.shape(r), dtype: from }));
        const result = withAmbient(trace, () => f(...(variables as readonly Value[] as A)));
        const registers = new Map<Value, number>(variables.map((v, i) => [v, inputs[i]!]));
        for (const eq of trace.equations) {
          if (eq.op.lowering.kind !== "map") throw new Error(`${name}: ${eq.op.name} is not row-local`);
          const operands = eq.inputs.map((v) => registers.get(v)!);
          registers.set(eq.outputs[0]!, eq.op.lowering.emit(eq.attrs, operands, eq.outputs[0]!, map));
        }
        return registers.get(result)!;
      },
    },
    samples: [],
  };
  return (...values) =>
    values.every(isConcrete) ? apply(op, { from: values[0]!.dtype }, ...values) : f(...values);
}
