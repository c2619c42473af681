import {
  crossEntropyMean,
  type FlowReport,
  type FlowReportOptions,
  flowReport,
  fromArray,
  type LanguageModel,
  type LanguageModelParams,
  type Segment,
  slice,
  type Traceable,
  textStreams,
} from "longspan";

/**
 * Segments of a text, spread evenly over it.
 * @throws TextTooShortError if the text has fewer than sequences x steps + 1 symbols
 */
export function segmentsOf(
  symbols: Int32Array,
  { sequences, steps }: { readonly sequences: number; readonly steps: number },
): Segment {
  return textStreams(symbols, { streams: sequences, steps }).segment(0);
}

/**
 * The flow report of a language model on segments that it reads from a state of zero. The loss is that of the last prediction
 * of each: with a loss at every step, what is near would hide what is far.
 */
export function measureFlow(
  model: LanguageModel,
  params: LanguageModelParams,
  { inputs, targets, structure }: Segment,
  options: FlowReportOptions = {},
): Promise<FlowReport> {
  const { nodes, sequences } = structure;
  const last = nodes - sequences;
  return flowReport(
    (p: Traceable<LanguageModelParams>) => {
      const { logits } = model.apply(p, fromArray(inputs, [nodes], "int32"), structure);
      const target = fromArray(targets.subarray(last), [sequences], "int32");
      return crossEntropyMean(slice(logits, 0, last, nodes), target);
    },
    params,
    options,
  );
}
