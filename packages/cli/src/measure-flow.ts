import {
  type CurvatureReport,
  crossEntropyMean,
  curvatureByLag,
  fromArray,
  type LanguageModel,
  type LanguageModelParams,
  meanSquaredErrorMean,
  type Segment,
  type SequenceModel,
  type SequenceModelParams,
  type SymbolNumbers,
  type SyntheticBatch,
  type SyntheticProblem,
  slice,
  type Traceable,
  textStreams,
  type Value,
} from "longspan";
import { lagsToTell } from "./flow-lines.js";

/**
 * Segments of a text, spread evenly over it.
 * @throws TextTooShortError if the text has fewer than sequences x steps + 1 symbols
 */
export function segmentsOf(
  symbols: SymbolNumbers,
  { sequences, steps }: { readonly sequences: number; readonly steps: number },
): Segment {
  return textStreams(symbols, { streams: sequences, steps }).segment(0);
}

/** The loss of the last prediction of each sequence: with a loss at every step, what is near would hide what is far. */
export type LastLoss<P> = (params: Traceable<P>) => Value;

/** That of a language model on segments which it reads from a state of zero. */
export function textLoss(
  model: LanguageModel,
  { inputs, targets, structure }: Segment,
): LastLoss<LanguageModelParams> {
  const { nodes, sequences } = structure;
  const last = nodes - sequences;
  return (params) => {
    const { logits } = model.apply(params, fromArray(inputs, [nodes], "int32"), structure);
    const target = fromArray(targets.subarray(last), [sequences], "int32");
    return crossEntropyMean(slice(logits, 0, last, nodes), target);
  };
}

/** That of a model on sequences of a synthetic problem: the cross-entropy in nats, or the squared error. */
export function syntheticLoss<P>(
  model: SequenceModel<P>,
  { input, answer }: SyntheticProblem,
  { x, structure, judged, targets }: SyntheticBatch,
): LastLoss<SequenceModelParams<P>> {
  const { nodes, sequences } = structure;
  const last = Int32Array.from({ length: sequences }, (_, s) => structure.rowsOf(s).at(-1)!);
  const right = Array.from(last, (row) => targets[judged.indexOf(row)]!);
  return (params) => {
    const z = model.apply(params, fromArray(x, [nodes, input]), structure, last);
    return answer === "class"
      ? crossEntropyMean(z, fromArray(right, [sequences], "int32"))
      : meanSquaredErrorMean(z, fromArray(right, [sequences, 1]));
  };
}

/** Lags at which curvature is measured. */
const curvatureLags = 24;

/** Gradient and curvature of a loss against the lag, at two dozen lags of sequences of so many steps. */
export function measureCurvature<P>(loss: LastLoss<P>, params: P, steps: number): Promise<CurvatureReport> {
  return curvatureByLag(loss, params, { lags: lagsToTell(steps, curvatureLags) });
}
