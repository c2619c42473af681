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
import type { StepReport } from "./explosion-error.js";
import { stateKind, taskKind } from "./kinds.js";
import { LossSum, RecentLoss } from "./loss-window.js";
import { clock, type Pause, pacer } from "./pace.js";
import type { Agreed, Ranks } from "./ranks.js";
import type { Task } from "./task.js";
import { dispose, shared, type TrainingState, type Validation } from "./training-state.js";
import { type Step, TrainingStep } from "./training-step.js";
import { isStale, ValidationClock, type ValidationOptions, validationKinds } from "./validation.js";

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

/** Where a run stands. */
export interface TrainReport<P, S, C> {
  /** Steps taken in all. */
  readonly step: number;
  /** Share of the budget that is used up, in [0, 1]. */
  readonly fraction: number;
  /** Mean loss over the predictions since the last report; those of steps whose loss was not finite are left out. */
  readonly loss: number;
  /** Means since the last report of what the task measures besides the loss; of its finite values only. */
  readonly measures: Readonly<Record<string, number>>;
  /** Of the last step; undefined if the optimiser's own was used. */
  readonly learningRate: number | undefined;
  /** Joint norm of the last step's gradient, before any treatment. */
  readonly gradientNorm: number;
  /** Steps so far that were replaced by random ones, and that were left out. */
  readonly randomSteps: number;
  readonly skippedSteps: number;
  /** Training time of this run, in seconds: callbacks and validation are not counted. */
  readonly seconds: number;
  /** Predictions made in this run. */
  readonly predictions: number;
  /** To look at or save before the callback settles: its tensors are released in the next step. */
  readonly state: TrainingState<P, S, C>;
}

/** A validation. */
export interface ValidationReport<P, S, C> extends Validation {
  /** Whether the loss is the lowest so far. */
  readonly best: boolean;
  /** The parameters that were looked at; released like the state. */
  readonly params: P;
  readonly state: TrainingState<P, S, C>;
}

/** A step that was not taken as it was. */
export interface ExplosionReport extends StepReport {
  readonly action: "random" | "skip";
}

/** What a run gives. */
export interface Trained<P, S, C> {
  /** Belongs to the caller, who releases it. */
  readonly state: TrainingState<P, S, C>;
  /** Why the run ended: the budget was used up, the signal came, or validations did not improve. */
  readonly ended: "budget" | "signal" | "patience";
  /** Mean loss over the predictions of at least the last 100 steps (of all, if there were fewer). NaN if there were none. */
  readonly loss: number;
  readonly seconds: number;
  readonly predictions: number;
}

/** A loss that is not finite though all gradients were. */
export class NonFiniteLossError extends Error {
  override name = "NonFiniteLossError";

  constructor(
    readonly firstStep: number,
    readonly lastStep: number,
  ) {
    super(
      `the loss is not finite at one of the steps ${firstStep} to ${lastStep}, although the gradients are finite. Remedies: a smaller learning rate, or a look at the batches of these steps`,
    );
  }
}

/**
 * Trains: for each step a batch, the gradient of its loss, and what the optimiser makes of it.
 *
 * Nothing is read back from an asynchronous executor between reports, and no state is kept outside: the run is a function of the
 * task, the options and the state that goes in. With a budget of steps, validation by steps, and a schedule that depends on the
 * progress only, a run that is cut in two by saving and restoring the state ends with the same bits.
 *
 * A gradient that is not finite stops the run, unless `onExplosion` has it otherwise: the parameters are left as they were before
 * that step, and the error names the step, counted from 0, its batch and the parameters.
 *
 * @param state from `startTraining`, from an earlier run, or from `decodeCheckpoint`. It is used up: its tensors are released on the way.
 * @throws ExplosionError | NonFiniteLossError and what callbacks throw
 * @throws RangeError if the budget is not a non-negative number, or there is not enough for so many ranks
 * @throws TypeError if the task cannot be shared among ranks
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const optimiser = compose(clipByJointNorm(1), adam());
 * const { state, loss } = await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
 *   optimiser,
 *   budget: { steps: 20 },
 *   key: Key.of(2),
 *   schedule: warmUp(50, cosineSchedule({ peak: 0.002 })),
 *   callbacks: [{ onReport: ({ step, loss }) => console.log(step, loss) }],
 * });
 */
