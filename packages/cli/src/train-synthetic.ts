import {
  defaultExecutor,
  evaluateSynthetic,
  Key,
  leaves,
  type SequenceModel,
  type SequenceModelParams,
  type SyntheticProblem,
  startTraining,
  syntheticTask,
  type Task,
  train,
  withFlowPenalty,
} from "longspan";
import { chooseReporter } from "./choose-reporter.js";
import { exitCode, Failure } from "./failure.js";
import { watchOnProblem } from "./flow-watch.js";
import { onInterrupt } from "./interrupt.js";
import { syntheticHtml } from "./report/synthetic-html.js";
import { explained, fitting, goesOn, mergedSettings, tellStopped } from "./run-control.js";
import { explosionEvent, flowMeasures, looking, stepFigures } from "./run-events.js";
import {
  chooseFolder,
  continueRun,
  createRun,
  type RunFolder,
  readConfig,
  readMetrics,
} from "./run-folder.js";
import { secondOrderMeasures } from "./second-order.js";
import { checkCurvatureBatch } from "./settings/hessian-free.js";
import { checkEffects, type Resolved } from "./settings/resolve.js";
import { trainSyntheticSettings } from "./settings/train-synthetic.js";
import { keptSettings } from "./settings/training.js";
import { type Judgement, type SyntheticEvent, syntheticLines } from "./synthetic-events.js";
import {
  checkSyntheticConfig,
  type LayerParams,
  problemName,
  problemOf,
  type SyntheticRunConfig,
  syntheticModel,
} from "./synthetic-run.js";
import { trainingPlan } from "./training-plan.js";

/** Fresh sequences at each look, and those that decide. */
const looks = { first: 1000, deciding: 10_000 } as const;

/** Trains a model on a synthetic problem, or goes on with it. Returns the exit code. */
export async function trainSynthetic(
  name: string | undefined,
  given: Resolved<typeof trainSyntheticSettings>,
): Promise<number> {
  const { values } = given;
  const { json } = values;
  if (goesOn(values, name !== undefined)) {
    const folder = continueRun(values.out!);
    return await closing(folder, () => {
      const stored = readConfig(folder.path, checkSyntheticConfig);
      if (name !== undefined && problemName(name) !== stored.problem)
        throw new Failure(`the run in ${folder.path} is on ${stored.problem}, not on ${name}`);
      const config = { ...stored, settings: mergedSettings(stored.settings, given, folder.path) };
      folder.saveConfig(config);
      return runIn(folder, config, json);
    });
  }
  if (name === undefined) throw new Failure("the name of a task is missing", exitCode.usage);
  checkEffects(trainSyntheticSettings, given);
  checkCurvatureBatch(given);
  const config: SyntheticRunConfig = {
    format: "longspan-run",
    formatVersion: 7,
    task: "synthetic",
    problem: problemName(name),
    settings: keptSettings(values),
  };
  // Before the folder is made: it may have no such length.
  problemOf(config);
  if (config.problem === "embedded-reber")
    for (const key of ["length", "lengths"] as const)
      if (given.origins[key].from !== "default")
        throw new Failure(
          `${given.phrase(key)} has no effect on embedded-reber: the grammar draws the lengths of its strings`,
          exitCode.usage,
        );
  const folder = createRun(chooseFolder(values.out, config.problem), config, { replace: values.force });
  return await closing(folder, () => runIn(folder, config, json));
}

async function closing(folder: RunFolder, f: () => Promise<number>): Promise<number> {
  try {
    return await f();
  } finally {
    folder.close();
  }
}

