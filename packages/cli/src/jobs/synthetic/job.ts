import {
  type AnyCellParams,
  evaluateSynthetic,
  type Key,
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
import { type Score, type ScoreBeyond, type SyntheticFacts, syntheticMeasures } from "./events.js";
import { watchOnProblem } from "./flow.js";
import { syntheticLines } from "./lines.js";
import { syntheticHtml } from "./report.js";
import { lengthsIn, type trainSyntheticSettings } from "./settings.js";

/** Fresh sequences at each look, and those that decide. */
const looks = { first: 1000, deciding: 10_000 } as const;

const own: Job<SyntheticRunConfig, SyntheticFacts> = {
  schema: syntheticSchema,
  begin(name, resolved) {
    const chosen = resolved as Resolved<typeof trainSyntheticSettings>;
    const config: SyntheticRunConfig = {
      task: "synthetic",
      problem: problemName(name),
      settings: withLengths(problemName(name), keptSettings(chosen.values)),
    };
    // Before the folder is made: it may have no such length.
    problemOf(config);
    problemsBeyond(config);
    if (config.problem === "embedded-reber")
      for (const key of ["length", "lengths", "beyond"] as const)
        if (chosen.origins[key].from !== "default")
          throw new Failure(
            `${chosen.phrase(key)} has no effect on embedded-reber: the grammar draws the lengths of its strings`,
            exitCode.usage,
          );
    return { config, name: config.problem, ...prepared(config) };
  },
  goOn(config, name, folder) {
    if (name !== undefined && problemName(name) !== config.problem)
      throw new Failure(`the run in ${folder} is on ${config.problem}, not on ${name}`);
    return prepared(config);
  },
  measures: syntheticMeasures({ answer: "class" }),
  lines: syntheticLines,
  report: syntheticHtml,
  smaller: "--batch or --hidden",
  command: ({ problem }) => `longspan train synthetic ${problem}`,
};

/** Trains a model on a problem of long-term dependency. */
export const syntheticJob = job(own);

function prepared(config: SyntheticRunConfig): Prepared<SyntheticFacts> {
  return { training: (context, use) => use(trainingOf(config, context)) };
}

function trainingOf(
  config: SyntheticRunConfig,
  { key, signal, steps }: TrainingContext,
): Training<SequenceModelParams<AnyCellParams>, Readonly<Record<string, never>>, SyntheticFacts> {
  const { settings } = config;
  const { batch, backward, validEvery, until, curvatureBatch: curvature } = settings;
  const [init, training, forBatches, forLooks] = key.split(4) as [Key, Key, Key, Key];
  const problem = problemOf(config);
  const model = syntheticModel(settings, problem);
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
      const beyond: ScoreBeyond[] = [];
      for (const [length, other] of problemsBeyond(config)) {
        const found = await scoring(model, other, forLooks.fold(length), signal)(params, step, looks.first);
        if (found === null) return false;
        beyond.push({ length, ...found });
      }
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

/** The problem at the lengths that were asked for besides, by length. */
function problemsBeyond(config: SyntheticRunConfig): readonly (readonly [number, SyntheticProblem])[] {
  const { beyond } = config.settings;
  return beyond === null
    ? []
    : lengthsIn(beyond).map((length) => [length, problemOf(config, length)] as const);
}

/** Sets the sequences that --watch-flow looks at apart from those of training and validation. */
const watchedBatch = 0x0f10;

/** Looks at fresh sequences: others at each step and for each number of them. Null if the signal came. */
function scoring(
  model: SequenceModel<AnyCellParams>,
  problem: SyntheticProblem,
  key: Key,
  signal: { readonly aborted: boolean },
) {
  return async (
    params: SequenceModelParams<AnyCellParams>,
    step: number,
    sequences: number,
  ): Promise<Score | null> => {
    const { wrong, loss, complete, bitsPerSequence, wrongBitsPerSequence } = await evaluateSynthetic(
      model,
      params,
      problem,
      {
        key: key.fold(step).fold(sequences),
        sequences,
        signal,
      },
    );
    if (!complete) return null;
    const bits =
      wrongBitsPerSequence === null ? {} : { bits: { cost: bitsPerSequence!, wrong: wrongBitsPerSequence } };
    return { loss, wrong, sequences, share: wrong / sequences, ...bits };
  };
}