export async function train<P, B, C, S>(
  task: Task<P, B, C>,
  state: TrainingState<P, S, C>,
  // Callbacks that take any state do not widen the types of this one.
  options: TrainOptions<NoInfer<P>, NoInfer<S>, NoInfer<C>>,
): Promise<Trained<P, S, C>> {
  check("train", "task", task, taskKind);
  check("train", "state", state, stateKind);
  checkSettings<TrainOptions<unknown, unknown, unknown>>("train", options as never, kinds);
  if (options.validation) checkSettings("train: validation", options.validation, validationKinds as never);
  for (const [i, callback] of (options.callbacks ?? []).entries())
    check("train", `callbacks[${i}]`, callback, record);
  checkBudget(options.budget);
  const { collective } = options;
  const ranks = collective ? await ranksOf(task, collective) : null;
  const run = new Run(task, (await ranks?.begin(state)) ?? state, options, ranks);
  try {
    return await run.toTheEnd();
  } catch (error) {
    run.dispose();
    throw error;
  } finally {
    run.close();
  }
}

/** The ranks of a run; null where there is one. */
async function ranksOf<P, B, C>(task: Task<P, B, C>, collective: Collective): Promise<Ranks<B, C> | null> {
  if (collective.size === 1) return null;
  if (!task.share)
    throw new TypeError(
      `train: the task has no share, so its batches cannot be shared among ${collective.size} ranks; give it one, or train with one rank`,
    );
  const { Ranks } = await import("./loaded-later.js");
  return new Ranks(collective, task.share(collective));
}

/** What a step takes from schedules. */
type Overrides = { readonly learningRate?: number; readonly momentum?: number };

/** A step, and the predictions of its batch. */
interface Taken<P, S, C> {
  readonly step: Step<P, S, C>;
  readonly count: number;
}

type Ended = Trained<unknown, unknown, unknown>["ended"];

class Run<P, B, C, S> {
  private readonly stepper: TrainingStep<P, B, C, S>;
  private readonly rest: () => Promise<void>;
  private readonly begin = clock();
  private readonly past: TrainingState<P, S, C>["history"];
  private readonly validations: ValidationClock | null;
  private readonly losses = new LossSum();
  private readonly measures = new Map<string, LossSum>();
  private readonly recent = new RecentLoss(100);
  private readonly policy: ExplosionPolicy;
  private learningRate: number | undefined;
  private seconds = 0;
  private predictions = 0;
  private reportedAt = this.begin;
  private reportedStep: number;
  /** What the ranks agreed on last; null where there is one. */
  private agreed: Agreed | null = null;

  constructor(
    private readonly task: Task<P, B, C>,
    private state: TrainingState<P, S, C>,
    private readonly options: TrainOptions<P, S, C>,
    private readonly ranks: Ranks<B, C> | null,
  ) {
    this.policy = options.onExplosion ?? { nonFinite: "stop" };
    this.stepper = new TrainingStep(task, options.optimiser, this.policy, options.key, ranks);
    this.rest = pacer(options.pause);
    this.past = state.history;
    this.reportedStep = state.step;
    this.validations = options.validation
      ? new ValidationClock(options.validation.every, this.past.elapsed)
      : null;
  }

  async toTheEnd(): Promise<Trained<P, S, C>> {
    await this.agree();
    // A run that was interrupted in its validation is taken up there.
    let ended = this.over();
    if (this.validationDue(ended)) ended = (await this.validate()) ?? ended;
    while (ended === null) {
      await this.step();
      await this.notify((c) => c.onStep?.(this.state));
      ended = this.over();
      const validating = this.validationDue(ended);
      if (ended !== null || validating || (this.agreed?.due ?? this.reportDue())) {
        await this.report();
        // The callbacks take time and may bring the signal.
        await this.agree();
        ended ??= this.over();
        if (this.validationDue(ended)) ended = (await this.validate()) ?? ended;
      }
    }
    await this.withWhole(async (state) => {
      if (state.carried !== this.state.carried) dispose(this.state.carried);
      this.state = state;
    });
    const { state, seconds, predictions } = this;
    const end: Trained<P, S, C> = { state, ended, loss: this.recent.mean, seconds, predictions };
    await this.notify((c) => c.onEnd?.(end));
    return end;
  }

