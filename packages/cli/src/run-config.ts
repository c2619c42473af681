import {
  type LanguageModel,
  type LanguageModelCell,
  type LanguageModelLayerSizes,
  languageModel,
  recurrent,
  rnn,
  sutskeverStart,
} from "longspan";
import { libraryName } from "./settings/cells.js";
import { suggestion } from "./settings/nearest.js";
import type { Table } from "./settings/setting.js";
import { type TrainSettings, trainTextSettings } from "./settings/train-text.js";
import { type Kept, passing } from "./settings/training.js";

/** The settings that a run keeps. */
export type RunSettings = Kept<TrainSettings>;

/** The model of a run. */
export type ModelConfig = Pick<RunSettings, "cell" | "hidden" | "layers" | "features" | "dropout">;

/** The model that the settings ask for. */
export function modelConfig({ cell, hidden, layers, features, dropout }: RunSettings): ModelConfig {
  return { cell, hidden, layers, features, dropout };
}

/** The model of a run over so many symbols. */
export function modelFor(settings: RunSettings, vocabulary: number): LanguageModel {
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
export interface RunConfig {
  readonly format: "longspan-run";
  readonly formatVersion: 7;
  readonly task: "text";
  readonly text: {
    /** Where it was at the start. */
    readonly path: string;
    /** By which it is known again, in hexadecimal digits. */
    readonly sha256: string;
    readonly characters: number;
  };
  readonly settings: RunSettings;
}

/** Checks what was read from a config.json. @throws TypeError naming the entry, what it is and what was expected. */
export function checkConfig(value: unknown): RunConfig {
  const config = (value ?? {}) as RunConfig;
  checkHead(config, "text");
  const text: Partial<RunConfig["text"]> = config.text ?? {};
  for (const name of ["path", "sha256"] as const)
    expect(`text.${name}`, text[name], typeof text[name] === "string", "a text");
  expect("text.characters", text.characters, Number.isSafeInteger(text.characters), "a whole number");
  checkSettings(trainTextSettings, config.settings);
  return config;
}

/** Checks what every config.json begins with. @throws TypeError as `checkConfig` */
export function checkHead(
  config: { readonly format: string; readonly formatVersion: number; readonly task: string },
  task: string,
): void {
  expect("format", config.format, config.format === "longspan-run", '"longspan-run"');
  expect("formatVersion", config.formatVersion, config.formatVersion === 7, "7");
  expect("task", config.task, config.task === task, JSON.stringify(task));
}

/** Checks stored settings against their table. @throws TypeError as `checkConfig` */
export function checkSettings(table: Table, stored: object): void {
  const settings: Readonly<Record<string, unknown>> = { ...stored };
  const kept = Object.keys(table).filter((key) => !(passing as readonly string[]).includes(key));
  for (const key of Object.keys(settings))
    if (!kept.includes(key))
      throw new TypeError(
        `settings.${key} is unknown to this version of longspan${suggestion(key, kept)}; use the version that made the run or, if the entry was added by hand, take it out`,
      );
  for (const key of kept) {
    const { kind } = table[key]!;
    const found = settings[key];
    const right = found === null ? kind.nullable === true : kind.accept(found) !== undefined;
    expect(`settings.${key}`, found, right, `${kind.expected}${kind.nullable ? ", or null" : ""}`);
  }
}

/** @throws TypeError naming an entry, what it is and what was expected, unless that is so */
export function expect(what: string, found: unknown, right: boolean, expected: string): void {
  if (!right) throw new TypeError(`${what} is ${JSON.stringify(found)}, expected ${expected}`);
}
