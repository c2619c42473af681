import type { Equation } from "../autodiff/index.js";
import { addLinear, mul, type Op } from "../ops/index.js";
import { sizeOf } from "../tensor/index.js";

/** One step of a recurrence that is linear in the state, element by element: a s + b. Only the compiler writes it. */
export const scanOp: Op<Record<string, never>> = {
  name: "scan",
  infer: (_, [, s]) => [{ shape: s!.shape, dtype: s!.dtype }],
  jvp: ({ inputs: [a, s] }, [ta, ts, tb]) => [addLinear(addLinear(ta && mul(ta, s!), ts && mul(a!, ts)), tb)],
  lowering: {
    kind: "instruction",
    accumulates: false,
    build: (_, [a, s, b], out, space) => ({
      kind: "scan",
      space,
      out: out.view,
      a: a!.view,
      b: s!.view,
      c: b!.view,
      columns: sizeOf(out.shape),
    }),
  },
  samples: [],
};

/** Whether an equation is a step of a scan. */
export function isScan(eq: Equation): boolean {
  return eq.op === (scanOp as Op);
}
