import { defaultExecutor, leaves, startTraining, type TrainCallback, train, withFlowPenalty } from "longspan";
import type { RunFolder } from "longspan/node";
import type { DoneEvent, Facts, ProgressEvent, StartEvent, ValidEvent } from "./events.js";
import { looking } from "./flow-watch.js";
import type { Training, Validated } from "./jobs/job.js";
import type { Ranks } from "./ranks/ranks.js";
import { fitting } from "./run-control.js";
import { explosionEvent, type RunRecorder, stepFigures } from "./run-recorder.js";
import type { CommonSettings } from "./settings/training.js";
import { trainingSetup } from "./training-setup.js";

/** Around a training. */
interface Surroundings {
  /** Null in a process that is not the first, which writes and tells nothing. */
  readonly folder: RunFolder | null;
  readonly ranks: Ranks;
  readonly recorder: RunRecorder | null;
  readonly signal: { readonly aborted: boolean };
  readonly progress: { step: number };
  readonly json: boolean;
  readonly settings: CommonSettings;
}

/** Trains to the end. Returns null, or the steps at which it was interrupted; null in a process that is not the first. */
export async function trained<P, S, F extends Facts>(
  training: Training<P, S, F>,
  { folder, ranks, recorder, signal, progress, json, settings }: Surroundings,
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
  // Of the other processes, the first one's state is taken over.
  const state = folder?.checkpoints.load(fresh) ?? null;
  const counts = {
    parameters: leaves(fresh.params).reduce((n, p) => n + p.size, 0),
    executor: defaultExecutor().name,
  };
  const facts = { ...training.start, settings, ...counts };
  if (folder) recorder?.record({ event: "start", ...facts, out: folder.path } as StartEvent);
  if (state) recorder?.record({ event: "resumed", step: state.step, seconds: state.history.seconds });
  const begun = state?.step ?? 0;
  progress.step = begun;
  let last: Validated<F> | null = null;
  let solved = false;
  const callbacks = (folder: RunFolder, recorder: RunRecorder): TrainCallback<P, readonly unknown[], S>[] => [
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
  ];
  const end = await train(task, state ?? fresh, {
    ...(ranks.collective ? { collective: ranks.collective } : {}),
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
    callbacks: folder && recorder ? callbacks(folder, recorder) : [],
    // What is saved is looked at first, so there is a report before each save.
    reportSeconds: Math.min(1, saveSeconds),
  });
  if (!folder || !recorder) return null;
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
