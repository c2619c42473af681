import type { ExplosionReport, TrainReport } from "longspan";
import { type RunFolder, readMetrics, type TensorBoardFile, tensorBoardFile } from "longspan/node";
import {
  type ExplosionEvent,
  figureOf,
  type Measures,
  type ProgressEvent,
  type RunEvent,
  type StepFigures,
} from "./events.js";
import type { Job } from "./jobs/job.js";
import type { Reporter } from "./reporter.js";
import type { RunConfig } from "./run-config.js";
import { secondOrderMeasures } from "./second-order.js";
import type { TrainingSetup } from "./training-setup.js";

/** After these events the page is written anew. */
const pageEvents: readonly string[] = ["valid", "stopped", "sample", "done"];

/** Tells what happens in a run: to the user, to metrics.jsonl, to TensorBoard, and in report.html. */
export class RunRecorder {
  private readonly board: TensorBoardFile | null;

  constructor(
    private readonly folder: RunFolder,
    private readonly config: RunConfig,
    private readonly job: Pick<Job, "measures" | "report">,
    private readonly reporter: Reporter<RunEvent>,
  ) {
    this.board = config.settings.tensorboard ? tensorBoardFile(`${folder.path}/tensorboard`) : null;
  }

  record(event: RunEvent): void {
    this.folder.metrics.add(event);
    if (this.board) addTo(this.board, event, this.job.measures);
    this.reporter.report(event);
    if (pageEvents.includes(event.event))
      this.folder.saveReport(this.job.report(this.config, readMetrics(this.folder.path) as RunEvent[]));
  }

  close(): void {
    this.board?.close();
  }
}

/** The figures of a report that any run has. */
export async function stepFigures(
  report: TrainReport<unknown, readonly unknown[], unknown>,
  setup: TrainingSetup,
): Promise<StepFigures> {
  const { state, step, fraction, learningRate, gradientNorm, randomSteps, skippedSteps, measures } = report;
  const [clippedNorm] = (await setup.clippedNorm(state.optimiser.inner)?.data()) ?? [gradientNorm];
  return {
    step,
    fraction,
    learningRate: learningRate!,
    gradientNorm,
    clippedNorm: clippedNorm!,
    ...flowMeasures(measures),
    ...secondOrderMeasures(measures),
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

/** What `withFlowPenalty` measures, if it is in use. */
function flowMeasures(measures: Readonly<Record<string, number>>): Pick<ProgressEvent, "flow"> {
  const { omega, "flow ratio": ratio, "flow skipped": skipped } = measures;
  return omega === undefined ? {} : { flow: { omega, ratio: ratio!, skipped: skipped! } };
}

/** The curves of TensorBoard. */
function addTo(board: TensorBoardFile, event: RunEvent, { loss, speed }: Measures): void {
  if (event.event === "progress") {
    const { step, learningRate, gradientNorm, clippedNorm, flow, secondOrder } = event;
    board.add(step, {
      "loss/training": figureOf(event, loss),
      "gradient norm/before clipping": gradientNorm,
      "gradient norm/after clipping": clippedNorm,
      "learning rate": learningRate,
      ...(secondOrder
        ? { "hessian-free/damping": secondOrder.damping, "hessian-free/cg steps": secondOrder.cgSteps }
        : {}),
      ...(flow ? { "flow/omega": flow.omega, "flow/ratio": flow.ratio, "flow/skipped": flow.skipped } : {}),
      speed: figureOf(event, speed),
    });
  } else if (event.event === "flow") {
    for (const [k, { horizon, memory }] of event.layers.entries()) {
      if (horizon !== null) board.add(event.step, { [`flow/horizon of layer ${k + 1}`]: horizon });
      for (const [slot, rows] of Object.entries(memory?.spread ?? {}))
        board.add(event.step, { [`memory/rows of ${slot} in layer ${k + 1}`]: rows });
    }
  } else if (event.event === "valid") board.add(event.step, { "loss/held out": figureOf(event, loss) });
}