  dispose(): void {
    dispose([this.state.params, this.state.optimiser, this.state.carried, this.state.best]);
    this.losses.dispose();
    for (const sum of this.measures.values()) sum.dispose();
  }

  /** Gives back what served the steps. */
  close(): void {
    this.stepper.dispose();
  }

  private measureOf(name: string): LossSum {
    const known = this.measures.get(name) ?? new LossSum();
    this.measures.set(name, known);
    return known;
  }

  private elapsed(): number {
    return this.agreed?.elapsed ?? this.past.elapsed + (clock() - this.begin) / 1000;
  }

  private reportDue(): boolean {
    return clock() - this.reportedAt >= 1000 * (this.options.reportSeconds ?? 1);
  }

  /** Agrees with the other ranks, if there are any, on what depends on time and on signals. @returns predictions of all shares */
  private async agree(predictions = 0): Promise<number> {
    if (!this.ranks) return predictions;
    const elapsed = this.past.elapsed + (clock() - this.begin) / 1000;
    const aborted = this.options.signal?.aborted ?? false;
    this.agreed = await this.ranks.agree({ elapsed, aborted, due: this.reportDue(), predictions });
    return this.agreed.predictions;
  }

  /** Hands over the state with what all ranks carry; it is released afterwards, unless it has become that of the run. */
  private async withWhole<R>(look: (state: TrainingState<P, S, C>) => Promise<R>): Promise<R> {
    if (!this.ranks) return look(this.state);
    const carried = await this.ranks.carried(this.state.carried);
    try {
      return await look({ ...this.state, carried });
    } finally {
      if (carried !== this.state.carried) dispose(carried);
    }
  }

  private fraction(): number {
    const { budget } = this.options;
    const [used, all] =
      "steps" in budget ? [this.state.step, budget.steps] : [this.elapsed(), 60 * budget.minutes];
    return all === 0 ? 1 : Math.min(1, used / all);
  }

  private over(): Ended | null {
    if (this.agreed?.aborted ?? this.options.signal?.aborted) return "signal";
    if (this.fraction() >= 1) return "budget";
    const { patience } = this.options.validation ?? {};
    return patience !== undefined && isStale(this.state.history.validations, patience) ? "patience" : null;
  }

  private async step(): Promise<void> {
    const started = clock();
    const { state, task } = this;
    const progress = {
      step: state.step,
      fraction: this.fraction(),
      validations: state.history.validations.map((v) => v.loss),
    };
    this.learningRate = this.options.schedule?.(progress);
    const momentum = this.options.momentum?.(progress);
    const rates = {
      ...(this.learningRate === undefined ? {} : { learningRate: this.learningRate }),
      ...(momentum === undefined ? {} : { momentum }),
    };
    const { step, count } = this.ranks ? await this.stepTogether(this.ranks, rates) : this.stepAlone(rates);
    const { next, loss, measures, explosion } = step;
    dispose([state.params, state.optimiser, state.carried]);
    this.state = next;
    this.losses.add(loss, count);
    for (const [name, value] of Object.entries(measures)) this.measureOf(name).add(value, 1);
    this.predictions += count;
    await this.rest();
    this.seconds += (clock() - started) / 1000;
    if (explosion === null) return;
    const { action, seen } = explosion;
    if (action === "stop") throw await this.withWhole((whole) => this.stepper.explain(whole, state.step));
    const report = { ...(await seen), step: state.step, batch: task.describe?.(state.step) ?? null, action };
    await this.notify((c) => c.onExplosion?.(report));
  }

  private stepAlone(rates: Overrides): Taken<P, S, C> {
    const batch = this.task.batch(this.state.step);
    const step = this.stepper.run(this.state, batch, rates);
    return { step, count: this.task.predictions(batch) };
  }

