import {
  countUnknown,
  defaultExecutor,
  type ExplosionReport,
  type LanguageModelParams,
  natsToBits,
  type TrainCallback,
  type Trained,
  type TrainingState,
  type TrainReport,
} from "longspan";
import { type TensorBoardFile, tensorBoardFile } from "longspan/node";
import type { ExplosionEvent, FlowEvent, ProgressEvent, TrainEvent } from "./events.js";
import type { FlowWatch } from "./flow-watch.js";
import { reportHtml } from "./report/report-html.js";
import type { Reporter } from "./reporter.js";
import { modelConfig, type RunConfig } from "./run-config.js";
import { type RunFolder, readMetrics } from "./run-folder.js";
import { secondOrderMeasures } from "./second-order.js";
import type { TextData } from "./text-data.js";
import type { TrainingPlan } from "./training-plan.js";

type State = TrainingState<LanguageModelParams, readonly unknown[], unknown>;

/** Tells what happens in a run: to the user, to metrics.jsonl, to TensorBoard, and in report.html. */
export class RunEvents {
  private readonly board: TensorBoardFile | null;
  private parameters = 0;

  constructor(
    private readonly folder: RunFolder,
    private readonly config: RunConfig,
    private readonly reporter: Reporter,
  ) {
    this.board = config.settings.tensorboard ? tensorBoardFile(`${folder.path}/tensorboard`) : null;
  }

  start(data: TextData, parameters: number, resumed: State | null): void {
    this.parameters = parameters;
    this.tell({
      event: "start",
      path: data.path,
      level: data.vocabulary.level,
      characters: {
        total: data.symbols.length,
        train: data.train.length,
        valid: data.valid.length,
        different: data.vocabulary.size,
        ...(data.vocabulary.unknown === null ? {} : { unknown: countUnknown(data.vocabulary, data.symbols) }),
      },
      model: modelConfig(this.config.settings),
      settings: this.config.settings,
      parameters,
      executor: defaultExecutor().name,
      out: this.folder.path,
    });
    if (resumed) this.tell({ event: "resumed", step: resumed.step, seconds: resumed.history.seconds });
  }

  /** Looks at the flow of gradients every so many steps. */
  watching(
    watch: FlowWatch<LanguageModelParams>,
    every: number,
  ): TrainCallback<LanguageModelParams, readonly unknown[], unknown> {
    return looking(watch, every, (event) => this.tell(event));
  }

  callback(plan: TrainingPlan): TrainCallback<LanguageModelParams, readonly unknown[], unknown> {
    return {
      onReport: async (report) => {
        const { step, fraction, seconds, ...figures } = await stepFigures(report, plan);
        this.tell({
          event: "progress",
          step,
          fraction,
          nats: report.loss,
          ...figures,
          ...flowMeasures(report.measures),
          ...secondOrderMeasures(report.measures),
          charactersPerSecond: report.predictions / report.seconds,
          seconds,
        });
      },
      onExplosion: (report) => this.tell(explosionEvent(report)),
      onValidation: async ({ step, loss, best, params, state }) => {
        if (best) await this.folder.saveWeights(params, step);
        this.tell({ event: "valid", step, ...this.figures(loss), best, seconds: state.history.seconds });
        this.writeReport();
      },
      onEnd: async ({ state }) => {
        // Without a validation, the last parameters are the best there are.
        if (state.best === null) await this.folder.saveWeights(state.params, state.step);
      },
    };
  }

  stopped({ step, history }: TrainingState<unknown, unknown, unknown>): void {
    this.tell({ event: "stopped", steps: step, out: this.folder.path, seconds: history.seconds });
    this.writeReport();
  }

  sample(text: string): void {
    this.tell({ event: "sample", text });
    this.writeReport();
  }

