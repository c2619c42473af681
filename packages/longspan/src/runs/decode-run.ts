import {
  check,
  checkSettings,
  func,
  instanceOf,
  isRecord,
  type KindsOf,
  kind as kindOf,
  oneOf,
  optional,
} from "../check/index.js";
import { isOwnCell } from "./cell-names.js";
import { classifyRun, type OpenedClassifyRun } from "./classify-run.js";
import { checkConfig, checkHead, type RunConfig, refusing } from "./configuration.js";
import { type OpenedPairsRun, pairsRun } from "./pairs-run.js";
import { RunError } from "./run-error.js";
import { type RunFile, runFiles } from "./run-files.js";
import type { OpenedRun, OpenOptions, RunKind } from "./run-kind.js";
import { parsed, type RunSource, reading } from "./run-source.js";
import { type OpenedSeriesRun, seriesRun } from "./series-run.js";
import { type OpenedSyntheticRun, syntheticRun } from "./synthetic-run.js";
import { type OpenedTagRun, tagRun } from "./tag-run.js";
import { type OpenedTextRun, textRun } from "./text-run.js";
import { type OpenedTreesRun, treesRun } from "./trees-run.js";

/** The runs that can be opened, by their kind. */
export interface OpenedRuns {
  readonly text: OpenedTextRun;
  readonly synthetic: OpenedSyntheticRun;
  readonly classify: OpenedClassifyRun;
  readonly trees: OpenedTreesRun;
  readonly tag: OpenedTagRun;
  readonly series: OpenedSeriesRun;
  readonly pairs: OpenedPairsRun;
}

/** The kinds of run that can be opened. */
export type RunKindName = keyof OpenedRuns;

/** The files of a run, as bytes. */
export interface RunBytes {
  /** config.json */
  readonly config: Uint8Array;
  /** vocabulary.json; runs on synthetic problems have none. */
  readonly vocabulary?: Uint8Array;
  /** weights.safetensors */
  readonly weights: Uint8Array;
}

// A kind of run is a file and its line here.
const kinds: { readonly [K in RunKindName]: RunKind<OpenedRuns[K]> } = {
  text: textRun,
  synthetic: syntheticRun,
  classify: classifyRun,
  trees: treesRun,
  tag: tagRun,
  series: seriesRun,
  pairs: pairsRun,
};
const kindName = oneOf(...Object.keys(kinds));
/** Which kind of run is wanted: by its name, or by what opens it. */
export const wantedKind = kindOf(
  `${kindName.words}, or a kind of your own { schema, open }`,
  (value) => kindName.accepts(value) || (isRecord(value) && typeof value.open === "function"),
);
export const openKinds: KindsOf<OpenOptions> = { cell: optional(func), tokenizer: optional(func) };
export const bytesKind = instanceOf(Uint8Array, "the bytes of a file, a Uint8Array");

/**
 * Opens a run whose files are at hand as bytes, as in a page that fetched them; in Node.js `openRun` takes its folder.
 *
 * @param kind of run that is wanted, by its name or, for a kind of your own, by what opens it; of any kind if none is named
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
export function decodeRun<K extends RunKindName = RunKindName>(
  files: RunBytes,
  kind?: K,
  options?: OpenOptions,
): OpenedRuns[K];
export function decodeRun<R extends OpenedRun>(files: RunBytes, kind: RunKind<R>, options?: OpenOptions): R;
export function decodeRun(files: RunBytes, kind?: WantedKind, options?: OpenOptions): OpenedRun {
  const checked = checkSettings("decodeRun", files, {
    config: bytesKind,
    vocabulary: optional(bytesKind),
    weights: bytesKind,
  });
  check("decodeRun", "kind", kind, optional(wantedKind));
  const settled = checkSettings("decodeRun", options, openKinds);
  const bytes = (file: RunFile) => {
    const found = checked[file as keyof RunBytes];
    if (found !== undefined) return found;
    const name = runFiles[file];
    throw new RunError("contents", name, `${name} was not given`, `give its bytes as ${file}`);
  };
  return openFrom({ where: (file) => runFiles[file], bytes }, kind, settled);
}

/** A kind of run by its name, or of the user's own. */
export type WantedKind = RunKindName | RunKind<OpenedRun>;

/** Opens a run, wherever its files come from. */
export function openFrom(source: RunSource, wanted: WantedKind | undefined, options: OpenOptions): OpenedRun {
  const file = source.where("config");
  const refuse = refusing(file);
  const config = configFrom(source);
  const { task } = config;
  const kind = typeof wanted === "object" ? wanted : kindNamed(task);
  const name = typeof wanted === "object" ? wanted.schema.task : wanted;
  if (kind === undefined || (name !== undefined && task !== name))
    return refuse({
      problem: "kind",
      what: `task is ${JSON.stringify(task)}, expected ${name === undefined ? kindName.words : JSON.stringify(name)}`,
      remedy: "give a run of that kind",
    });
  const checked = checkConfig(config, kind.schema, refuse);
  const { cell } = checked.settings;
  if (typeof cell === "string" && isOwnCell(cell) && !options.cell)
    throw new RunError(
      "no cell",
      file,
      `${file}: settings.cell is ${JSON.stringify(cell)}, a cell of your own, which was not handed over`,
      `give what the run's ${runFiles.cell} exports as the option cell`,
    );
  return kind.open(checked, source, options);
}

/** The configuration of a run of whatever kind. */
export function configFrom(source: RunSource): RunConfig {
  return reading(source, "config", (bytes) => checkHead(parsed(bytes), refusing(source.where("config"))));
}

/** A kind of run that the library can open. */
export function kindNamed(task: string): RunKind<OpenedRun> | undefined {
  return Object.hasOwn(kinds, task) ? kinds[task as RunKindName] : undefined;
}

/** What a configuration has to hold so that the run can be opened; null if the library knows no such kind. */
export function schemaOf(task: string) {
  return kindNamed(task)?.schema ?? null;
}
