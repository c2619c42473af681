import { checkSettings, size } from "../../check/index.js";
import { argmax, softmax } from "../../ops/index.js";
import { crossEntropyPerRow } from "../losses/index.js";
import { drawnClass, oneHot } from "./draws.js";
import type { OutputDistribution } from "./output-distribution.js";

/**
 * One of some classes, such as a symbol: softmax of the outputs. A target is its number, int32. As a row of floats it is one-hot; the
 * mean is the probabilities, the mode the most probable class, of equal ones the first. A draw of a class has no derivative.
 *
 * @example
 * const symbol = categoricalOutput({ classes: 3 });
 * symbol.lossPerRow(zeros([2, 3]), tensor([0, 2], "int32")); // [ln 3, ln 3]
 * symbol.mode(tensor([[0, 2, 1]])); // [[0, 1, 0]]
 */
export function categoricalOutput(config: { readonly classes: number }): OutputDistribution {
  const { classes } = checkSettings("categoricalOutput", config, { classes: size });
  return {
    outputs: classes,
    target: { shape: [], dtype: "int32" },
    features: classes,
    uniforms: 1,
    smooth: ["mean"],
    lossPerRow: crossEntropyPerRow,
    encode: (targets, dtype = "float32") => oneHot(targets, classes, dtype),
    mean: softmax,
    mode: (outputs) => oneHot(argmax(outputs), classes, outputs.dtype),
    sample: (outputs, uniform) => drawnClass(softmax(outputs), uniform),
  };
}
