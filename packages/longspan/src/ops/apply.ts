import { ambient, Tensor, Value } from "../tensor/index.js";
import { runEagerly } from "./eager.js";
import type { Attrs, Op } from "./record.js";

/** A value that stands for another while a function is differentiated or traced. */
export abstract class Traced extends Value {
  abstract readonly interpreter: Interpreter;

  override get tracedIn(): string | null {
    return this.interpreter.runs ?? null;
  }
}

/** What happens to an op that touches a traced value. The interpreter with the highest level goes first. */
export interface Interpreter {
  readonly level: number;
  /** What runs on its values, for messages, such as `cell lstm: the step`. */
  readonly runs?: string | undefined;
  /** Takes over one application: at least one operand is its own, or there are none. Returns the op's results. */
  process(op: Op, attrs: Attrs, inputs: readonly Value[]): readonly Value[];
}

/** Who records ops without inputs. */
const recorder = ambient<Interpreter | null>(null);

/** Ops without inputs are recorded by `interpreter` while `f` runs. */
export function withAmbient<T>(interpreter: Interpreter | null, f: () => T): T {
  return recorder.within(interpreter, f);
}

/** Whether ops without inputs are being recorded. */
export function isRecording(): boolean {
  return recorder.present !== null;
}

/**
 * Applies a primitive to values of any kind.
 * @example const [y] = applyAll(mul.op, {}, [tensor([1, 2]), tensor([3, 4])]); // [3, 8]
 */
export function applyAll(op: Op, attrs: Attrs, inputs: readonly Value[]): readonly Value[] {
  let top: Interpreter | null = inputs.length === 0 ? recorder.present : null;
  for (const v of inputs) {
    if (v instanceof Traced) {
      if (top === null || v.interpreter.level > top.level) top = v.interpreter;
    } else if (!(v instanceof Value)) {
      throw new TypeError(`${op.name}: expected a value, got ${describe(v)}`);
    }
  }
  if (top !== null) return top.process(op, attrs, inputs);
  const tensors = inputs as readonly Tensor[];
  return op.lowering.kind === "run" ? op.lowering.run(attrs, tensors) : [runEagerly(op, attrs, tensors)];
}

/**
 * Applies a primitive with one result.
 * @example apply(reshapeOp, { shape: [2, 1] }, tensor([1, 2])) // [[1], [2]]
 */
export function apply(op: Op, attrs: Attrs, ...inputs: Value[]): Value {
  return applyAll(op, attrs, inputs)[0]!;
}

function describe(v: unknown): string {
  return v === undefined
    ? "undefined (is a name misspelt, or a parameter missing?)"
    : v === null
      ? "null"
      : typeof v;
}

/**
 * Whether a value's data are known now.
 * @example
 * isConcrete(tensor([1])) // true
 * grad((x: Value) => (isConcrete(x) ? x : mul(x, 2)))(tensor(1)) // 2: inside, x stands in for a tensor
 */
export function isConcrete(v: Value): v is Tensor {
  return v instanceof Tensor;
}
