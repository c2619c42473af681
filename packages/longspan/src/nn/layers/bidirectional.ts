import type { ParamsOf, Shapes, ValuesOf } from "../../cell/index.js";
import { concat } from "../../ops/index.js";
import type { SequenceLayer } from "../module.js";
import { checkSequenceCell } from "./check-layers.js";
import { furtherOf } from "./layer-shapes.js";
import { recurrent, type SequenceCell } from "./recurrent.js";
import { sequenceLayer } from "./sequence-layer.js";

/** One of something for each direction. */
export interface BothDirections<F, B> {
  /** From the first step to the last: h(t). */
  readonly forward: F;
  /** From the last step to the first: g(t). */
  readonly backward: B;
}

/**
 * A bidirectional network: one cell reads each sequence forwards, another backwards, and every output sees
 * both, thus the past and the future of its step.
 *
 *     o(t) = [h(t), g(t)]
 *
 * with h(t) running forwards and g(t) backwards over the same x (section 10.3, figure 10.11). Feed the output
 * to `linear`. Right on sequences of different lengths: each starts backwards at its own last step.
 *
 * x [nodes, input] over a forward chain gives [nodes, forward's features + backward's features]. Parameters
 * and states are { forward, backward }; `final.backward` is the state after each sequence's first step.
 *
 * @throws TypeError as `recurrent`
 * @throws StructureError if the structure cannot be turned round (`Structure.reversed`)
 * @see Goodfellow, Bengio, Courville (2016), section 10.3; Schuster, Paliwal (1997)
 * @example
 * const layer = bidirectional(lstm({ input: 3, hidden: 4 }), lstm({ input: 3, hidden: 4 }));
 * const { output, final } = layer.apply(layer.init(Key.of(1)), zeros([4, 3]), chain([3, 1]));
 * // output [4, 8], final.backward.h [2, 4]
 */
export function bidirectional<S extends Shapes, P, T extends Shapes, Q>(
  forwardCell: SequenceCell<S, P>,
  backwardCell: SequenceCell<T, Q>,
): SequenceLayer<BothDirections<ParamsOf<P>, ParamsOf<Q>>, BothDirections<ValuesOf<S>, ValuesOf<T>>> {
  for (const cell of [forwardCell, backwardCell]) checkSequenceCell("bidirectional", cell);
  const forward = recurrent(forwardCell);
  const backward = recurrent(backwardCell, { reverse: true });
  return sequenceLayer("bidirectional", {
    input: forward.input,
    further: furtherOf("bidirectional", [forward, backward]),
    forward: false,
    get features() {
      const [h, g] = [forward.features, backward.features];
      return h === undefined || g === undefined ? undefined : h + g;
    },
    init: (key, dtype = "float32") => ({
      forward: forward.init(key.fold(0), dtype),
      backward: backward.init(key.fold(1), dtype),
    }),
    apply(params, x, structure, { initial, key, ...options } = {}) {
      const optionsOf = <N>(initial: N | undefined, direction: number) => ({
        ...options,
        ...(initial ? { initial } : {}),
        ...(key ? { key: key.fold(direction) } : {}),
      });
      const h = forward.apply(params.forward, x, structure, optionsOf(initial?.forward, 0));
      const g = backward.apply(params.backward, x, structure, optionsOf(initial?.backward, 1));
      return { output: concat([h.output, g.output]), final: { forward: h.final, backward: g.final } };
    },
  });
}
