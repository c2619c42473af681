import { type Equation, liveEquations, Trace, Var } from "../autodiff/index.js";
import { withAmbient } from "../ops/index.js";
import type { Value } from "../tensor/index.js";

/** What the derivative of an equation in some of its operands reads. */
export interface DerivativeReads {
  /** Those operands themselves, or the result: then the equation is not linear in them. */
  readonly own: boolean;
  /** Which of the other operands, by their positions: then it is a product with them. */
  readonly others: readonly number[];
}

/**
 * How an equation's first result depends on some of its operands, by its derivative: linearly if the derivative in them reads neither them nor
 * the result. Null where there is no derivative.
 *
 * @param inThese by the positions of the operands
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const squash = traced.equations.at(-1)!;
 * derivativeReads(squash, [true])!.own // true: a tanh is not linear
 */
export function derivativeReads(
  { op, attrs, inputs, outputs }: Equation,
  inThese: readonly boolean[],
): DerivativeReads | null {
  const trace = new Trace(1);
  const enter = (v: Value) => trace.variable(v, v instanceof Var ? v.scope : "one");
  const operands = inputs.map(enter);
  const results = outputs.map(enter);
  const tangents = inputs.map((v, i) => (inThese[i] && v.dtype !== "int32" ? enter(v) : undefined));
  if (tangents.every((t) => t === undefined)) return null;
  const [tangent] = withAmbient(trace, () => op.jvp({ attrs, inputs: operands, outputs: results }, tangents));
  if (tangent === undefined) return null;
  const read = new Set(liveEquations(trace.equations, [tangent]).flatMap((eq) => eq.inputs));
  const positions = operands.flatMap((v, i) => (read.has(v) ? [i] : []));
  return {
    own: results.some((v) => read.has(v)) || positions.some((i) => inThese[i]),
    others: positions.filter((i) => !inThese[i]),
  };
}
