import type { DType, Key, Traceable, Value } from "../../tensor/index.js";

/**
 * A layer: a description that holds no numbers. `init` makes its parameters, a plain record of tensors of
 * type P; `apply` is a pure function of parameters and input, differentiable in both.
 */
export interface Layer<P> {
  /** Initial parameters; float32 unless a type is named. */
  init(key: Key, dtype?: DType): P;
  /** The layer's output. What x must be is said at each layer. */
  apply(params: Traceable<P>, x: Value): Value;
}
