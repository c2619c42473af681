import { jvp, watchModelOutputs } from "../autodiff/index.js";
import { add, cast, mul } from "../ops/index.js";
import { fromArray, read, scope, type Tensor, tensor, type Value } from "../tensor/index.js";
import { dispose } from "./layer-steps.js";

/** Second derivatives along one direction of length 1. */
export interface Curvature {
  /** v'Hv, H the Hessian of the loss. */
  readonly hessian: number;
  /** v'Gv, G its Gauss-Newton matrix; null if the loss marks no outputs (`markModelOutputs`). */
  readonly gaussNewton: number | null;
}

/** A loss along a line, at a point e of it. */
type LossOnLine = (e: Value) => Value;

/**
 * Second derivatives of a loss along a line at e = 0, forward over forward:
 *
 *     hessian = d^2 L / de^2,   gaussNewton = z'(0)' (d^2 L / dz^2) z'(0)
 *
 * For the second, the outputs z are replaced by the straight line z(0) + d z'(0), and the loss is differentiated by d.
 */
export async function curvatureAt(loss: LossOnLine): Promise<Curvature> {
  const { second, outputs, slopes } = scope(() => {
    const lossAndOutputs = (e: Value) => {
      const outputs: Value[] = [];
      const mark = (z: Value) => {
        outputs.push(z);
        return z;
      };
      const value = watchModelOutputs(mark, () => loss(e));
      return { value, outputs };
    };
    const { value, tangent } = alongLine(lossAndOutputs);
    return {
      second: tangent.tangent.value,
      outputs: value.value.outputs,
      slopes: value.tangent.outputs,
    };
  });
  const hessian = (await read(second))[0]!;
  const gaussNewton = outputs.length === 0 ? null : await onStraightLine(loss, outputs, slopes);
  dispose([second, outputs, slopes]);
  return { hessian, gaussNewton };
}

async function onStraightLine(
  loss: LossOnLine,
  outputs: readonly Value[],
  slopes: readonly Value[],
): Promise<number> {
  const numbers = await Promise.all(slopes.map((s) => read(s)));
  let size = 0;
  for (const list of numbers) for (const x of list) size = Math.max(size, Math.abs(x));
  if (size === 0) return 0;
  const second = scope(() => {
    // Scaled to 1, so that squares do not underflow.
    const unit = slopes.map((s, i) =>
      fromArray(
        Array.from(numbers[i]!, (x) => x / size),
        s.shape,
        s.dtype,
      ),
    );
    const lossAt = (d: Value) => {
      let at = 0;
      const onLine = () => {
        const i = at++;
        return add(outputs[i]!, mul(unit[i]!, cast(d, unit[i]!.dtype)));
      };
      return watchModelOutputs(onLine, () => loss(tensor(0, "float64")));
    };
    return alongLine(lossAt).tangent.tangent;
  });
  const result = (await read(second))[0]! * size * size;
  dispose(second);
  return result;
}

/** What f gives at 0 with its derivative, and the derivative of both. */
function alongLine<T>(f: (e: Value) => T) {
  const [zero, one] = [tensor(0, "float64"), tensor(1, "float64")];
  return jvp((e: Value) => jvp(f)(e as Tensor, one) as { value: T; tangent: T })(zero, one);
}
