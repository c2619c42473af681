import type { Key } from "../../tensor/index.js";
import type { Backward } from "../../unfold/index.js";
import type { PartialState } from "./stream.js";

/** How a sequence layer is run. */
export interface SequenceOptions<S> {
  /** Initial states, of the form of `final`, one row per sequence; zeros where not given. Differentiable. */
  readonly initial?: PartialState<S>;
  /** The key of random draws; null or absent for none, as in evaluation. */
  readonly key?: Key | null;
  /** How the recurrence is differentiated; full unless given. */
  readonly backward?: Backward;
  /** Clips the gradient that flows back through each state read (Graves 2013). */
  readonly clipState?: number;
}
