import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { check, text } from "../../check/index.js";
import { type Vocabulary, vocabularyFrom } from "../../data/index.js";
import { decodeSafetensors, loadInto } from "../../io/index.js";
import {
  type LanguageModel,
  type LanguageModelCell,
  type LanguageModelParams,
  languageModel,
} from "../../nn/index.js";
import { Key, leaves, type Tensor } from "../../tensor/index.js";
import { fileReason, onFile } from "../file-error.js";
import { RunError } from "./run-error.js";
import { runFiles } from "./run-files.js";

/** A run on a text, opened for use. */
export interface OpenedRun {
  readonly kind: "text";
  /** What config.json holds. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly vocabulary: Vocabulary;
  readonly model: LanguageModel;
  /** The parameters that the run kept; the caller's, to be disposed of. */
  readonly params: LanguageModelParams;
  /** Steps of training that they have had; null if the file does not say. */
  readonly step: number | null;
}

/** The version of config.json that this library reads. */
const formatVersion = 7;

/**
 * Opens a language model that `longspan train text` trained: its vocabulary, its model, and the parameters that were kept. It reads only,
 * so that a run can be used while it is going on.
 *
 * @param folder of the run
 * @throws RunError naming the file, what is wrong with it and what to do
 * @throws FileError if a file cannot be read
 * @example
 * const { mkdtempSync, writeFileSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const folder = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * const symbols = characterVocabulary("abc");
 * const sizes = { hidden: 8, features: 4, layers: 1, dropout: 0 };
 * const net = languageModel({ ...sizes, vocabulary: symbols.size, cell: "lstm" });
 * const config = { format: "longspan-run", formatVersion: 7, task: "text", settings: { ...sizes, cell: "lstm" } };
 * writeFileSync(`${folder}/config.json`, JSON.stringify(config));
 * writeFileSync(`${folder}/vocabulary.json`, JSON.stringify(storedVocabulary(symbols)));
 * writeFileSync(`${folder}/weights.safetensors`, await encodeSafetensors(net.init(Key.of(1))));
 * const { model, params, vocabulary } = openRun(folder);
 * for await (const symbol of sampleSymbols(model, params, { key: Key.of(1), length: 3, prompt: vocabulary.encode("a") }))
 *   vocabulary.decode([symbol]); // a letter of "abc"
 */
export function openRun(folder: string): OpenedRun {
  check("openRun", "folder", folder, text);
  if (!existsSync(join(folder, runFiles.config)))
    throw new RunError(
      folder,
      `it has no ${runFiles.config}`,
      "give the folder of a run, as longspan train text makes it",
    );
  const config = reading(folder, "config", parsed) as Readonly<Record<string, unknown>> | null;
  const file = join(folder, runFiles.config);
  const expect = (name: string, expected: unknown, remedy: string) => {
    const found = config?.[name];
    if (found !== expected)
      throw new RunError(
        file,
        `${name} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
        remedy,
      );
  };
  expect("format", "longspan-run", "give the folder of a run");
  expect("formatVersion", formatVersion, "use the version of longspan that made the run");
  expect("task", "text", "openRun opens language models; longspan inspect looks at other runs");
  if (!existsSync(join(folder, runFiles.weights)))
    throw new RunError(
      folder,
      `it holds no trained model yet`,
      `wait: ${runFiles.weights} is written at the first validation and at the end of a run`,
    );
  const vocabulary = reading(folder, "vocabulary", (bytes) => vocabularyFrom(parsed(bytes)));
  const model = reading(folder, "config", () => modelOf(config!.settings as ModelSettings, vocabulary.size));
  const form = model.init(Key.of(0));
  try {
    return reading(folder, "weights", (bytes) => {
      const stored = decodeSafetensors(bytes);
      const step = Number(stored.metadata.get("step") ?? Number.NaN);
      const params = loadInto(form, stored);
      return {
        kind: "text",
        config: config!,
        vocabulary,
        model,
        params,
        step: Number.isFinite(step) ? step : null,
      };
    });
  } finally {
    for (const t of leaves(form)) (t as Tensor).dispose();
  }
}

/** What a configuration says of the model. How its parameters started does not matter here. */
interface ModelSettings {
  readonly cell: string;
  readonly hidden: number;
  readonly layers: number;
  readonly features: number;
  readonly dropout: number;
}

/** The model by its settings; configurations spell cells with hyphens: `gru-reset-after` is gruResetAfter. */
function modelOf(
  { cell: spelt, hidden, layers, features, dropout }: ModelSettings,
  vocabulary: number,
): LanguageModel {
  const cell = spelt.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) as LanguageModelCell;
  return languageModel({ cell, hidden, layers, features, dropout, vocabulary });
}

/** What is made of a file of a run. @throws RunError if nothing can be made of it */
function reading<T>(folder: string, name: keyof typeof runFiles, make: (bytes: Uint8Array) => T): T {
  const file = join(folder, runFiles[name]);
  const bytes = onFile("read", file, () => readFileSync(file));
  try {
    return make(bytes);
  } catch (error) {
    throw new RunError(
      file,
      fileReason(error),
      "the file is damaged, or is of another run; put back the run's own",
    );
  }
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
