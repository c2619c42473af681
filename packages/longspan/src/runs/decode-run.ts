import { check, checkSettings, instanceOf, oneOf, optional } from "../check/index.js";
import { checkConfig, checkHead, type RunConfig, refusing } from "./configuration.js";
import { RunError } from "./run-error.js";
import { type RunFile, runFiles } from "./run-files.js";
import type { RunKind } from "./run-kind.js";
import { parsed, type RunSource, reading } from "./run-source.js";
import { type OpenedSyntheticRun, syntheticRun } from "./synthetic-run.js";
import { type OpenedTextRun, textRun } from "./text-run.js";

/** The runs that can be opened, by their kind. */
export interface OpenedRuns {
  readonly text: OpenedTextRun;
  readonly synthetic: OpenedSyntheticRun;
}

/** The kinds of run that can be opened. */
export type RunKindName = keyof OpenedRuns;

/** The files of a run, as bytes. */
export interface RunBytes {
  /** config.json */
  readonly config: Uint8Array;
  /** vocabulary.json; only runs on texts have one. */
  readonly vocabulary?: Uint8Array;
  /** weights.safetensors */
  readonly weights: Uint8Array;
}

// A kind of run is a file and its line here.
const kinds: { readonly [K in RunKindName]: RunKind<OpenedRuns[K]> } = {
  text: textRun,
  synthetic: syntheticRun,
};
export const kindName = oneOf(...Object.keys(kinds));
const bytesKind = instanceOf(Uint8Array, "the bytes of a file, a Uint8Array");

/**
 * Opens a run whose files are at hand as bytes, as in a page that fetched them; in Node.js `openRun` takes its folder.
 *
 * @param kind of run that is wanted; of any kind if none is named
 * @throws RunError naming the file, what is wrong with it and what to do
 * @example
 * const settings = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 };
 * const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
 * const { model, params } = decodeRun(
 *   {
 *     config: bytes({ format: "longspan-run", formatVersion: 7, task: "text", settings }),
 *     vocabulary: bytes(storedVocabulary(characterVocabulary("abc"))),
 *     weights: await encodeSafetensors(textRunModel(settings, 3).init(Key.of(1))),
 *   },
 *   "text",
 * );
 */
export function decodeRun<K extends RunKindName = RunKindName>(files: RunBytes, kind?: K): OpenedRuns[K] {
  const checked = checkSettings("decodeRun", files, {
    config: bytesKind,
    vocabulary: optional(bytesKind),
    weights: bytesKind,
  });
  check("decodeRun", "kind", kind, optional(kindName));
  const bytes = (file: RunFile) => {
    const found = checked[file as keyof RunBytes];
    if (found !== undefined) return found;
    const name = runFiles[file];
    throw new RunError("contents", name, `${name} was not given`, `give its bytes as ${file}`);
  };
  return openFrom({ where: (file) => runFiles[file], bytes }, kind);
}

/** Opens a run, wherever its files come from. */
export function openFrom<K extends RunKindName>(source: RunSource, wanted?: K): OpenedRuns[K] {
  const refuse = refusing(source.where("config"));
  const config = configFrom(source);
  if (!Object.hasOwn(kinds, config.task) || (wanted !== undefined && config.task !== wanted))
    refuse({
      problem: "kind",
      what: `task is ${JSON.stringify(config.task)}, expected ${wanted === undefined ? kindName.words : JSON.stringify(wanted)}`,
      remedy: "give a run of that kind",
    });
  const kind: RunKind<OpenedRuns[K]> = kinds[config.task as K];
  return kind.open(checkConfig(config, kind.schema, refuse), source);
}

/** The configuration of a run of whatever kind. */
export function configFrom(source: RunSource): RunConfig {
  return reading(source, "config", (bytes) => checkHead(parsed(bytes), refusing(source.where("config"))));
}

/** What a configuration has to hold so that the run can be opened; null if the library knows no such kind. */
export function schemaOf(task: string) {
  return Object.hasOwn(kinds, task) ? kinds[task as RunKindName].schema : null;
}
