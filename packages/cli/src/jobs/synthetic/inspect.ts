import { answerUnits, Key, type SyntheticBatch, type SyntheticProblem } from "longspan";
import type { InspectOptions } from "../../command-options.js";
import { exitCode, Failure } from "../../failure.js";
import type { AdvisedRun } from "../../flow-advice.js";
import type { Inspected } from "../../report/flow/flow-html.js";
import type { AnySubject } from "../job.js";
import { syntheticAnswers, syntheticLoss } from "./flow.js";
import { readSyntheticRun } from "./read.js";

/** What `longspan inspect` looks at in a run on a synthetic problem: sequences of it. */
export async function syntheticSubject(path: string, options: InspectOptions): Promise<AnySubject> {
  for (const name of ["data", "steps"] as const)
    if (options[name] !== undefined)
      throw new Failure(
        `--${name} has no effect on a run of longspan train synthetic: its problem makes the sequences; leave it out`,
        exitCode.usage,
      );
  const { config, problem, model, params, step } = await readSyntheticRun(path);
  const { sequences } = options;
  const batch = longEnough(problem, Key.of(config.settings.seed).fold(inspectedBatch), sequences);
  const inspected: Inspected = {
    run: path,
    text: `${problem.name}, made afresh`,
    unit: "step",
    sequences,
    steps: batch.structure.levels,
    measure: answerUnits[problem.answer],
  };
  const { settings } = config;
  const { steps } = inspected;
  const advised: AdvisedRun = { command: "train synthetic", settings, run: path, trained: step, steps };
  const loss = syntheticLoss(model, problem, batch);
  return (look) =>
    look({ inspected, loss, answers: syntheticAnswers(model, problem, batch), params, advised });
}

/** Sets the sequences that are inspected apart from those of training and validation. */
const inspectedBatch = 0x1175;

/** Batches that are drawn until one is long enough. */
const draws = 32;

/** The first batch of nearly the problem's greatest length, or the longest of a few dozen: short sequences say little. */
function longEnough(problem: SyntheticProblem, key: Key, sequences: number): SyntheticBatch {
  let longest = problem.sample(key, 0, sequences);
  for (let k = 1; k < draws && longest.structure.levels < 0.75 * problem.steps; k++) {
    const batch = problem.sample(key, k, sequences);
    if (batch.structure.levels > longest.structure.levels) longest = batch;
  }
  return longest;
}
