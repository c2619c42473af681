import { type Attrs, applyAll, type Interpreter, type Linear, type Op, Traced } from "../ops/index.js";
import type { DType, Shape, Value } from "../tensor/index.js";

/** A value together with its tangent: forward-mode differentiation. */
export class Dual extends Traced {
  constructor(
    readonly interpreter: DualLevel,
    readonly primal: Value,
    readonly tangent: Value,
  ) {
    super();
  }
  get shape(): Shape {
    return this.primal.shape;
  }
  get dtype(): DType {
    return this.primal.dtype;
  }
  override toString(): string {
    return `${this.primal}, being differentiated`;
  }
}

/** Differentiates every op that touches one of its duals, by the op's `jvp` rule. */
export class DualLevel implements Interpreter {
  constructor(readonly level: number) {}

  /** The value with its tangent; the value itself where the tangent is known to be zero. */
  lift(primal: Value, tangent: Linear): Value {
    return tangent === undefined ? primal : new Dual(this, primal, tangent);
  }

  /** The value without this level's tangent. */
  primal(v: Value): Value {
    return v instanceof Dual && v.interpreter === this ? v.primal : v;
  }

  /** This level's tangent of a value. */
  tangent(v: Value): Linear {
    return v instanceof Dual && v.interpreter === this ? v.tangent : undefined;
  }

  /** Applies the op to the values and its `jvp` rule to the tangents. */
  process(op: Op, attrs: Attrs, values: readonly Value[]): readonly Value[] {
    const tangents = values.map((v) => this.tangent(v));
    const { outputs, derivatives } = differentiate(
      op,
      attrs,
      values.map((v) => this.primal(v)),
      tangents,
    );
    return outputs.map((v, i) => this.lift(v, derivatives[i]));
  }
}

/** An op that computes its results and their tangents together, such as `unfold`. */
export interface JointRule {
  /** Results, and tangents of the results from tangents of the inputs. */
  readonly valueAndJvp: (
    attrs: Attrs,
    inputs: readonly Value[],
    tangents: readonly Linear[],
  ) => { outputs: readonly Value[]; derivatives: readonly Linear[] };
}

function differentiate(
  op: Op & Partial<JointRule>,
  attrs: Attrs,
  inputs: readonly Value[],
  tangents: readonly Linear[],
) {
  if (op.valueAndJvp) return op.valueAndJvp(attrs, inputs, tangents);
  const outputs = applyAll(op, attrs, inputs);
  return { outputs, derivatives: op.jvp({ attrs, inputs, outputs }, tangents) };
}
