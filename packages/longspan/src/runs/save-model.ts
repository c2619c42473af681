import { check, checkSettings, count, isRecord, kind as kindOf, optional, orNull } from "../check/index.js";
import { encodeSafetensors } from "../io/index.js";
import { encodeUtf8 } from "../io/utf8.js";
import { treeKind } from "../tensor/kinds.js";
import { type Complaint, checkConfig, checkHead, type RunContent, runHead } from "./configuration.js";
import {
  bytesKind,
  kindNamed,
  type OpenedRuns,
  openFrom,
  openKinds,
  type RunKindName,
  type WantedKind,
  wantedKind,
} from "./decode-run.js";
import { damagedRemedy, modelFile, packModel, unpackModel } from "./model-file.js";
import { RunError } from "./run-error.js";
import { type RunFile, runFiles } from "./run-files.js";
import type { OpenedRun, OpenOptions, RunEncoding, RunKind } from "./run-kind.js";

/** What `saveModel` needs of a run; of a kind that has one, also what puts inputs into numbers, under the name that an opened run has it. */
export interface RunToSave {
  /** The kind of run, its settings, and what else config.json holds. */
  readonly config: RunContent;
  readonly params: object;
  /** Steps of training; null or absent if they are not known. */
  readonly step?: number | null;
}

/**
 * A trained model as one file: a safetensors file that holds architecture, settings, vocabulary, tokenizer or scaling, and weights, with a
 * version and a checksum. `openModel` opens it, in Node.js and in a page; other programs read its weights as those of any safetensors file.
 *
 * The file holds no code: of a cell of the user's it has the name, and `openModel` takes the cell.
 *
 * @param run as `openRun` gives it, or made in a program: `{ config: { task, settings }, params }` and, by kind, `vocabulary`, `encoding` or `setup`
 * @param kind of a run of a kind of your own: what opens it
 * @throws TypeError naming what is missing or wrong
 * @example
 * const vocabulary = characterVocabulary("abc");
 * const settings = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 };
 * const params = textRunModel(settings, vocabulary.size).init(Key.of(1));
 * const file = await saveModel({ config: { task: "text", settings }, vocabulary, params, step: 100 });
 * openModel(file, "text").vocabulary.symbols; // [ "a", "b", "c" ]
 */
export async function saveModel<R extends RunToSave>(
  run: R,
  kind?: RunKind<R & OpenedRun>,
): Promise<Uint8Array> {
  check("saveModel", "run", run, runKind);
  check("saveModel", "kind", kind, optional(ownKind));
  check("saveModel", "run.params", run.params, treeKind);
  check("saveModel", "run.step", run.step, optional(orNull(count)));
  const refuse = ({ what }: Complaint): never => {
    throw new TypeError(`saveModel: run.config: ${what}`);
  };
  const content = checkHead({ ...runHead, ...run.config }, refuse);
  const known = (kind ?? kindNamed(content.task)) as RunKind<OpenedRun> | undefined;
  const config = known ? checkConfig(content, known.schema, refuse) : content;
  const { step } = run;
  const vocabulary = known?.encoding && encodingOf(run, known.encoding);
  return packModel({
    config: json(config),
    ...(vocabulary ? { vocabulary: json(vocabulary) } : {}),
    weights: await encodeSafetensors(run.params, typeof step === "number" ? { step: String(step) } : {}),
  });
}

const ownKind = kindOf(
  "a kind of your own { schema, open }; one of the library's is known by the run's configuration",
  (value) => isRecord(value) && isRecord(value.schema) && typeof value.open === "function",
);
const runKind = kindOf(
  "an opened run, or a record { config: { task, settings }, params }",
  (value) => isRecord(value) && isRecord(value.config),
);

function encodingOf(
  run: object,
  { name, expected, accepts, stored = (same: object) => same }: RunEncoding,
): object {
  const encoding = (run as Readonly<Record<string, unknown>>)[name];
  check("saveModel", `run.${name}`, encoding, kindOf(expected, accepts));
  return stored(encoding);
}

function json(value: object): Uint8Array {
  return encodeUtf8(`${JSON.stringify(value)}\n`);
}

/**
 * Opens a model file for use, as `openRun` opens the folder of a run: its model, the parameters, the vocabulary or what else the kind has;
 * it predicts, streams and draws the same numbers.
 *
 * @param bytes the whole file
 * @param kind of run that is wanted, by its name or, for a kind of your own, by what opens it; of any kind if none is named
 * @param options of a model whose cell is the user's own: the cell
 * @throws RunError saying what is wrong with the file and what to do
 * @example
 * const problem = syntheticRunProblem("adding", { length: 20, lengths: null });
 * const settings = { cell: "gru", hidden: 8, length: 20, lengths: null };
 * const params = syntheticRunModel({ cell: "gru", hidden: 8 }, problem).init(Key.of(1));
 * const file = await saveModel({ config: { task: "synthetic", problem: "adding", settings }, params });
 * const opened = openModel(file, "synthetic");
 * opened.model.stream(opened.params).step([0.5, 1]); // Float32Array [ 0.1 ]
 */
export function openModel<K extends RunKindName = RunKindName>(
  bytes: Uint8Array,
  kind?: K,
  options?: OpenOptions,
): OpenedRuns[K];
export function openModel<R extends OpenedRun>(bytes: Uint8Array, kind: RunKind<R>, options?: OpenOptions): R;
export function openModel(bytes: Uint8Array, kind?: WantedKind, options?: OpenOptions): OpenedRun {
  check("openModel", "bytes", bytes, bytesKind);
  check("openModel", "kind", kind, optional(wantedKind));
  const settled = checkSettings("openModel", options, openKinds);
  const files = unpackModel(bytes) as { readonly [F in RunFile]?: Uint8Array };
  const where = (file: RunFile) => (file === "weights" ? modelFile : `${modelFile}, ${runFiles[file]}`);
  const source = {
    where,
    remedy: damagedRemedy,
    bytes(file: RunFile) {
      const found = files[file];
      if (found) return found;
      throw new RunError("contents", where(file), `${where(file)} is missing`, damagedRemedy);
    },
  };
  return openFrom(source, kind, settled);
}
