import { type LanguageModel, type OwnCellMaker, type RunEntry, type RunSchema, textRunModel } from "longspan";
import { type RunConfig, storedSettings } from "../../run-config.js";
import type { Kept } from "../../settings/training.js";
import { type TrainSettings, trainTextSettings } from "./settings.js";

/** The settings that a run on a text keeps. */
export type TextSettings = Kept<TrainSettings>;

/** The model of a run. */
export type ModelConfig = Pick<
  TextSettings,
  "cell" | "hidden" | "layers" | "features" | "dropout" | "window" | "residual" | "squash"
>;

/** The model that the settings ask for. */
export function modelConfig(settings: TextSettings): ModelConfig {
  const { cell, hidden, layers, features, dropout, window, residual, squash } = settings;
  return { cell, hidden, layers, features, dropout, window, residual, squash };
}

/** The model of a run over so many symbols. */
export function modelFor(
  settings: TextSettings,
  vocabulary: number,
  cell: OwnCellMaker | null,
): LanguageModel {
  const { start, radius, inputScale } = settings;
  return textRunModel({ ...modelConfig(settings), start, radius, inputScale }, vocabulary, cell);
}

/** What config.json holds. */
export interface TextRunConfig extends RunConfig {
  readonly task: "text";
  readonly text: {
    /** Where it was at the start. */
    readonly path: string;
    /** By which it is known again, in hexadecimal digits. */
    readonly sha256: string;
    readonly characters: number;
  };
  readonly settings: TextSettings;
}

const text: RunEntry = { expected: "a text", accepts: (found) => typeof found === "string" };

/** By which a config.json is checked. */
export const textSchema: RunSchema = {
  task: "text",
  entries: {
    "text.path": text,
    "text.sha256": text,
    "text.characters": { expected: "a whole number", accepts: Number.isSafeInteger },
  },
  settings: storedSettings(trainTextSettings),
  complete: true,
};
