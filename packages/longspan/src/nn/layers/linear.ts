import type { ParamSpec } from "../../cell/index.js";
import { specKind } from "../../cell/kinds.js";
import { check, checkSettings, flag, optional, size } from "../../check/index.js";
import { add, matmul } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Tensor } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { glorot, zerosInit } from "../init/index.js";
import type { Layer } from "../module.js";
import { checkApply, checkInit } from "./check-call.js";

/** Settings of `linear`. */
export interface LinearConfig {
  /** Features of x. */
  readonly input: number;
  /** Features of the result. */
  readonly output: number;
  /** Whether b is added; it is unless this is false. */
  readonly bias?: boolean;
  /** How W starts, [input, output]; Glorot-uniform by default. */
  readonly W?: ParamSpec;
}

/** Parameters of `linear`: W [input, output], b [output]. */
export interface LinearParams {
  readonly W: Tensor;
  readonly b: Tensor;
}

/**
 * An affine map of the last axis, such as the output layer o(t) = c + V h(t) (10.10).
 *
 *     y = x W + b
 *
 * x [..., input] gives y [..., output]; a vector [input] will do, so the layer also serves inside a cell.
 * Parameters W [input, output], by default Glorot-uniform at first, and b [output], zero at first.
 *
 * @throws ShapeError if a given W is not [input, output], or x does not end in an axis of `input` elements
 * @example
 * const readout = linear({ input: 4, output: 10 });
 * readout.apply(readout.init(Key.of(1)), zeros([6, 4])).shape // [ 6, 10 ]
 */
export function linear(config: LinearConfig & { readonly bias?: true }): Layer<LinearParams>;
export function linear(config: LinearConfig & { readonly bias: false }): Layer<Pick<LinearParams, "W">>;
export function linear(config: LinearConfig): Layer<Partial<LinearParams>> {
  const { input, output, bias = true } = checkSettings("linear", config, kinds);
  const { W = glorot(input, output) } = config;
  if (!sameShape(W.shape, [input, output]))
    throw new ShapeError(
      `linear: W is ${formatShape(W.shape)}, expected [${input}, ${output}]: [input, output]`,
    );
  const b = zerosInit(output);
  return {
    input: [input],
    features: output,
    init(key, dtype = "float32") {
      checkInit("linear", key, dtype);
      const params = { W: W.initialise(key.fold(0), W.shape, dtype) };
      return bias ? { ...params, b: b.initialise(key.fold(1), b.shape, dtype) } : params;
    },
    apply(params, x) {
      checkApply("linear", params, x);
      check("linear.apply", "params.W", params.W, valueKind);
      if (bias) check("linear.apply", "params.b", params.b, valueKind);
      if (x.shape.at(-1) !== input)
        throw new ShapeError(
          `linear: the input is ${formatShape(x.shape)}, expected ${input} elements on the last axis`,
        );
      const product = matmul(x, params.W!);
      return bias ? add(product, params.b!) : product;
    },
  };
}

const kinds = { input: size, output: size, bias: optional(flag), W: optional(specKind) };
