import { existsSync } from "node:fs";
import { join } from "node:path";
import { defaultExecutor, Key, leaves, runFiles, startTraining, train, withFlowPenalty } from "longspan";
import { continueRun, createRun, type RunFolder, readMetrics, readRunConfig } from "longspan/node";
import { chooseFolder } from "./choose-folder.js";
import { chooseReporter } from "./choose-reporter.js";
import type { DoneEvent, Facts, ProgressEvent, StartEvent, ValidEvent } from "./events.js";
import { exitCode, Failure } from "./failure.js";
import { looking } from "./flow-watch.js";
import { onInterrupt } from "./interrupt.js";
import type { Job, JobKind, Prepared, Training, Validated } from "./jobs/job.js";
import { cellOfRun, ownCell } from "./own-cell.js";
import type { RunConfig } from "./run-config.js";
import { explained, fitting, goesOn, mergedSettings, reportStopped } from "./run-control.js";
import { fitted } from "./run-fitting.js";
import { explosionEvent, RunRecorder, stepFigures } from "./run-recorder.js";
import { checkCurvatureBatch } from "./settings/hessian-free.js";
import { type CommandLine, checkEffects, type Resolved, resolveSettings } from "./settings/resolve.js";
import type { Table } from "./settings/setting.js";
import type { CommonSettings, OutputSettings } from "./settings/training.js";
import { trainingSetup } from "./training-setup.js";

/** Trains what a kind of job trains, or goes on with it. Returns the exit code. */
export async function runTraining(
  kind: JobKind,
  argument: string | undefined,
  words: CommandLine,
): Promise<number> {
  const chosen = resolveSettings(kind.settings, words);
  // Every kind of job has these.
  const values = chosen.values as OutputSettings;
  const job = await kind.train();
  if (goesOn(values, argument !== undefined)) return goOn(job, argument, chosen, values.out!);
  if (argument === undefined) throw new Failure(kind.argument.missing, exitCode.usage);
  checkEffects(kind.settings, chosen);
  checkCurvatureBatch(chosen as unknown as Parameters<typeof checkCurvatureBatch>[0]);
  const cell = await ownCell(chosen.values.cell);
  const run = await job.begin(argument, chosen, cell?.make ?? null);
  const folder = createRun(chooseFolder(values.out, run.name), run.config, {
    replace: values.force,
    ...(run.vocabulary ? { vocabulary: run.vocabulary } : {}),
    ...(cell ? { cell: cell.source } : {}),
  });
  try {
    return await runIn(folder, { job, config: run.config, run, json: values.json });
  } finally {
    folder.close();
  }
}

/** @throws Failure if the run was imported: it would begin anew, and overwrite what it has */
function checkBegun(out: string): void {
  if (readMetrics(out).length > 0 || !existsSync(join(out, runFiles.weights))) return;
  throw new Failure(
    `${out} was imported: it holds a model, and no training to go on with; train it further in a program (openRun, then startTraining with its parameters)`,
  );
}

async function goOn(
  job: Job,
  argument: string | undefined,
  chosen: Resolved<Table>,
  out: string,
): Promise<number> {
  const folder = continueRun(out);
  try {
    checkBegun(out);
    const stored = readRunConfig(out, job.schema) as ReturnType<typeof readRunConfig> & RunConfig;
    const config = { ...stored, settings: mergedSettings(stored.settings, chosen, out) };
    const run = await job.goOn(config, argument, out, await cellOfRun(out, config.settings));
    folder.saveConfig(config);
    return await runIn(folder, { job, config, run, json: chosen.values.json === true });
  } finally {
    folder.close();
  }
}

/** A run in its folder. */
interface OpenRun {
  readonly job: Job;
  readonly config: RunConfig;
  readonly run: Prepared;
  readonly json: boolean;
}

async function runIn(folder: RunFolder, { job, config, run, json }: OpenRun): Promise<number> {
  const reporter = chooseReporter(process.stdout, json, job.lines());
  const interrupt = onInterrupt(() => {
    reporter.clear();
    process.stderr.write("stopping after this step; press Ctrl-C again to end at once\n");
  });
  const { signal } = interrupt;
  const recorder = new RunRecorder(folder, config, job, reporter);
  const progress = { step: 0 };
  const command = job.command(config);
  try {
    const context = { key: Key.of(config.settings.seed), signal, steps: () => progress.step };
    const around = { folder, recorder, signal, progress, json, settings: config.settings };
    const end = await (run.fitting
      ? run.fitting(context, (fitting) => fitted(fitting, around))
      : run.training(context, (training) => trained(training, around)));
    return end === null ? 0 : reportStopped(end, folder, command);
  } catch (error) {
    throw explained(error, folder, { command, smaller: job.smaller });
  } finally {
    reporter.close();
    interrupt.release();
    recorder.close();
  }
}

