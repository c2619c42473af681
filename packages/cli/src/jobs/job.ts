import type {
  Key,
  OpenedRun,
  OwnCellMaker,
  RunKind,
  RunSchema,
  Task,
  Trained,
  TrainReport,
  ValidationOptions,
} from "longspan";
import type {
  EvalOptions,
  ForecastOptions,
  InspectOptions,
  PredictOptions,
  SampleOptions,
} from "../command-options.js";
import type { Facts, Measures, RunEvent, SampleEvent } from "../events.js";
import type { AdvisedRun } from "../flow-advice.js";
import type { FlowWatch } from "../flow-watch.js";
import type { LastLoss } from "../measure-flow.js";
import type { ReadInputs } from "../predict/inputs.js";
import type { Inspected } from "../report/flow/flow-html.js";
import type { RunConfig } from "../run-config.js";
import type { Lines } from "../run-lines.js";
import type { Resolved } from "../settings/resolve.js";
import type { Table } from "../settings/setting.js";

/** A kind of job: what the command line says of it, and where the rest is, which is loaded when it is asked for. */
export interface JobKind {
  /** Follows `longspan train`, and stands in config.json as the task. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** What it is trained on: the argument of the command. */
  readonly argument: {
    readonly name: string;
    readonly help: string;
    /** The error where a new run has none. */
    readonly missing: string;
  };
  readonly settings: Table;
  /** How to train. */
  train(): Promise<Job>;
  /** What `longspan inspect` looks at; absent where there is nothing to look at. */
  inspect?(): Promise<(run: string, options: InspectOptions) => AnySubject | Promise<AnySubject>>;
  /** `longspan eval`, and its exit code. */
  eval?(): Promise<(run: string, path: string | undefined, options: EvalOptions) => Promise<number>>;
  /** How a run of the kind is opened, for a kind that the library does not know. */
  opens?(): Promise<RunKind<OpenedRun>>;
  /** How `longspan predict` reads files that are neither tables nor JSON nor an input a line. */
  inputs?(): Promise<ReadInputs>;
  /** Which options of `longspan predict` the run's predictor takes, besides those of every kind. */
  readonly asks?: readonly (keyof PredictOptions)[];
  /** `longspan predict`, and its exit code, for a kind whose answers are not one for each input; by default, it asks the run's predictor. */
  predict?(): Promise<(run: string, file: string | undefined, options: PredictOptions) => Promise<number>>;
  /** `longspan forecast`, and its exit code. */
  forecast?(): Promise<(run: string, table: string | undefined, options: ForecastOptions) => Promise<number>>;
  /** `longspan sample`, and its exit code. */
  sample?(): Promise<(run: string, options: SampleOptions) => Promise<number>>;
}

/** A model with the loss whose gradient is looked at. */
export interface Subject<P> {
  readonly inspected: Inspected;
  readonly loss: LastLoss<P>;
  /** The loss of all answers, under which a memory is looked at, and the steps at which there are some, by sequence. */
  readonly answers: { readonly loss: LastLoss<P>; readonly steps: readonly (readonly number[])[] };
  readonly params: P;
  readonly advised: AdvisedRun;
}

/** A model to look at, whatever the form of its parameters. */
export type AnySubject = <R>(look: <P>(subject: Subject<P>) => R) => R;

/** How a kind of job trains, and what it says. */
export interface Job<C extends RunConfig = RunConfig, F extends Facts = Facts> {
  /** By which a config.json is checked. */
  readonly schema: RunSchema;
  /** A new run. @throws Failure if it cannot be */
  begin(
    argument: string,
    settings: Resolved<Table>,
    cell: OwnCellMaker | null,
  ): NewRun<C, F> | Promise<NewRun<C, F>>;
  /** Goes on with a run. @param config with the settings that were changed @throws Failure if the argument names something else */
  goOn(
    config: C,
    argument: string | undefined,
    folder: string,
    cell: OwnCellMaker | null,
  ): Prepared<F> | Promise<Prepared<F>>;
  readonly measures: Measures;
  lines(): Lines<RunEvent<F>>;
  /** The page of a run. */
  report(config: C, events: readonly RunEvent<F>[]): string;
  /** The options that take less memory if they are lowered, in words. */
  readonly smaller: string;
  /** As the user calls it, to go on. */
  command(config: C): string;
}

