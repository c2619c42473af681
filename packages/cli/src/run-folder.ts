import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join, parse } from "node:path";
import {
  decodeSafetensors,
  encodeSafetensors,
  Key,
  type LanguageModel,
  type LanguageModelCell,
  type LanguageModelParams,
  languageModel,
  leaves,
  loadInto,
  type StoredVocabulary,
  type Tensor,
  type Vocabulary,
  vocabularyFrom,
} from "longspan";
import { Failure, reason } from "./failure.js";
import { replaceFile } from "./write-file.js";

/** What config.json holds. */
export interface RunConfig {
  readonly format: "longspan-run";
  readonly formatVersion: 1;
  readonly task: "text";
  readonly text: { readonly path: string; readonly characters: number; readonly validFraction: number };
  readonly model: ModelConfig;
  readonly training: {
    readonly seq: number;
    readonly batch: number;
    readonly steps?: number;
    readonly minutes?: number;
    readonly lr: number;
    readonly warmUp: number;
    readonly clip: number;
  };
  readonly seed: number;
}

/** The model of a run. */
export interface ModelConfig {
  readonly cell: LanguageModelCell;
  readonly hidden: number;
  readonly layers: number;
  readonly embed: number;
  readonly dropout: number;
}

const names = {
  config: "config.json",
  vocabulary: "vocabulary.json",
  weights: "weights.safetensors",
  metrics: "metrics.jsonl",
} as const;

/** The folder of a run that is going on. */
export interface RunWriter {
  readonly path: string;
  /** The step whose weights are in the folder; null before the first. */
  readonly savedStep: number | null;
  /** Replaces the weights; the old ones stay until the new ones are safe. */
  saveWeights(params: LanguageModelParams, step: number): Promise<void>;
  /** Adds one object to the metrics. */
  addMetrics(metrics: object): void;
  close(): void;
}

/**
 * The folder for a new run: the one given, or, if none is, the first of runs/NAME, runs/NAME-2, ... without a trained
 * model. @throws Failure if the folder holds a trained model and `force` is not set, or things that are not a run's.
 */
export function chooseFolder(given: string | undefined, textPath: string, force: boolean): string {
  if (given !== undefined) {
    checkFolder(given, force);
    return given;
  }
  const base = join("runs", parse(textPath).name || "text");
  for (let k = 1; ; k++) {
    const path = k === 1 ? base : `${base}-${k}`;
    if (contentsOf(path) !== "other" && !existsSync(join(path, names.weights))) return path;
  }
}

function checkFolder(path: string, force: boolean): void {
  const contents = contentsOf(path);
  if (contents === "other")
    throw new Failure(`${path} is not empty and holds no run; choose another folder with --out`);
  if (!force && existsSync(join(path, names.weights)))
    throw new Failure(
      `${path} holds a trained model already; choose another folder with --out, or replace the model with --force`,
    );
}

function contentsOf(path: string): "nothing" | "run" | "other" {
  let entries: string[];
  try {
    entries = readdirSync(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "nothing";
    throw new Failure(`cannot write to ${path}: ${reason(error)}`);
  }
  if (entries.length === 0) return "nothing";
  try {
    readConfig(path);
    return "run";
  } catch {
    return "other";
  }
}

/** Makes the folder and writes what is known at the start. A model that was there is removed. */
export function createRun(path: string, config: RunConfig, vocabulary: StoredVocabulary): RunWriter {
  const file = (name: keyof typeof names) => join(path, names[name]);
  const writing = <T>(f: () => T): T => {
    try {
      return f();
    } catch (error) {
      throw new Failure(`cannot write to ${path}: ${reason(error)}`);
    }
  };
  const metrics = writing(() => {
    mkdirSync(path, { recursive: true });
    rmSync(file("weights"), { force: true });
    replaceFile(file("config"), `${JSON.stringify(config, null, 2)}\n`);
    replaceFile(file("vocabulary"), `${JSON.stringify(vocabulary)}\n`);
    return openSync(file("metrics"), "w");
  });
  let savedStep: number | null = null;
  return {
    path,
    get savedStep() {
      return savedStep;
    },
    async saveWeights(params, step) {
      const bytes = await encodeSafetensors(params, { step: String(step) });
      writing(() => {
        fsyncSync(metrics);
        replaceFile(file("weights"), bytes);
      });
      savedStep = step;
    },
    addMetrics(object) {
      writing(() => writeSync(metrics, `${JSON.stringify(object)}\n`));
    },
    close() {
      closeSync(metrics);
    },
  };
}

/** A trained model, from its run's folder. */
export interface TrainedRun {
  readonly config: RunConfig;
  readonly vocabulary: Vocabulary;
  readonly model: LanguageModel;
  readonly params: LanguageModelParams;
}

/** Reads a run's folder. @throws Failure naming the file and what is wrong with it. */
export function readRun(path: string): TrainedRun {
  const config = readConfig(path);
  const vocabulary = reading(path, "vocabulary", (bytes) => vocabularyFrom(parseJson(bytes)));
  if (!existsSync(join(path, names.weights)))
    throw new Failure(
      `${path} holds no trained model yet: ${names.weights} is written at the first validation and at the end of a run`,
    );
  const model = languageModel({ ...config.model, vocabulary: vocabulary.size });
  const form = model.init(Key.of(0));
  try {
    const params = reading(path, "weights", (bytes) => loadInto(form, decodeSafetensors(bytes)));
    return { config, vocabulary, model, params };
  } finally {
    for (const t of leaves(form)) (t as Tensor).dispose();
  }
}

function reading<T>(path: string, name: keyof typeof names, f: (bytes: Uint8Array) => T): T {
  const file = join(path, names[name]);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${reason(error)}`);
  }
  try {
    return f(bytes);
  } catch (error) {
    throw new Failure(`${file}: ${reason(error)}`);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function readConfig(path: string): RunConfig {
  if (!existsSync(path)) throw new Failure(`there is no folder ${path}; see longspan train text --help`);
  if (!existsSync(join(path, names.config)))
    throw new Failure(`${path} is not the folder of a run: it has no ${names.config}`);
  return reading(path, "config", (bytes) => checkConfig(parseJson(bytes)));
}

function checkConfig(value: unknown): RunConfig {
  const config = (value ?? {}) as RunConfig;
  const expect = (what: string, found: unknown, right: boolean, expected: string) => {
    if (!right) throw new TypeError(`${what} is ${JSON.stringify(found)}, expected ${expected}`);
  };
  expect("format", config.format, config.format === "longspan-run", '"longspan-run"');
  expect("formatVersion", config.formatVersion, config.formatVersion === 1, "1");
  expect("task", config.task, config.task === "text", '"text"');
  const model: Partial<ModelConfig> = config.model ?? {};
  for (const name of ["hidden", "layers", "embed"] as const)
    expect(
      `model.${name}`,
      model[name],
      Number.isInteger(model[name]) && model[name]! > 0,
      "a whole number of at least 1",
    );
  expect("model.cell", model.cell, cells.includes(model.cell!), `one of ${cells.join(", ")}`);
  expect("model.dropout", model.dropout, model.dropout! >= 0 && model.dropout! < 1, "a number in [0, 1)");
  return config;
}

/** Cells to choose from. */
export const cells: readonly LanguageModelCell[] = ["lstm", "gru", "rnn"];
