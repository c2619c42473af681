import { check, checkSettings, having, isRecord, kind as kindOf, optional, text } from "../../check/index.js";
import { type Vocabulary, vocabularyFrom } from "../../data/index.js";
import {
  checkConfig,
  configFrom,
  type KeptWeights,
  keptWeights,
  type OpenedRun,
  type OpenedRuns,
  type OpenOptions,
  openFrom,
  openKinds,
  parsed,
  type RunConfig,
  type RunKind,
  type RunKindName,
  type RunSchema,
  reading,
  refusing,
  type WantedKind,
  wantedKind,
} from "../../runs/index.js";
import type { Key } from "../../tensor/index.js";
import { filesIn } from "./run-source.js";

/**
 * Opens a run for use: its model, the parameters that were kept, and the vocabulary or the problem. It reads only, so that a run can be
 * used while it is going on.
 *
 * @param folder of the run
 * @param kind of run that is wanted, by its name or, for a kind of your own, by what opens it; of any kind if none is named, and `kind` of
 *   what is returned tells which
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
export function openRun<K extends RunKindName = RunKindName>(
  folder: string,
  kind?: K,
  options?: OpenOptions,
): OpenedRuns[K];
export function openRun<R extends OpenedRun>(folder: string, kind: RunKind<R>, options?: OpenOptions): R;
export function openRun(folder: string, kind?: WantedKind, options?: OpenOptions): OpenedRun {
  check("openRun", "folder", folder, text);
  check("openRun", "kind", kind, optional(wantedKind));
  return openFrom(filesIn(folder), kind, checkSettings("openRun", options, openKinds));
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

const templateKind = having("a model, or something else with a function init", "init");

/**
 * The parameters that a run kept, for a model that is at hand.
 *
 * @param template a model whose parameters have the names and shapes of those in the file
 * @throws RunError if there are none yet, or they are of another model
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const folder = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * const layer = linear({ input: 2, output: 1 });
 * const run = createRun(folder, { task: "line", settings: {} });
 * await run.saveWeights(layer.init(Key.of(1)), 10);
 * run.close();
 * readRunWeights(folder, layer).step; // 10
 */
export function readRunWeights<P>(folder: string, template: { init(key: Key): P }): KeptWeights<P> {
  check("readRunWeights", "folder", folder, text);
  check("readRunWeights", "template", template, templateKind);
  return keptWeights(filesIn(folder), template);
}
