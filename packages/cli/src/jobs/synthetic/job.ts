import {
  type AnyCellParams,
  evaluateByLength,
  type Key,
  type OwnCellMaker,
  problemLengths,
  type SequenceModel,
  type SequenceModelParams,
  type SyntheticProblem,
  type SyntheticProblemName,
  syntheticTask,
} from "longspan";
import { exitCode, Failure } from "../../failure.js";
import type { Resolved } from "../../settings/resolve.js";
import { keptSettings } from "../../settings/training.js";
import { type Job, job, type Prepared, type Training, type TrainingContext } from "../job.js";
import {
  problemName,
  problemOf,
  type SyntheticRunConfig,
  type SyntheticRunSettings,
  syntheticModel,
  syntheticSchema,
} from "./config.js";
import { type Score, type SyntheticFacts, syntheticMeasures } from "./events.js";
import { watchOnProblem } from "./flow.js";
import { lengthsOf } from "./lengths.js";
import { syntheticLines } from "./lines.js";
import { syntheticHtml } from "./report.js";
import { looks, scoring } from "./score.js";
import type { trainSyntheticSettings } from "./settings.js";

const own: Job<SyntheticRunConfig, SyntheticFacts> = {
  schema: syntheticSchema,
  begin(name, resolved, cell) {
    const chosen = resolved as Resolved<typeof trainSyntheticSettings>;
    const config: SyntheticRunConfig = {
      task: "synthetic",
      problem: problemName(name),
      settings: withLengths(problemName(name), keptSettings(chosen.values)),
    };
    // Before the folder is made: it may have no such length.
    problemOf(config);
    for (const length of lengthsOf(config).lengths) problemOf(config, length);
    if (config.problem === "embedded-reber")
      for (const key of ["length", "lengths", "beyond"] as const)
        if (chosen.origins[key].from !== "default")
          throw new Failure(
            `${chosen.phrase(key)} has no effect on embedded-reber: the grammar draws the lengths of its strings`,
            exitCode.usage,
          );
    return { config, name: config.problem, ...prepared(config, cell) };
  },
  goOn(config, name, folder, cell) {
    if (name !== undefined && problemName(name) !== config.problem)
      throw new Failure(`the run in ${folder} is on ${config.problem}, not on ${name}`);
    return prepared(config, cell);
  },
  measures: syntheticMeasures({ answer: "class" }),
  lines: syntheticLines,
  report: syntheticHtml,
  smaller: "--batch or --hidden",
  command: ({ problem }) => `longspan train synthetic ${problem}`,
};

/** Trains a model on a problem of long-term dependency. */
export const syntheticJob = job(own);

function prepared(config: SyntheticRunConfig, cell: OwnCellMaker | null): Prepared<SyntheticFacts> {
  const problem = problemOf(config);
  const model = syntheticModel(config.settings, problem, cell);
  return { training: (context, use) => use(trainingOf(config, problem, model, context)) };
}

function trainingOf(
  config: SyntheticRunConfig,
  problem: SyntheticProblem,
  model: SequenceModel<AnyCellParams>,
  { key, signal, steps }: TrainingContext,
): Training<SequenceModelParams<AnyCellParams>, Readonly<Record<string, never>>, SyntheticFacts> {
  const { settings } = config;
  const { batch, backward, validEvery, until, curvatureBatch: curvature } = settings;
  const [init, training, forBatches, forLooks] = key.split(4) as [Key, Key, Key, Key];
  const score = scoring(model, problem, forLooks, signal);
  let last: Score | null = null;
  return {
    task: syntheticTask(model, problem, {
      key: forBatches,
      batch,
      backward: { kind: backward },
      ...(curvature === null ? {} : { curvature }),
    }),
    keys: { init, training },
    init: (k) => model.init(k),
    remedy: "lower --hidden",
    start: { problem: config.problem, baseline: problem.baseline },
    progress: ({ loss, step, seconds }, begun) => ({ loss, stepsPerSecond: (step - begun) / seconds }),
    validation: {
      every: { steps: validEvery },
      async run(params) {
        last = await score(params, steps(), looks.first);
        if (last !== null && until !== null && last.share < until)
          last = await score(params, steps(), looks.deciding);
        if (last === null) return null;
        const found = last;
        const solved = until !== null && found.sequences === looks.deciding && found.share < until;
        return { loss: found.loss, facts: () => found, solved };
      },
    },
    keeps: "last",
    watch: () => watchOnProblem(model, problem, key.fold(watchedBatch)),
    async finish({ state: { params, step, history } }, { solved, done }) {
      const fresh = solved ? last : await score(params, step, looks.deciding);
      if (fresh === null) return false;
      const beyond = await evaluateByLength(lengthsOf(config), (length) =>
        scoring(model, problemOf(config, length), forLooks.fold(length), signal)(params, step, looks.first),
      );
      if (beyond === null) return false;
      done({ fresh, ...(beyond.length === 0 ? {} : { beyond }), stepsPerSecond: step / history.seconds });
      return true;
    },
  };
}

/** Settings that say the lengths which the problem usually has, where none were asked for: a run keeps them. */
function withLengths(name: SyntheticProblemName, settings: SyntheticRunSettings): SyntheticRunSettings {
  const { length, lengths } = settings;
  const usual = problemLengths(name)?.usual;
  if (length !== null || lengths !== null || usual === undefined) return settings;
  return typeof usual === "number"
    ? { ...settings, length: usual }
    : { ...settings, lengths: usual.join("-") };
}

/** Sets the sequences that --watch-flow looks at apart from those of training and validation. */
const watchedBatch = 0x0f10;