  /** While the gradient of its share is formed, a rank hears what the others have. */
  private async stepTogether({ share }: Ranks<B, C>, rates: Overrides): Promise<Taken<P, S, C>> {
    const batch = share.batch(this.state.step);
    const own = batch === null ? 0 : this.task.predictions(batch);
    const all = this.agree(own);
    // A share that asks for nothing has no mean loss.
    const step = await this.stepper.runTogether(
      this.state,
      own === 0 ? null : batch,
      rates,
      async () => own / (await all),
    );
    return { step, count: await all };
  }

  /** Looks at what happened since the last time, and tells. @throws if the run has stopped since, saying why. */
  private async report(): Promise<void> {
    const started = clock();
    const { optimiser } = this.state;
    const read = [
      optimiser.stopped,
      optimiser.taken,
      optimiser.norm,
      optimiser.randomSteps,
      optimiser.skipped,
    ];
    const [[stopped], [taken], [norm], [random], [skipped]] = (await Promise.all(
      read.map((t) => t.data()),
    )) as unknown as [number[], number[], number[], number[], number[]];
    if (stopped)
      throw await this.withWhole((whole) => this.stepper.explain(whole, taken! + random! + skipped!));
    const { mean, predictions, lost } = await this.losses.read();
    if (lost > 0 && this.policy.nonFinite === "stop")
      throw new NonFiniteLossError(this.reportedStep, this.state.step - 1);
    const measures: Record<string, number> = {};
    for (const [name, sum] of this.measures) measures[name] = (await sum.read()).mean;
    this.recent.add(this.state.step - this.reportedStep, mean, predictions);
    this.reportedStep = this.state.step;
    this.seconds += (clock() - started) / 1000;
    this.remember();
    const { step } = this.state;
    const report: Omit<TrainReport<P, S, C>, "state"> = {
      step,
      fraction: this.fraction(),
      loss: mean,
      measures,
      learningRate: this.learningRate,
      gradientNorm: norm!,
      randomSteps: random!,
      skippedSteps: skipped!,
      seconds: this.seconds,
      predictions: this.predictions,
    };
    await this.withWhole((whole) => this.notify((c) => c.onReport?.({ ...report, state: whole })));
    this.reportedAt = clock();
  }

  private validationDue(ended: Ended | null): boolean {
    if (this.validations === null || ended === "signal" || this.state.step === 0) return false;
    const validated = this.state.history.validations.at(-1)?.step ?? 0;
    if (ended !== null) return validated < this.state.step;
    return this.validations.isDue(this.state, this.elapsed());
  }

  private async validate(): Promise<Ended | null> {
    const { run, params: chosen } = this.options.validation!;
    const begin = this.elapsed();
    const params = chosen?.(this.state) ?? this.state.params;
    const loss = await (this.ranks ? this.ranks.ofFirst(() => run(params)) : run(params));
    await this.agree();
    this.validations!.took(begin, this.elapsed());
    if (loss === null) return "signal";
    const { step, history, best } = this.state;
    const isBest = loss < (best?.loss ?? Number.POSITIVE_INFINITY);
    if (isBest) dispose(best?.params);
    this.state = {
      ...this.state,
      history: { ...history, validations: [...history.validations, { step, loss }] },
      best: isBest ? { step, loss, params: shared(params) } : best,
    };
    this.remember();
    await this.withWhole((state) =>
      this.notify((c) => c.onValidation?.({ step, loss, best: isBest, params, state })),
    );
    // A callback may have brought the signal.
    await this.agree();
    // Else a slow validation would be followed by a report on a single step.
    this.reportedAt = clock();
    return this.over();
  }

  /** Brings the history's times up to date. */
  private remember(): void {
    const { history } = this.state;
    this.state = {
      ...this.state,
      history: {
        ...history,
        elapsed: this.elapsed(),
        seconds: this.past.seconds + this.seconds,
        predictions: this.past.predictions + this.predictions,
      },
    };
  }

  private async notify(
    event: (callback: TrainCallback<P, S, C>) => void | Promise<void> | undefined,
  ): Promise<void> {
    for (const callback of this.options.callbacks ?? []) await event(callback);
  }
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