/** Around a training. */
interface Surroundings {
  readonly folder: RunFolder;
  readonly recorder: RunRecorder;
  readonly signal: { readonly aborted: boolean };
  readonly progress: { step: number };
  readonly json: boolean;
  readonly settings: CommonSettings;
}

/** Trains to the end. Returns null, or the steps at which it was interrupted. */
async function trained<P, S, F extends Facts>(
  training: Training<P, S, F>,
  { folder, recorder, signal, progress, json, settings }: Surroundings,
): Promise<{ readonly step: number } | null> {
  const { steps, minutes, earlyStop, saveSeconds, watchFlow = null, flow, flowGradient: gradient } = settings;
  const { keys, validation, keeps } = training;
  const setup = trainingSetup(settings);
  const task = flow === null ? training.task : withFlowPenalty(training.task, { weight: flow, gradient });
  const watch = (watchFlow === null ? null : training.watch?.()) ?? null;
  const fresh = fitting(
    () => startTraining(task, setup.optimiser, training.init(keys.init)),
    training.remedy,
  );
  const state = folder.checkpoints.load(fresh);
  const counts = {
    parameters: leaves(fresh.params).reduce((n, p) => n + p.size, 0),
    executor: defaultExecutor().name,
  };
  recorder.record({ event: "start", ...training.start, settings, ...counts, out: folder.path } as StartEvent);
  if (state) recorder.record({ event: "resumed", step: state.step, seconds: state.history.seconds });
  const begun = state?.step ?? 0;
  progress.step = begun;
  let last: Validated<F> | null = null;
  let solved = false;
  const end = await train(task, state ?? fresh, {
    optimiser: setup.optimiser,
    schedule: setup.schedule,
    ...(setup.momentum ? { momentum: setup.momentum } : {}),
    onExplosion: setup.policy,
    budget: steps === null ? { minutes: minutes! } : { steps },
    key: keys.training,
    signal: {
      get aborted() {
        return solved || signal.aborted;
      },
    },
    ...(validation === null
      ? {}
      : {
          validation: {
            run: async (params: P) => {
              last = await validation.run(params);
              return last?.loss ?? null;
            },
            every: validation.every,
            ...(earlyStop === null ? {} : { patience: earlyStop }),
          },
        }),
    callbacks: [
      {
        onReport: async (report) => {
          progress.step = report.step;
          const { step, fraction, ...figures } = await stepFigures(report, setup);
          const facts = training.progress(report, begun);
          recorder.record({ event: "progress", step, fraction, ...facts, ...figures } as ProgressEvent);
        },
        onExplosion: (report) => recorder.record(explosionEvent(report)),
        onValidation: async ({ step, best, params, state: { history } }) => {
          if (best && keeps === "best") await folder.saveWeights(params as object, step);
          const facts = last!.facts(best);
          recorder.record({ event: "valid", step, ...facts, seconds: history.seconds } as ValidEvent);
          solved = last!.solved ?? false;
        },
        onEnd: async ({ state }) => {
          // Without a validation, the last parameters are the best there are.
          if (keeps === "last" || state.best === null)
            await folder.saveWeights(state.params as object, state.step);
        },
      },
      ...(watch === null ? [] : [looking(watch, watchFlow!, (event) => recorder.record(event))]),
      folder.checkpoints.saving({ seconds: saveSeconds }),
    ],
    // What is saved is looked at first, so there is a report before each save.
    reportSeconds: Math.min(1, saveSeconds),
  });
  const { step, history } = end.state;
  const ended = solved ? "solved" : end.ended === "patience" ? "early" : "budget";
  const finished =
    !(end.ended === "signal" && signal.aborted) &&
    (await training.finish(end, {
      folder: folder.path,
      json,
      solved,
      signal,
      done: (facts) =>
        recorder.record({
          event: "done",
          steps: step,
          ended,
          ...facts,
          seconds: history.seconds,
          ...counts,
        } as DoneEvent),
      sample: (text) => recorder.record({ event: "sample", text }),
    }));
  if (finished) return null;
  recorder.record({ event: "stopped", steps: step, out: folder.path, seconds: history.seconds });
  return end.state;
}
