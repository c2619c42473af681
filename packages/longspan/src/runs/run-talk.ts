import type { AnySequenceLayer } from "../nn/index.js";

/** How an answer is told. */
export interface StepAnswerOptions {
  /** Of a text: how many of the most probable symbols; 5 by default. */
  readonly top?: number;
  /** Of a text: whether the logits of all symbols are told too; false by default. */
  readonly logits?: boolean;
}

/** What one stream reads and says, as plain JSON. It may remember what it has read: it is of one stream. */
export interface StreamTalk {
  /**
   * Reads a value that was JSON, and changes nothing yet.
   * @throws TypeError, RangeError, InputError or UnknownSymbolError saying what it is and what was expected
   */
  read(value: unknown): StreamReading;
}

/** A value that a stream has read. */
export interface StreamReading {
  /** Of one step or several. */
  readonly rows: readonly ArrayLike<number>[];
  /** To be called when the rows are on their way to the model: what is read from then on comes after them. */
  begin(): void;
  /** What the model says after the last of them, as plain JSON. @param output the row that this step gave */
  answer(output: ArrayLike<number>, options?: StepAnswerOptions): object;
}

/** How streams of a run are used: the model that is stepped, what a step reads in words, and what each stream reads and says. */
export interface RunTalk {
  readonly model: AnySequenceLayer;
  readonly params: unknown;
  readonly input: string;
  talk(): StreamTalk;
}

/** For streams that remember nothing besides the state of the model. */
export function withoutMemory({
  read,
  answer,
  ...rest
}: Omit<RunTalk, "talk" | "model"> & {
  readonly model: unknown;
  read(value: unknown): readonly ArrayLike<number>[];
  answer: StreamReading["answer"];
}): RunTalk {
  const talk: StreamTalk = { read: (value) => ({ rows: read(value), begin() {}, answer }) };
  return { ...rest, model: rest.model as AnySequenceLayer, talk: () => talk };
}