/** A job as the command line handles it: of its configuration and its events, only what all have is known. */
export function job<C extends RunConfig, F extends Facts>(own: Job<C, F>): Job {
  return own as unknown as Job;
}

/** A run whose data are there, and that can be trained. */
export interface Prepared<F extends Facts = Facts> {
  /** Hands over what is trained, whatever the form of its parameters. */
  training<R>(context: TrainingContext, use: <P, S>(training: Training<P, S, F>) => R): R;
  /** In place of training step by step, what finds the parameters in one pass, where the settings ask for such a model. */
  readonly fitting?: <R>(context: TrainingContext, use: <P>(fitting: Fitting<P, F>) => R) => R;
}

/** A new run. */
export interface NewRun<C extends RunConfig, F extends Facts> extends Prepared<F> {
  readonly config: C;
  /** Of its folder, unless the user names one. */
  readonly name: string;
  /** What is kept in vocabulary.json: what puts inputs into numbers and answers into words. */
  readonly vocabulary?: object;
}

/** What a training knows of its surroundings. */
export interface TrainingContext {
  /** Of the run's seed. */
  readonly key: Key;
  readonly signal: { readonly aborted: boolean };
  /** Steps that were taken so far. */
  steps(): number;
}

/** What is trained, and how it is evaluated. */
export interface Training<P, S, F extends Facts = Facts> {
  readonly task: Task<P, unknown, S>;
  readonly keys: { readonly init: Key; readonly training: Key };
  init(key: Key): P;
  /** What to do if it does not fit into memory. */
  readonly remedy: string;
  readonly start: Omit<F["start"], "settings">;
  /** The figures of a report. @param begun steps that were taken before this process */
  progress(report: TrainReport<P, readonly unknown[], S>, begun: number): F["progress"];
  /** Null if nothing is held out. */
  readonly validation: {
    readonly every: ValidationOptions<P, unknown, unknown>["every"];
    /** Null if the signal came. */
    run(params: P): Promise<Validated<F> | null>;
  } | null;
  /** Which parameters are kept: those of the best validation, or the last ones. */
  readonly keeps: "best" | "last";
  /** Looks at the flow of gradients, with --watch-flow, where the kind has it. @throws Failure if there is nothing to look at */
  watch?(): FlowWatch<P>;
  /** Tells of the end. Returns false if the signal came before there was something to tell. */
  finish(end: Trained<P, readonly unknown[], S>, ending: Ending<F>): Promise<boolean>;
}

/** Parameters that are found in one pass, and how they are evaluated. */
export interface Fitting<P, F extends Facts = Facts> {
  /** As they are drawn, before anything is learned. */
  init(): P;
  /** What to do if it does not fit into memory. */
  readonly remedy: string;
  readonly start: Omit<F["start"], "settings">;
  /** Null if the signal came. */
  run(): Promise<{ readonly params: P; record(seconds: number): Promise<F["done"] | null> } | null>;
}

/** What a validation found. */
export interface Validated<F extends Facts> {
  readonly loss: number;
  facts(best: boolean): F["valid"];
  /** Whether it is enough. */
  readonly solved?: boolean;
}

/** How a training ends. */
export interface Ending<F extends Facts> {
  readonly folder: string;
  readonly json: boolean;
  readonly solved: boolean;
  readonly signal: { readonly aborted: boolean };
  done(facts: F["done"]): void;
  sample(text: SampleEvent["text"]): void;
}
