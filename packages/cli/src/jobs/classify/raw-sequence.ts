/** A sequence as it was read: a text, or rows of numbers one after the other, NaN where one is missing. */
export interface RawSequence {
  readonly content: string | Float64Array;
  /** Names of the features of a row of numbers; none for a text. */
  readonly columns: readonly string[];
  /** The column that held it; null where each step has a column of its own, or it came from elsewhere. */
  readonly column: string | null;
  /** The columns of the steps, where each has one. */
  readonly steps?: readonly string[];
  /** Its class; null where none was asked for. */
  readonly label: string | null;
  readonly weight: number;
  /** The line where it begins; 1 for a file that holds one sequence. */
  readonly at: number;
  /** An error about it. @param column that is to blame, if one is */
  fault(what: string, column?: string): Error;
}

/** Which columns hold what. */
export interface SequenceColumns {
  readonly input: string | null;
  /** Null where no classes are asked for. */
  readonly label: string | null;
  readonly id: string | null;
  readonly weight: string | null;
  /** Those that hold none of the numbers of a sequence, where the table has them. */
  readonly ignored: readonly (string | null)[];
}
