import {
  type LanguageModel,
  type LanguageModelCell,
  type LanguageModelLayerSizes,
  languageModel,
  recurrent,
  rnn,
  sutskeverStart,
} from "longspan";
import { checkHead, checkSettings, expect, type RunConfig } from "../../run-config.js";
import { libraryName } from "../../settings/cells.js";
import type { Kept } from "../../settings/training.js";
import { type TrainSettings, trainTextSettings } from "./settings.js";

/** The settings that a run on a text keeps. */
export type TextSettings = Kept<TrainSettings>;

/** The model of a run. */
export type ModelConfig = Pick<TextSettings, "cell" | "hidden" | "layers" | "features" | "dropout">;

/** The model that the settings ask for. */
export function modelConfig({ cell, hidden, layers, features, dropout }: TextSettings): ModelConfig {
  return { cell, hidden, layers, features, dropout };
}

/** The model of a run over so many symbols. */
export function modelFor(settings: TextSettings, vocabulary: number): LanguageModel {
  const { cell: name, ...sizes } = modelConfig(settings);
  const { start, radius, inputScale } = settings;
  const cell =
    start === "cell"
      ? libraryName<LanguageModelCell>(name)
      : ({ input, hidden }: LanguageModelLayerSizes) =>
          recurrent(rnn({ input, hidden, ...sutskeverStart({ input, hidden, radius, inputScale }) }));
  return languageModel({ ...sizes, cell, vocabulary });
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

/** Checks what was read from a config.json. @throws TypeError naming the entry, what it is and what was expected. */
export function checkTextConfig(value: unknown): TextRunConfig {
  const config = (value ?? {}) as TextRunConfig;
  checkHead(config, "text");
  const text: Partial<TextRunConfig["text"]> = config.text ?? {};
  for (const name of ["path", "sha256"] as const)
    expect(`text.${name}`, text[name], typeof text[name] === "string", "a text");
  expect("text.characters", text.characters, Number.isSafeInteger(text.characters), "a whole number");
  return { ...config, settings: checkSettings(trainTextSettings, config.settings) };
}
