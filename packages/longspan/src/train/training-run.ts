import type { ExplosionPolicy } from "../optim/index.js";
import { LossSum, RecentLoss } from "./loss-window.js";
import { NonFiniteLossError } from "./non-finite-loss-error.js";
import { clock, pacer } from "./pace.js";
import type { Agreed, Ranks } from "./ranks.js";
import type { Task } from "./task.js";
import type { TrainCallback, TrainOptions } from "./train-options.js";
import type { Trained, TrainReport } from "./train-reports.js";
import { dispose, shared, type TrainingState } from "./training-state.js";
import { type Step, TrainingStep } from "./training-step.js";
import { isStale, ValidationClock } from "./validation.js";

/** What a step takes from schedules. */
type Overrides = { readonly learningRate?: number; readonly momentum?: number };

/** A step, and the predictions of its batch. */
interface Taken<P, S, C> {
  readonly step: Step<P, S, C>;
  readonly count: number;
}

type Ended = Trained<unknown, unknown, unknown>["ended"];

/** A run of training under way: from its state to the end. */
export class TrainingRun<P, B, C, S> {
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
