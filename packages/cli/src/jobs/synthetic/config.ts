import {
  centred,
  type Lengths,
  namedCell,
  namedProblem,
  pascanuRnn,
  recurrent,
  type SequenceLayer,
  type SequenceModel,
  type SyntheticProblem,
  type SyntheticProblemName,
  sequenceModel,
  stacked,
  sutskeverRnn,
  syntheticProblemNames,
} from "longspan";
import { suggestion } from "longspan/node";
import { exitCode, Failure } from "../../failure.js";
import { checkHead, checkSettings, expect, type RunConfig } from "../../run-config.js";
import { libraryName } from "../../settings/cells.js";
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

/** Parameters of the recurrent layer, whichever cell it has. */
export type LayerParams = Readonly<Record<string, never>>;

/** @throws Failure if there is no such problem */
export function problemName(given: string): SyntheticProblemName {
  const name = syntheticProblemNames.find((known) => known === given);
  if (name === undefined)
    throw new Failure(
      `there is no task ${given}${suggestion(given, syntheticProblemNames)}; the tasks are ${syntheticProblemNames.join(", ")}`,
      exitCode.usage,
    );
  return name;
}

/** The problem of a run. @throws Failure if it has no such length */
export function problemOf({ problem, settings }: SyntheticRunConfig): SyntheticProblem {
  const { length, lengths } = settings;
  const wanted: Lengths = length ?? (lengths!.split("-").map(Number) as [number, number]);
  try {
    const found = namedProblem(problem, wanted);
    return settings.centred ? centred(found) : found;
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(error.message, exitCode.usage);
    throw error;
  }
}

const starts = { sigmoid: "sigmoid", "basic-tanh": "basic_tanh", "smart-tanh": "smart_tanh" } as const;

/** The model that the settings ask for. */
export function syntheticModel(
  { cell, hidden, layers, start, radius, inputScale }: SyntheticRunSettings,
  { input, output }: SyntheticProblem,
): SequenceModel<LayerParams> {
  const model =
    start === "cell"
      ? sequenceModel({
          layer: layersOf(cell, layers, input, hidden),
          features: hidden,
          output,
        })
      : start === "sparse-2013"
        ? sutskeverRnn({ input, output, hidden, radius, inputScale })
        : pascanuRnn({ input, output, hidden, start: starts[start] });
  // What the parameters are called differs from cell to cell; here they are a tree like any other.
  return model as unknown as SequenceModel<LayerParams>;
}

/** One layer, or a stack of several. */
function layersOf(cell: SyntheticRunSettings["cell"], count: number, input: number, hidden: number) {
  const name = libraryName(cell);
  const each = Array.from({ length: count }, (_, k) =>
    recurrent(namedCell(name, { input: k === 0 ? input : hidden, hidden })),
  );
  return (count === 1 ? each[0]! : stacked(each)) as unknown as SequenceLayer<LayerParams, unknown>;
}

/** Checks what was read from a config.json. @throws TypeError naming the entry, what it is and what was expected. */
export function checkSyntheticConfig(value: unknown): SyntheticRunConfig {
  const config = (value ?? {}) as SyntheticRunConfig;
  checkHead(config, "synthetic");
  const known = syntheticProblemNames.includes(config.problem);
  expect("problem", config.problem, known, `one of ${syntheticProblemNames.join(", ")}`);
  return { ...config, settings: checkSettings(trainSyntheticSettings, config.settings) };
}