  done({ state, loss, predictions, ended }: Trained<LanguageModelParams, readonly unknown[], unknown>): void {
    const { history } = state;
    const kept = state.best ?? { step: state.step, loss: Number.NaN };
    const nothingHeldOut = this.config.settings.valid === 0;
    this.tell({
      event: "done",
      steps: state.step,
      ended: ended === "patience" ? "early" : "budget",
      ...(predictions === 0 ? {} : { train: { nats: loss } }),
      ...(nothingHeldOut ? {} : { valid: { step: kept.step, ...this.figures(kept.loss) } }),
      charactersPerSecond: history.predictions / history.seconds,
      seconds: history.seconds,
      parameters: this.parameters,
      executor: defaultExecutor().name,
    });
    this.writeReport();
  }

  close(): void {
    this.board?.close();
  }

  private figures(nats: number) {
    return this.config.settings.level === "word"
      ? { nats, perplexity: Math.exp(nats) }
      : { nats, bitsPerCharacter: natsToBits(nats) };
  }

  private tell(event: TrainEvent): void {
    this.folder.metrics.add(event);
    if (this.board) addTo(this.board, event);
    this.reporter.tell(event);
  }

  private writeReport(): void {
    this.folder.saveReport(
      reportHtml({ config: this.config, events: readMetrics(this.folder.path) as TrainEvent[] }),
    );
  }
}

/** What is told of the steps of any run. */
export type StepFigures = Omit<ProgressEvent, "event" | "nats" | "charactersPerSecond">;

/** The figures of a report. */
export async function stepFigures(
  report: TrainReport<unknown, readonly unknown[], unknown>,
  plan: TrainingPlan,
): Promise<StepFigures> {
  const { state, step, fraction, learningRate, gradientNorm, randomSteps, skippedSteps } = report;
  const [clippedNorm] = (await plan.clippedNorm(state.optimiser.inner)?.data()) ?? [gradientNorm];
  return {
    step,
    fraction,
    learningRate: learningRate!,
    gradientNorm,
    clippedNorm: clippedNorm!,
    randomSteps,
    skippedSteps,
    seconds: state.history.seconds,
  };
}

/** The event of a step that was not taken as it was. */
export function explosionEvent({ step, batch, norm, action, gradients }: ExplosionReport): ExplosionEvent {
  const parameters = gradients.filter((g) => g.first !== null).map((g) => g.path);
  return { event: "explosion", step, batch, norm, action, parameters };
}

/** Looks every so many steps, and tells. */
export function looking<P>(
  watch: FlowWatch<P>,
  every: number,
  tell: (event: FlowEvent) => void,
): TrainCallback<P, unknown, unknown> {
  return {
    onStep: async ({ params, step }) => {
      if (step % every === 0) tell(await watch.look(params, step));
    },
  };
}

/** What `withFlowPenalty` measures, if it is in use. */
export function flowMeasures(measures: Readonly<Record<string, number>>): Pick<ProgressEvent, "flow"> {
  const { omega, "flow ratio": ratio, "flow skipped": skipped } = measures;
  return omega === undefined ? {} : { flow: { omega, ratio: ratio!, skipped: skipped! } };
}

/** The curves of TensorBoard. */
function addTo(board: TensorBoardFile, event: TrainEvent): void {
  if (event.event === "progress") {
    const { step, nats, learningRate, gradientNorm, clippedNorm, flow, secondOrder, charactersPerSecond } =
      event;
    board.add(step, {
      "loss/training": nats,
      "gradient norm/before clipping": gradientNorm,
      "gradient norm/after clipping": clippedNorm,
      "learning rate": learningRate,
      ...(secondOrder
        ? { "hessian-free/damping": secondOrder.damping, "hessian-free/cg steps": secondOrder.cgSteps }
        : {}),
      ...(flow ? { "flow/omega": flow.omega, "flow/ratio": flow.ratio, "flow/skipped": flow.skipped } : {}),
      speed: charactersPerSecond,
    });
  } else if (event.event === "flow") {
    for (const [k, { horizon }] of event.layers.entries())
      if (horizon !== null) board.add(event.step, { [`flow/horizon of layer ${k + 1}`]: horizon });
  } else if (event.event === "valid") board.add(event.step, { "loss/held out": event.nats });
}
