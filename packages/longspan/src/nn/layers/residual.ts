import { check } from "../../check/index.js";
import { add } from "../../ops/index.js";
import { formatShape, type Shape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import type { AnyLayer, AnySequenceLayer, Layer, SequenceLayer } from "../module.js";
import { checkApply, checkInit } from "./check-call.js";
import { anyLayerKind } from "./kinds.js";
import { isSequenceLayer, keepsWidth, rowShape } from "./layer-shapes.js";
import { sequenceLayer } from "./sequence-layer.js";

/**
 * A layer with a residual connection: it adds to its input, so that the gradient has a way past it.
 *
 *     y(t) = x(t) + layer(x)(t)
 *
 * Its output is as wide as its input. Parameters and states are the layer's own. To put one around each layer of a stack that is as
 * wide as its input, see the setting `residual` of `stacked`.
 *
 * @param layer one that works row by row, or a sequence layer
 * @throws ShapeError if the output is not as wide as the input
 * @see He, Zhang, Ren, Sun (2016), "Deep residual learning for image recognition"; Wu et al. (2016), section 3.1, for recurrent layers
 * @example
 * const net = stacked([
 *   recurrent(lstm({ input: 3, hidden: 4 })),
 *   residual(recurrent(lstm({ input: 4, hidden: 4 }))),
 *   residual(linear({ input: 4, output: 4 })),
 * ]);
 * net.apply(net.init(Key.of(1)), zeros([4, 3]), chain([3, 1])).output.shape // [ 4, 4 ]
 */
export function residual<P, S>(layer: SequenceLayer<P, S>): SequenceLayer<P, S>;
export function residual<P>(layer: Layer<P>): Layer<P>;
export function residual(layer: AnyLayer | AnySequenceLayer): AnyLayer | AnySequenceLayer {
  check("residual", "layer", layer, anyLayerKind);
  const { input, features } = layer;
  if (keepsWidth(layer) === false) throw misfit(rowShape(input!), [features!]);
  if (!isSequenceLayer(layer)) return rowByRow(layer);
  return sequenceLayer("residual", {
    input: layer.input,
    further: layer.further,
    features,
    forward: layer.forward,
    init: (key, dtype) => layer.init(key, dtype),
    apply(params, x, structure, options) {
      const { output, final } = layer.apply(params, x, structure, options);
      return { output: sum(x, output), final };
    },
  });
}

function rowByRow(layer: AnyLayer): AnyLayer {
  return {
    input: layer.input,
    features: layer.features,
    init(key, dtype = "float32") {
      checkInit("residual", key, dtype);
      return layer.init(key, dtype);
    },
    apply(params, x) {
      checkApply("residual", params, x);
      return sum(x, layer.apply(params, x));
    },
  };
}

function sum(x: Value, output: Value): Value {
  if (!sameShape(x.shape, output.shape)) throw misfit(x.shape.slice(1), output.shape.slice(1));
  return add(x, output);
}

function misfit(input: Shape, output: Shape): ShapeError {
  return new ShapeError(
    `residual: the layer makes rows of ${formatShape(output)} from rows of ${formatShape(input)}; x + layer(x) needs one width. Make the layer as wide as its input, or use it without residual()`,
  );
}
