import { type LanguageModel, type LanguageModelCell, languageModel } from "longspan";
import { type TrainSettings, trainTextSettings } from "./settings/train-text.js";

/** Settings of this one command rather than of the run. */
const passing = ["out", "resume", "force", "config", "json"] as const;

/** The settings that a run keeps. */
export type RunSettings = Omit<TrainSettings, (typeof passing)[number]>;

/** The model of a run. */
export type ModelConfig = Pick<RunSettings, "cell" | "hidden" | "layers" | "embed" | "dropout">;

/** The model that the settings ask for. */
export function modelConfig({ cell, hidden, layers, embed, dropout }: RunSettings): ModelConfig {
  return { cell, hidden, layers, embed, dropout };
}

/** The model of a run over so many symbols. */
export function modelFor(settings: RunSettings, vocabulary: number): LanguageModel {
  const { cell: name, ...sizes } = modelConfig(settings);
  const cell = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) as LanguageModelCell;
  return languageModel({ ...sizes, cell, vocabulary });
}

/** What config.json holds. */
export interface RunConfig {
  readonly format: "longspan-run";
  readonly formatVersion: 2;
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

/** The settings of a command that the run keeps. */
export function runSettings(settings: TrainSettings): RunSettings {
  const kept = Object.entries(settings).filter(([key]) => !(passing as readonly string[]).includes(key));
  return Object.fromEntries(kept) as unknown as RunSettings;
}

/** Checks what was read from a config.json. @throws TypeError naming the entry, what it is and what was expected. */
export function checkConfig(value: unknown): RunConfig {
  const config = (value ?? {}) as RunConfig;
  const expect = (what: string, found: unknown, right: boolean, expected: string) => {
    if (!right) throw new TypeError(`${what} is ${JSON.stringify(found)}, expected ${expected}`);
  };
  expect("format", config.format, config.format === "longspan-run", '"longspan-run"');
  expect("formatVersion", config.formatVersion, config.formatVersion === 2, "2");
  expect("task", config.task, config.task === "text", '"text"');
  const text: Partial<RunConfig["text"]> = config.text ?? {};
  for (const name of ["path", "sha256"] as const)
    expect(`text.${name}`, text[name], typeof text[name] === "string", "a text");
  expect("text.characters", text.characters, Number.isSafeInteger(text.characters), "a whole number");
  const settings: Readonly<Record<string, unknown>> = { ...config.settings };
  for (const [key, { kind }] of Object.entries(trainTextSettings)) {
    if ((passing as readonly string[]).includes(key)) continue;
    const found = settings[key];
    const right = found === null ? kind.nullable === true : kind.accept(found) !== undefined;
    expect(`settings.${key}`, found, right, `${kind.expected}${kind.nullable ? ", or null" : ""}`);
  }
  return config;
}
