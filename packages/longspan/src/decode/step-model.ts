import { having, type RequiredKind } from "../check/index.js";

/**
 * A model of sequences of symbols, asked step by step: what decoding, scoring and sampling need of it, and no more. It is made for a
 * batch of sequences, each with what it depends on, such as a prompt or a source. States are its own; who decodes hands them back, each
 * once: `step` and `select` use a state up, since it may lie in memory that the next one takes.
 *
 * `languageSteps` makes one of a language model or a decoder, `MarkovModel.steps` of an order-k baseline. One of your own has these members.
 */
export interface StepModel<S = unknown> {
  /** How many symbols there are: 0 to vocabulary - 1. */
  readonly vocabulary: number;
  /** How many sequences it is asked about. */
  readonly sequences: number;
  /** What it says of the first symbols: one row per sequence. */
  start(): Said<S>;
  /** Each row reads one symbol; what it says of the next. @param symbols one per row of the state */
  step(state: S, symbols: Int32Array): Said<S>;
  /** Some rows of a state, in this order; a row may be left out, or come several times. */
  select(state: S, rows: Int32Array): S;
  /** The same state, to come back to after this one was used up. A model whose states are not used up needs none. */
  copy?(state: S): S;
  /** Told of a state that nobody goes on from any more, so that its memory can be given back. */
  release?(state: S): void;
}

/** What a model says of the symbols that come next. */
export interface Said<S> {
  /** Natural logarithms of the symbols' probabilities, row after row: [rows, vocabulary]. */
  readonly logProbabilities: Float64Array;
  /** The state from which to go on, as many rows. */
  readonly state: S;
}

/** A step model, as far as functions that take one need it. */
export const stepModelKind: RequiredKind = having(
  "a step model, such as languageSteps(model, params)",
  "start",
  "step",
  "select",
);

/**
 * Goes on by one step from rows of a state.
 *
 * @param parents the row that each symbol follows @param rows of the state
 */
export function advance<S>(
  model: StepModel<S>,
  state: S,
  parents: Int32Array,
  symbols: Int32Array,
  rows: number,
): Said<S> {
  const all = parents.length === rows && parents.every((row, i) => row === i);
  const from = all ? state : model.select(state, parents);
  if (!all) model.release?.(state);
  const said = model.step(from, symbols);
  model.release?.(from);
  return said;
}
