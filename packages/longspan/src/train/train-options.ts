import {
  atLeastZero,
  check,
  checkSettings,
  func,
  isRecord,
  type KindsOf,
  kind,
  list,
  optional,
  type RequiredKind,
  record,
  signal,
} from "../check/index.js";
import type { ExplosionPolicy, Schedule, Transform } from "../optim/index.js";
import { transformKind } from "../optim/kinds.js";
import type { Key } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import { type Collective, collectiveKind } from "./collective.js";
import type { Pause } from "./pace.js";
import type { ExplosionReport, Trained, TrainReport, ValidationReport } from "./train-reports.js";
import type { TrainingState } from "./training-state.js";
import { type ValidationOptions, validationKinds } from "./validation.js";

/**
 * How long a run lasts: until so many steps are taken in all, or for so many minutes in all, callbacks included; what came
 * before an interruption counts.
 */
export type Budget = { readonly steps: number } | { readonly minutes: number };

/** How a run goes. */
export interface TrainOptions<P, S, C> {
  readonly optimiser: Transform<S>;
  readonly budget: Budget;
  /** The key of random draws; step k draws from stream k of it. */
  readonly key: Key;
  /** The learning rate of each step; the optimiser's own by default. */
  readonly schedule?: Schedule;
  /** The momentum of each step, for optimisers that have one; the optimiser's own by default. */
  readonly momentum?: Schedule;
  /** What to do about a gradient that explodes; by default the run stops at one that is not finite. */
  readonly onExplosion?: ExplosionPolicy;
  readonly validation?: ValidationOptions<P, S, C>;
  /** Told in order of what happens; training goes on when their promises settle. The time they take is not training time. */
  readonly callbacks?: readonly TrainCallback<P, S, C>[];
  /** Least time between reports, in seconds; 1 by default, 0 for one at each step. There is one at the end in any case. */
  readonly reportSeconds?: number;
  /** The run ends after the current step once this says so, such as an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean };
  /**
   * The ranks among which each batch is shared: each calls `train` with the same task and the same options but for its collective. The
   * gradients of the shares are joined, and the ranks take the same steps, up to rounding those of one process with the whole batch. The first
   * rank's state, clock and validation count; its callbacks see all. By default there is one rank.
   */
  readonly collective?: Collective;
  /** Gives way to the event loop; called every 50 ms or, if that is longer, at each step. */
  readonly pause?: Pause;
}

/** What is told of a run while it goes on. What throws ends the run. */
export interface TrainCallback<P, S, C> {
  /** Now and then, before each validation and at the end. */
  onReport?(report: TrainReport<P, S, C>): void | Promise<void>;
  /**
   * After each step; its time is not counted. The state is to look at, its history is that of the last report, and of several ranks it has
   * what the rank itself carries.
   */
  onStep?(state: TrainingState<P, S, C>): void | Promise<void>;
  /** After each validation. The state has it in its history. */
  onValidation?(report: ValidationReport<P, S, C>): void | Promise<void>;
  /** A step that was replaced by a random one or left out. On an executor that cannot be read at once, only the counts in reports tell. */
  onExplosion?(report: ExplosionReport): void | Promise<void>;
  /** After the last step of this run, also when the signal ended it; not when something was thrown. */
  onEnd?(end: Trained<P, S, C>): void | Promise<void>;
}

/** @throws TypeError or RangeError for a setting that is none, by its name */
export function checkTrainOptions<P, S, C>(options: TrainOptions<P, S, C>): void {
  checkSettings<TrainOptions<unknown, unknown, unknown>>("train", options as never, kinds);
  if (options.validation) checkSettings("train: validation", options.validation, validationKinds as never);
  for (const [i, callback] of (options.callbacks ?? []).entries())
    check("train", `callbacks[${i}]`, callback, record);
  checkBudget(options.budget);
}

/** One of two records, each of one setting. */
function oneRecord(words: string, ...names: readonly string[]): RequiredKind {
  return kind(words, (value) => isRecord(value) && Object.keys(value).some((name) => names.includes(name)));
}

const kinds: KindsOf<TrainOptions<unknown, unknown, unknown>> = {
  optimiser: transformKind,
  budget: oneRecord("a record { steps } or { minutes }", "steps", "minutes"),
  key: keyKind,
  schedule: optional(func),
  momentum: optional(func),
  onExplosion: optional(record),
  validation: optional(record),
  callbacks: optional(list),
  reportSeconds: optional(atLeastZero),
  signal: optional(signal),
  collective: optional(collectiveKind),
  pause: optional(func),
};

function checkBudget(budget: Budget): void {
  const name = "steps" in budget ? "steps" : "minutes";
  check("train", `budget.${name}`, (budget as Record<string, unknown>)[name], atLeastZero);
}
