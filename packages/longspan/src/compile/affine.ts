import { type Equation, liveEquations, Trace, type Var } from "../autodiff/index.js";
import { apply, broadcastToOp, type Linear, literal, withAmbient } from "../ops/index.js";
import { sameShape, type Value } from "../tensor/index.js";

/**
 * A value of a cell as a function of the old state, element by element: the sum over states s of a_s s, plus b. None of the a_s and b
 * depends on the state.
 */
export interface Affine {
  /** By state: a_s, of the state's shape or one number. */
  readonly factors: ReadonlyMap<Value, Value>;
  /** b; undefined for zeros. */
  readonly rest: Linear;
}

/** What a state is of itself. */
export function affineState(state: Value): Affine {
  return { factors: new Map([[state, literal(1, state.dtype)]]), rest: undefined };
}

/**
 * An equation's result, by its derivative: undefined where it is not linear in the operands that depend on the state, or where an element of
 * it depends on other elements.
 *
 * @param operands what each operand that depends on the state is; undefined for the others
 * @param operandOf an operand that does not, as it is in the trace in use
 */
export function affineResult(
  eq: Equation,
  operands: readonly (Affine | undefined)[],
  operandOf: (v: Value) => Value,
): Affine | undefined {
  const inState = operands.map((o) => o !== undefined);
  if (!isLinear(eq, inState)) return undefined;
  const inputs = eq.inputs.map((v, i) => (inState[i] ? v : operandOf(v)));
  // A number stands for all elements only where elements are worked on, not where their arrangement is.
  const arranges = eq.op.lowering.kind === "alias";
  const spread = (t: Linear, i: number) =>
    t !== undefined && arranges && !sameShape(t.shape, eq.inputs[i]!.shape)
      ? apply(broadcastToOp, { shape: eq.inputs[i]!.shape }, t)
      : t;
  const derivative = (tangents: readonly Linear[]) =>
    eq.op.jvp({ attrs: eq.attrs, inputs, outputs: eq.outputs }, tangents.map(spread))[0];
  const states = new Set(operands.flatMap((o) => [...(o?.factors.keys() ?? [])]));
  const factors = new Map<Value, Value>();
  for (const s of states) {
    const factor = derivative(operands.map((o) => o?.factors.get(s)));
    if (factor !== undefined) factors.set(s, factor);
  }
  // A sum with what is no state is linear in both together; a product with it is so in the state alone.
  const isFloat = eq.inputs.map((v) => v.dtype !== "int32");
  const rest = isLinear(eq, isFloat)
    ? derivative(operands.map((o, i) => (o ? o.rest : isFloat[i] ? inputs[i] : undefined)))
    : derivative(operands.map((o) => o?.rest));
  return { factors, rest };
}

/**
 * Whether an equation works element by element and is linear in some operands together. It is if its derivative in them reads neither
 * them nor the result. An op that cannot be transposed is linear in nothing, whatever its derivative says.
 */
function isLinear({ op, attrs, inputs, outputs: [out] }: Equation, inThese: readonly boolean[]): boolean {
  const { lowering } = op;
  // A choice is no product: what is not chosen stays out, and 0 times a state that is not finite would bring it in.
  const isLocal =
    lowering.kind === "alias" || (lowering.kind === "map" && lowering.elementwise && !lowering.chooses);
  if (!isLocal || op.transpose === undefined) return false;
  const fits = (v: Value) => v.dtype === out!.dtype && (sameShape(v.shape, out!.shape) || v.rank === 0);
  if (inputs.some((v, i) => inThese[i] && !fits(v))) return false;
  const trace = new Trace(1);
  const operands = inputs.map((v) => trace.variable(v, (v as Var).scope));
  const tangents = inputs.map((v, i) => (inThese[i] ? trace.variable(v, "node") : undefined));
  const result = trace.variable(out!, out!.scope);
  const [tangent] = withAmbient(trace, () =>
    op.jvp({ attrs, inputs: operands, outputs: [result] }, tangents),
  );
  if (tangent === undefined) return false;
  const fixed = new Set<Value>([result, ...operands.filter((_, i) => inThese[i])]);
  return liveEquations(trace.equations, [tangent]).every((eq) => !eq.inputs.some((v) => fixed.has(v)));
}
