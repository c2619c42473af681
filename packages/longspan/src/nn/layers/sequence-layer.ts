import { check, checkSettings, having, text } from "../../check/index.js";
import type { Traceable, Value } from "../../tensor/index.js";
import { treeKind } from "../../tensor/kinds.js";
import { StructureError } from "../../unfold/index.js";
import type { SequenceLayer } from "../module.js";
import { checkInit, checkOver } from "./check-call.js";
import { rowsOf } from "./rows.js";
import { openStream, type PartialState } from "./stream.js";
import { checkStreamOptions, type StreamOptions, streamKinds } from "./stream-options.js";

/** What a sequence layer is made of. `apply` gives all rows; taking those that are asked for is not its business. */
export interface SequenceLayerParts<P, S> extends Omit<SequenceLayer<P, S>, "stream"> {
  /**
   * What comes last and works row by row, so that it is done only for the rows that are asked for: from the output of `apply` to that
   * of the layer.
   */
  readout?(params: Traceable<P>, output: Value): Value;
}

/**
 * A sequence layer from what it computes, with the checks of its arguments, the choice of rows, and the stream that follow from that.
 *
 * @param name what messages call it
 * @example
 * const inner = recurrent(gru({ input: 3, hidden: 3 }));
 * const doubled = sequenceLayer("doubled", {
 *   ...inner,
 *   apply(params, x, structure, options) {
 *     const { output, final } = inner.apply(params, x, structure, options);
 *     return { output: mul(output, 2), final };
 *   },
 * });
 * const stream = doubled.stream(doubled.init(Key.of(1)));
 * stream.step([1, 0, -1]); // Float32Array of 3 numbers
 * stream.dispose();
 */
export function sequenceLayer<P, S>(name: string, layer: SequenceLayerParts<P, S>): SequenceLayer<P, S> {
  check("sequenceLayer", "name", name, text);
  check(
    "sequenceLayer",
    "layer",
    layer,
    having("a layer with the functions init and apply", "init", "apply"),
  );
  const made: SequenceLayer<P, S> = {
    input: layer.input,
    ...(layer.further ? { further: layer.further } : {}),
    forward: layer.forward,
    // Known once somebody asks: a cell has to be traced for it.
    get features() {
      return layer.features;
    },
    init(key, dtype = "float32") {
      checkInit(name, key, dtype);
      return layer.init(key, dtype);
    },
    apply(params, x, structure, options) {
      checkOver(name, params, x, structure, options);
      const { rows, ...others } = options ?? {};
      const { output, final } = layer.apply(params, x, structure, others);
      const asked = rows ? rowsOf(`${name}.apply`, output, rows) : output;
      return { output: layer.readout ? layer.readout(params, asked) : asked, final };
    },
    stream(params, options) {
      check(`${name}.stream`, "params", params, treeKind);
      if (!layer.forward)
        throw new StructureError(
          `stream ${name}: the layer reads what comes after a step, which a stream does not know yet; stream a forward layer`,
        );
      const settings = checkSettings<StreamOptions>(`${name}.stream`, options, streamKinds);
      const sequences = checkStreamOptions(`${name}.stream`, settings);
      return openStream<P, S>({
        ...settings,
        sequences,
        name: `stream ${name}`,
        input: layer.input,
        ...(layer.further ? { further: layer.further } : {}),
        params,
        apply: (p, x, state, { structure, inputs, key }) =>
          made.apply(p as Traceable<P>, x, structure, {
            inputs,
            key,
            ...(state ? { initial: state as PartialState<S> } : {}),
          }),
        // Sequences of length 0 hand on what they start from.
        start: (p, x, { structure, inputs, key }) =>
          made.apply(p as Traceable<P>, x, structure, { inputs, key }).final,
      });
    },
  };
  return made;
}
