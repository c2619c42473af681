import type { Shapes } from "../../cell/index.js";
import { flag, func, isRecord, kind, oneOf, optional, size } from "../../check/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import { layerKind } from "../layers/kinds.js";
import type { Layer, SequenceLayer } from "../module.js";
import type { AttentionConfig } from "./attend.js";
import { type ContextConfig, contextKind } from "./context.js";
import { readsKind } from "./reads.js";

/** Settings of `encoderDecoder`. */
export interface EncoderDecoderConfig<E, S, P, R = never> {
  /** Reads the source: any sequence layer, such as `bidirectional` or `stacked`. */
  readonly encoder: SequenceLayer<E, S>;
  /** What makes the decoder's cell of { input, hidden }, such as `gru`. */
  readonly cell: CellMaker<Shapes, P>;
  /** Units of the decoder's cell. */
  readonly hidden: number;
  /**
   * What the decoder reads at each step, which is the output before: a layer that works row by row, such as `embedding`, or the number of
   * features of rows that are read as they are. Without it, the decoder does not see what was put out before.
   */
  readonly reads?: Layer<R> | number;
  /** Features of the output at each step, such as logits of symbols. */
  readonly output: number;
  /** The context C, a vector made of the source. */
  readonly context?: ContextConfig<S>;
  /**
   * How the decoder's state begins: `"mapped"` from C, tanh(C W + b) for each slot; `"copied"`, the last state of the encoder; or `"zeros"`. By
   * default mapped where there is a C, else zeros.
   */
  readonly firstState?: "mapped" | "copied" | "zeros";
  /** Whether the decoder reads C at every step, through a matrix R of its own. It does not by default. */
  readonly everyStep?: boolean;
  /** Attention to the outputs of the encoder. */
  readonly attention?: AttentionConfig;
}

/** The kinds of its settings. */
export const configKinds = {
  encoder: layerKind,
  cell: func,
  hidden: size,
  reads: optional(readsKind),
  output: size,
  context: optional(contextKind),
  firstState: optional(oneOf("mapped", "copied", "zeros")),
  everyStep: optional(flag),
  attention: optional(kind("a record { addressing }", isRecord)),
};

/** Checks that something leads from the source to the target, and that nothing is made for no one. @throws RangeError */
export function checkWays(ways: {
  context: boolean;
  firstState: string;
  everyStep: boolean;
  attention: boolean;
}): void {
  const { context, firstState, everyStep, attention } = ways;
  const needs = everyStep ? "everyStep" : firstState === "mapped" ? 'firstState "mapped"' : null;
  if (needs && !context)
    throw new RangeError(
      `encoderDecoder: ${needs} hands the decoder a context, and there is none; give context: { features }, the features of the encoder's last state`,
    );
  if (context && !needs)
    throw new RangeError(
      `encoderDecoder: there is a context, and nobody reads it: firstState is "${firstState}" and everyStep false; set firstState to "mapped" or everyStep to true`,
    );
  if (!needs && firstState === "zeros" && !attention)
    throw new RangeError(
      "encoderDecoder: nothing leads from the source to the target; give context: { features }, or attention, or both",
    );
}
