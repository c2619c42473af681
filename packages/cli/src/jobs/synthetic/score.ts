import {
  type AnyCellParams,
  evaluateSynthetic,
  type Key,
  type SequenceModel,
  type SequenceModelParams,
  type SyntheticProblem,
} from "longspan";
import type { Score } from "./events.js";

/** Fresh sequences at each look, and those that decide. */
export const looks = { first: 1000, deciding: 10_000 } as const;

/** Looks at fresh sequences: others at each step and for each number of them. Null if the signal came. */
export function scoring(
  model: SequenceModel<AnyCellParams>,
  problem: SyntheticProblem,
  key: Key,
  signal: { readonly aborted: boolean },
) {
  return async (
    params: SequenceModelParams<AnyCellParams>,
    step: number,
    sequences: number,
  ): Promise<Score | null> => {
    const { wrong, loss, complete, bitsPerSequence, wrongBitsPerSequence } = await evaluateSynthetic(
      model,
      params,
      problem,
      {
        key: key.fold(step).fold(sequences),
        sequences,
        signal,
      },
    );
    if (!complete) return null;
    const bits =
      wrongBitsPerSequence === null ? {} : { bits: { cost: bitsPerSequence!, wrong: wrongBitsPerSequence } };
    return { loss, wrong, sequences, share: wrong / sequences, ...bits };
  };
}
