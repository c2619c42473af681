import {
  type AnyCellParams,
  type OwnCellMaker,
  problemLengths,
  type RunSchema,
  type SequenceModel,
  type SyntheticProblem,
  type SyntheticProblemName,
  syntheticProblemNames,
  syntheticRunModel,
  syntheticRunProblem,
} from "longspan";
import { suggestion } from "longspan/node";
import { exitCode, Failure } from "../../failure.js";
import { type RunConfig, storedSettings } from "../../run-config.js";
import type { Kept } from "../../settings/training.js";
import { type SyntheticSettings, trainSyntheticSettings } from "./settings.js";

/** The settings that a run on a synthetic problem keeps. */
export type SyntheticRunSettings = Kept<SyntheticSettings>;

/** What config.json holds. */
export interface SyntheticRunConfig extends RunConfig {
  readonly task: "synthetic";
  readonly problem: SyntheticProblemName;
  readonly settings: SyntheticRunSettings;
}

/** @throws Failure if there is no such problem */
export function problemName(word: string): SyntheticProblemName {
  const name = syntheticProblemNames.find((known) => known === word);
  if (name === undefined)
    throw new Failure(
      `there is no task ${word}${suggestion(word, syntheticProblemNames)}; the tasks are ${syntheticProblemNames.join(", ")}`,
      exitCode.usage,
    );
  return name;
}

/** The problem of a run, or that with sequences of another length. @throws Failure if it has no such length */
export function problemOf({ problem, settings }: SyntheticRunConfig, other?: number): SyntheticProblem {
  const { length, lengths, centred } = settings;
  try {
    const asked = other === undefined ? { length, lengths } : { length: other, lengths: null };
    return syntheticRunProblem(problem, { ...asked, centred });
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(error.message, exitCode.usage);
    throw error;
  }
}

/** The model that the settings ask for. */
export function syntheticModel(
  { cell, hidden, rows, width, layers, start, radius, inputScale }: SyntheticRunSettings,
  problem: SyntheticProblem,
  own: OwnCellMaker | null,
): SequenceModel<AnyCellParams> {
  return syntheticRunModel({ cell, hidden, rows, width, layers, start, radius, inputScale }, problem, own);
}

/** By which a config.json is checked. */
export const syntheticSchema: RunSchema = {
  task: "synthetic",
  entries: {
    problem: {
      expected: `one of ${syntheticProblemNames.join(", ")}`,
      accepts: (found) => (syntheticProblemNames as readonly unknown[]).includes(found),
    },
  },
  settings: storedSettings(trainSyntheticSettings),
  complete: true,
};

/** The lengths of a run's sequences in words; null where the problem itself draws them. */
export function lengthsInWords(problem: SyntheticProblemName, settings: SyntheticRunSettings): string | null {
  const known = problemLengths(problem);
  const said = settings.length ?? settings.lengths;
  if (known === null || said === null) return null;
  return known.counts.startsWith("steps") ? `length ${said}` : `${said} ${known.counts}`;
}