async function runIn(folder: RunFolder, config: SyntheticRunConfig, json: boolean): Promise<number> {
  const { settings } = config;
  const { steps, minutes, seed, batch, backward, validEvery, until, earlyStop, saveSeconds } = settings;
  const { flow, flowGradient, watchFlow, curvatureBatch } = settings;
  const command = `longspan train synthetic ${config.problem}`;
  const [forInit, forTraining, forBatches, forLooks] = Key.of(seed).split(4) as [Key, Key, Key, Key];
  const forWatch = Key.of(seed).fold(watchedBatch);
  const reporter = chooseReporter(process.stdout, json, syntheticLines);
  const interrupt = onInterrupt(() => {
    reporter.clear();
    process.stderr.write("stopping after this step; press Ctrl-C again to end at once\n");
  });
  const tell = (event: SyntheticEvent) => {
    folder.metrics.add(event);
    reporter.tell(event);
    if (event.event === "valid" || event.event === "stopped" || event.event === "done")
      folder.saveReport(syntheticHtml(config, readMetrics(folder.path) as SyntheticEvent[]));
  };
  try {
    const problem = problemOf(config);
    const model = syntheticModel(settings, problem);
    const plan = trainingPlan(settings);
    const plain = syntheticTask(model, problem, {
      key: forBatches,
      batch,
      backward: { kind: backward },
      ...(curvatureBatch === null ? {} : { curvature: curvatureBatch }),
    });
    const task: Task<SequenceModelParams<LayerParams>, unknown, Readonly<Record<string, never>>> = flow ===
    null
      ? plain
      : withFlowPenalty(plain, { weight: flow, gradient: flowGradient });
    const fresh = fitting(() => startTraining(task, plan.optimiser, model.init(forInit)), "lower --hidden");
    const parameters = leaves(fresh.params).reduce((n, p) => n + p.size, 0);
    const state = folder.checkpoints.load(fresh);
    const executor = defaultExecutor().name;
    const { problem: name } = config;
    tell({
      event: "start",
      problem: name,
      settings,
      baseline: problem.baseline,
      parameters,
      executor,
      out: folder.path,
    });
    if (state) tell({ event: "resumed", step: state.step, seconds: state.history.seconds });

    const judge = judging(model, problem, forLooks, interrupt.signal);
    let solved = false;
    const signal = {
      get aborted() {
        return solved || interrupt.signal.aborted;
      },
    };
    const begun = state?.step ?? 0;
    let [last, step]: [Judgement | null, number] = [null, begun];
    const end = await train(task, state ?? fresh, {
      optimiser: plan.optimiser,
      schedule: plan.schedule,
      ...(plan.momentum ? { momentum: plan.momentum } : {}),
      onExplosion: plan.policy,
      budget: steps === null ? { minutes: minutes! } : { steps },
      key: forTraining,
      signal,
      validation: {
        run: async (params) => {
          last = await judge(params, step, looks.first);
          if (last !== null && until !== null && last.share < until)
            last = await judge(params, step, looks.deciding);
          return last?.loss ?? null;
        },
        every: { steps: validEvery },
        ...(earlyStop === null ? {} : { patience: earlyStop }),
      },
      callbacks: [
        {
          onReport: async (report) => {
            step = report.step;
            const stepsPerSecond = (step - begun) / report.seconds;
            tell({
              event: "progress",
              loss: report.loss,
              stepsPerSecond,
              ...flowMeasures(report.measures),
              ...secondOrderMeasures(report.measures),
              ...(await stepFigures(report, plan)),
            });
          },
          onExplosion: (report) => tell(explosionEvent(report)),
          onValidation: ({ step, state }) => {
            tell({ event: "valid", step, ...last!, seconds: state.history.seconds });
            solved = until !== null && last!.sequences === looks.deciding && last!.share < until;
          },
          onEnd: ({ state }) => folder.saveWeights(state.params, state.step),
        },
        ...(watchFlow === null ? [] : [looking(watchOnProblem(model, problem, forWatch), watchFlow, tell)]),
        folder.checkpoints.saving({ seconds: saveSeconds }),
      ],
      reportSeconds: Math.min(1, saveSeconds),
    });
    const { params, history } = end.state;
    const stopped = () => {
      tell({ event: "stopped", steps: end.state.step, out: folder.path, seconds: history.seconds });
      return tellStopped(end.state, folder, command);
    };
    if (interrupt.signal.aborted) return stopped();
    const decided = solved ? last : await judge(params, end.state.step, looks.deciding);
    if (decided === null) return stopped();
    const ended = solved ? "solved" : end.ended === "patience" ? "early" : "budget";
    tell({
      event: "done",
      steps: end.state.step,
      ended,
      seconds: history.seconds,
      fresh: decided,
      stepsPerSecond: end.state.step / history.seconds,
      parameters,
      executor,
    });
    return 0;
  } catch (error) {
    throw explained(error, folder, command);
  } finally {
    reporter.close();
    interrupt.release();
  }
}

/** Sets the sequences that --watch-flow looks at apart from those of training and validation. */
const watchedBatch = 0x0f10;

/** Looks at fresh sequences: others at each step and for each number of them. Null if the signal came. */
function judging(
  model: SequenceModel<LayerParams>,
  problem: SyntheticProblem,
  key: Key,
  signal: { readonly aborted: boolean },
) {
  return async (
    params: SequenceModelParams<LayerParams>,
    step: number,
    sequences: number,
  ): Promise<Judgement | null> => {
    const { wrong, loss, complete } = await evaluateSynthetic(model, params, problem, {
      key: key.fold(step).fold(sequences),
      sequences,
      signal,
    });
    return complete ? { loss, wrong, sequences, share: wrong / sequences } : null;
  };
}
