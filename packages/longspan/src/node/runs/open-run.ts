import { check, isRecord, kind as kindOf, optional, text } from "../../check/index.js";
import { type Vocabulary, vocabularyFrom } from "../../data/index.js";
import {
  checkConfig,
  configFrom,
  kindName,
  type OpenedRuns,
  openFrom,
  parsed,
  type RunConfig,
  type RunKindName,
  type RunSchema,
  reading,
  refusing,
} from "../../runs/index.js";
import { filesIn } from "./run-source.js";

/**
 * Opens a run for use: its model, the parameters that were kept, and the vocabulary or the problem. It reads only, so that a run can be
 * used while it is going on.
 *
 * @param folder of the run
 * @param kind of run that is wanted; of any kind if none is named, and `kind` of what is returned tells which
 * @throws RunError naming the file, what is wrong with it and what to do
 * @throws FileError if a file cannot be read
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const folder = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * const symbols = characterVocabulary("abc");
 * const settings = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 };
 * const made = createRun(folder, { task: "text", settings }, { vocabulary: storedVocabulary(symbols) });
 * await made.saveWeights(textRunModel(settings, symbols.size).init(Key.of(1)), 0);
 * made.close();
 * const { model, params, vocabulary } = openRun(folder, "text");
 * for await (const symbol of sampleSymbols(model, params, { key: Key.of(1), length: 3, prompt: vocabulary.encode("a") }))
 *   vocabulary.decode([symbol]); // a letter of "abc"
 */
export function openRun<K extends RunKindName = RunKindName>(folder: string, kind?: K): OpenedRuns[K] {
  check("openRun", "folder", folder, text);
  check("openRun", "kind", kind, optional(kindName));
  return openFrom(filesIn(folder), kind);
}

const schemaKind = kindOf(
  "the schema of a kind of run: { task, settings, complete }",
  (value) => isRecord(value) && typeof value.task === "string" && isRecord(value.settings),
);

/**
 * The configuration of a run, as config.json holds it.
 *
 * @param schema of the kind of run that it has to be of, by whose settings it is checked, and which says what runs had before a setting
 *   was there; a run of any kind will do if none is given
 * @throws RunError naming the file, the entry, what it is and what was expected
 * @throws FileError if it cannot be read
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const folder = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * createRun(folder, { task: "number", settings: { seed: 1 } }).close();
 * const whole = { expected: "a whole number", accepts: Number.isSafeInteger };
 * const schema = { task: "number", settings: { seed: whole, batch: { ...whole, before: 2 } }, complete: true };
 * readRunConfig(folder, schema).settings; // { seed: 1, batch: 2 }
 */
export function readRunConfig(folder: string, schema?: RunSchema): RunConfig {
  check("readRunConfig", "folder", folder, text);
  check("readRunConfig", "schema", schema, optional(schemaKind));
  const source = filesIn(folder);
  const config = configFrom(source);
  return schema === undefined ? config : checkConfig(config, schema, refusing(source.where("config")));
}

/**
 * The vocabulary of a run on a text.
 *
 * @throws RunError naming the file and what is wrong with it
 * @throws FileError if it cannot be read
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const folder = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * const settings = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 };
 * createRun(folder, { task: "text", settings }, { vocabulary: storedVocabulary(characterVocabulary("abc")) }).close();
 * readRunVocabulary(folder).size; // 3
 */
export function readRunVocabulary(folder: string): Vocabulary {
  check("readRunVocabulary", "folder", folder, text);
  return reading(filesIn(folder), "vocabulary", (bytes) => vocabularyFrom(parsed(bytes)));
}
