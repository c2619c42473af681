import type { Key, Learner, OwnCellMaker } from "longspan";
import type { Html } from "../report/html.js";
import type { RunLine } from "../run-lines.js";
import type { Table } from "../settings/setting.js";
import type { ExampleSettings } from "./example-settings.js";

/**
 * A kind of job that learns from a finite set of examples: what it reads, what it learns, and how its figures are called. S: settings that a
 * run keeps. E: what puts inputs into numbers and answers into words, plain JSON, kept as vocabulary.json. X: an example. P: parameters.
 */
export interface ExampleKind<S extends ExampleSettings, E extends object, X, P> {
  /** The kind, as config.json and `longspan train` name it. */
  readonly task: string;
  readonly settings: Table;
  /** What one example is called; several, with an s. */
  readonly one: string;
  /** What the speed counts, where a prediction is not an example: such as "token". */
  readonly counted?: string;
  /** Of the loss: "nats per sequence". */
  readonly lossUnit: string;
  /** What the loss of training is in, where it is not nats: `longspan inspect` says it. */
  lossInWords?(settings: S): string;
  /** The figures of an evaluation besides the loss, the most telling first. */
  readonly measures: readonly ShownMeasure[];
  /** Files, or folders, that are read besides the argument. */
  sources?(path: string, settings: S): readonly string[];
  /** Reads the data. @throws Failure, or TableError, naming the file, the line and the column */
  read(request: ReadRequest<S, E>): Promise<ReadExamples<X, E>>;
  /** What is trained. */
  learner(settings: S, encoding: E, cell: OwnCellMaker | null): Learner<X, P>;
  /** Where the settings ask for a model whose learner fits it in one pass: what it is, in words. Null, and by default, it is trained step by step. */
  onePass?(settings: S): string | null;
  /** The settings by which `longspan eval` measures, where a validation looks at a part only. */
  evalSettings?(settings: S): S;
  /** On what the figures of an evaluation are measured, in words, where that is not all that is held out: "200 held-out sources". */
  measuredOn?(details: object): string;
  /** What is in the details of an evaluation, in lines. */
  detailLines?(details: object): readonly RunLine[];
  /** The same on the page of a run. */
  sections?(details: object): Html | null;
}

/** A kind of which only the name and the words are asked. */
export type AnyExampleKind = ExampleKind<never, never, never, never>;

/** A figure of an evaluation. */
export interface ShownMeasure {
  /** In `Evaluation.measures`, and in the events. */
  readonly name: string;
  readonly words: string;
  /** A share is shown in per cent. */
  readonly as: "share" | "number";
}

/** What is to be read. */
export interface ReadRequest<S, E> {
  /** The argument of the command. */
  readonly path: string;
  readonly settings: S;
  /** Of the run, where there is one: what it does not know is an error, or unknown to the model. Null for a new run, whose data make it. */
  readonly encoding: E | null;
  /** Whether all is held out: an evaluation of other data than the run's own. */
  readonly whole: boolean;
  /** For what is drawn, such as the part that is held out; the same whenever a run is taken up. */
  readonly key: Key;
}

/** What was read. */
export interface ReadExamples<X, E> {
  readonly encoding: E;
  readonly train: readonly X[];
  readonly valid: readonly X[];
  /** What nothing is chosen by, where a kind keeps such a part: the figures of a run are of it. None by default. */
  readonly test?: readonly X[];
  /** Of those that are learned from; null where all count the same. */
  readonly weights: ArrayLike<number> | null;
  /** What was read, in words, and what was made of missing values: lines of the introduction. */
  readonly summary: readonly RunLine[];
}
