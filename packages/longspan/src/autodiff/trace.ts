import {
  type Attrs,
  type Aval,
  type Interpreter,
  joinScopes,
  type Linear,
  type Op,
  type Scope,
  Traced,
} from "../ops/index.js";
import type { DType, Shape, Value } from "../tensor/index.js";

/** A value of a recorded function: the result of an equation, or an input. */
export class Var extends Traced {
  constructor(
    readonly interpreter: Trace,
    readonly id: number,
    readonly shape: Shape,
    readonly dtype: DType,
    /** Inside a cell: which rows share the value. */
    readonly scope: Scope,
  ) {
    super();
  }
}

/** One application of an op in a recorded function. Inputs that are not variables of the trace are constants. */
export interface Equation {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Var[];
}

/** Records ops into a list of equations. */
export class Trace implements Interpreter {
  readonly equations: Equation[] = [];
  private count = 0;

  constructor(
    readonly level: number,
    /** Called for each operand from outside; may throw. */
    private readonly admit: (value: Value, op: Op) => void = () => {},
    readonly runs?: string,
  ) {}

  /** A new variable: an input of the recorded function. */
  variable(aval: Aval, scope: Scope = "one"): Var {
    return new Var(this, this.count++, aval.shape, aval.dtype, scope);
  }

  /** Records one application; its results are new variables. */
  process(op: Op, attrs: Attrs, inputs: readonly Value[]): readonly Value[] {
    const scopes: Scope[] = [];
    for (const v of inputs) {
      if (v instanceof Var) scopes.push(v.scope);
      if (!(v instanceof Var && v.interpreter === this)) this.admit(v, op);
    }
    const scope = op.resultScope?.(attrs) ?? joinScopes(scopes);
    const outputs = op.infer(attrs, inputs).map((a) => this.variable(a, scope));
    this.equations.push({ op, attrs, inputs, outputs });
    return outputs;
  }
}

/** A recorded function that is linear in its inputs. */
export interface LinearGraph {
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Linear[];
}
