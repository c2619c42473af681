import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  decodeSafetensors,
  encodeSafetensors,
  Key,
  leaves,
  loadInto,
  type StoredVocabulary,
  type Tensor,
  type Vocabulary,
  vocabularyFrom,
} from "longspan";
import {
  type CheckpointFiles,
  checkpointFiles,
  FolderInUseError,
  type FolderLock,
  fileReason,
  type JsonLinesFile,
  jsonLinesFile,
  lockFolder,
  replaceFile,
  runFiles,
} from "longspan/node";
import { Failure } from "./failure.js";
import { checkFormat, type RunConfig } from "./run-config.js";

/** What `longspan inspect` leaves in the folder of a run: the page, and its pictures in their order. */
export const inspectionFiles = [
  "flow.html",
  "flow-lags.png",
  "flow-heat.png",
  "flow-spectrum.png",
  "flow-gates.png",
] as const;

/** What it leaves besides, if it measured curvature. */
export const curvatureFile = "flow-curvature.png";

/** What a kill in the middle of a write leaves of a file: its new contents, not yet in place. */
const halfWritten = new RegExp(
  `^\\.(${[...Object.values(runFiles), ...inspectionFiles, curvatureFile].join("|").replaceAll(".", "\\.")})\\.\\d+\\.tmp$`,
);

/** The folder of a run that is going on: held against other processes until it is closed. */
export interface RunFolder {
  readonly path: string;
  readonly checkpoints: CheckpointFiles;
  readonly metrics: JsonLinesFile;
  /** Replaces the weights that `sample` and `eval` use; the old ones stay until the new ones are safe. */
  saveWeights(params: object, step: number): Promise<void>;
  saveConfig(config: object): void;
  saveReport(html: string): void;
  close(): void;
}

/**
 * The folder for a new run: the one given, or, if none is, the first of runs/NAME, runs/NAME-2, ... that holds no run.
 * @throws Failure if the folder holds things that are not a run's
 */
export function chooseFolder(given: string | null, name: string): string {
  if (given !== null) {
    if (contentsOf(given) === "other")
      throw new Failure(`${given} is not empty and holds no run; choose another folder with --out`);
    return given;
  }
  const base = join("runs", name);
  for (let k = 1; ; k++) {
    const path = k === 1 ? base : `${base}-${k}`;
    if (contentsOf(path) === "nothing") return path;
  }
}

/** What a folder holds. */
export function contentsOf(path: string): "nothing" | "run" | "other" {
  let entries: string[];
  try {
    entries = readdirSync(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "nothing";
    throw new Failure(`cannot write to ${path}: ${fileReason(error)}`);
  }
  if (entries.includes(runFiles.config)) return "run";
  // A lock may be what another process has just begun with. Beside one, a vocabulary, or half of a file, is what a process left
  // that was killed before it made the configuration.
  const locked = entries.some((name) => name.startsWith(".lock"));
  const begun = (name: string) =>
    name.startsWith(".lock") || (locked && (name === runFiles.vocabulary || halfWritten.test(name)));
  return entries.every(begun) ? "nothing" : "other";
}

/**
 * Makes the folder of a new run and writes what is known at the start. What an earlier run left there is removed.
 * @throws Failure if it holds a run and `replace` is not set, or if another process uses it
 */
export function createRun(
  path: string,
  config: object,
  { replace, vocabulary }: { replace: boolean; vocabulary?: StoredVocabulary },
): RunFolder {
  return opened(path, (folder) => {
    if (contentsOf(path) === "run" && !replace)
      throw new Failure(
        `${path} holds a run already; go on with it with --resume, choose another folder with --out, or replace it with --force`,
      );
    folder.checkpoints.clear();
    for (const name of [
      runFiles.weights,
      runFiles.report,
      runFiles.config,
      runFiles.vocabulary,
      ...inspectionFiles,
      curvatureFile,
    ])
      rmSync(join(path, name), { force: true });
    if (vocabulary) replaceFile(join(path, runFiles.vocabulary), `${JSON.stringify(vocabulary)}\n`);
    // Last, since a folder with it holds a run.
    folder.saveConfig(config);
    return { append: false };
  });
}

/** Opens the folder of a run to go on with it. @throws Failure if another process uses it */
export function continueRun(path: string): RunFolder {
  return opened(path, () => ({ append: true }));
}

function opened(
  path: string,
  prepare: (folder: Omit<RunFolder, "metrics">) => { append: boolean },
): RunFolder {
  let lock: FolderLock;
  try {
    lock = lockFolder(path);
  } catch (error) {
    if (error instanceof FolderInUseError) throw new Failure(error.message);
    throw error;
  }
  try {
    for (const name of readdirSync(path))
      if (halfWritten.test(name)) rmSync(join(path, name), { force: true });
    const checkpoints = checkpointFiles(path);
    const folder: Omit<RunFolder, "metrics"> = {
      path,
      checkpoints,
      async saveWeights(params, step) {
        replaceFile(join(path, runFiles.weights), await encodeSafetensors(params, { step: String(step) }));
      },
      saveConfig: (config) =>
        replaceFile(join(path, runFiles.config), `${JSON.stringify(config, null, 2)}\n`),
      saveReport: (html) => replaceFile(join(path, runFiles.report), html),
      close() {
        metrics.close();
        lock.release();
      },
    };
    const metrics = jsonLinesFile(join(path, runFiles.metrics), prepare(folder));
    return { ...folder, metrics };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The events of a run so far, oldest first. */
export function readMetrics(path: string): unknown[] {
  const file = join(path, runFiles.metrics);
  if (!existsSync(file)) return [];
  const lines = reading(path, "metrics", (bytes) => new TextDecoder().decode(bytes)).split("\n");
  // A line that a kill cut short is not an event yet.
  return lines.slice(0, -1).flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

/** The kind of job of a run, as its config.json names it. @throws Failure as `readConfig` */
export function taskOf(path: string): unknown {
  return readConfig(path, (value) => {
    const config = (value ?? {}) as Partial<RunConfig>;
    checkFormat(config);
    return config.task;
  });
}

/** The file that says what a run is. */
export function configFile(path: string): string {
  return join(path, runFiles.config);
}

/** @throws Failure if the folder holds no run */
function checkRun(path: string): void {
  if (!existsSync(path)) throw new Failure(`there is no folder ${path}; see longspan train text --help`);
  if (!existsSync(configFile(path)))
    throw new Failure(`${path} is not the folder of a run: it has no ${runFiles.config}`);
}

/** The vocabulary of a run. @throws Failure naming the file and what is wrong with it */
export function readVocabulary(path: string): Vocabulary {
  return reading(path, "vocabulary", (bytes) => vocabularyFrom(parseJson(bytes)));
}

/** The config.json of a run. @throws Failure naming the file and what is wrong with it */
export function readConfig<C>(path: string, check: (value: unknown) => C): C {
  checkRun(path);
  return reading(path, "config", (bytes) => check(parseJson(bytes)));
}

/**
 * The trained parameters of a run, and the steps of training that they have had; null if the file does not say.
 * @param model whose parameters have the form of those in the file
 * @throws Failure naming the file and what is wrong with it
 */
export function readWeights<P>(
  path: string,
  model: { init(key: Key): P },
): { params: P; step: number | null } {
  if (!existsSync(join(path, runFiles.weights)))
    throw new Failure(
      `${path} holds no trained model yet: ${runFiles.weights} is written at the first validation and at the end of a run`,
    );
  const form = model.init(Key.of(0));
  try {
    return reading(path, "weights", (bytes) => {
      const stored = decodeSafetensors(bytes);
      const step = Number(stored.metadata.get("step") ?? Number.NaN);
      return { params: loadInto(form, stored), step: Number.isFinite(step) ? step : null };
    });
  } finally {
    for (const t of leaves(form)) (t as Tensor).dispose();
  }
}

function reading<T>(path: string, name: keyof typeof runFiles, f: (bytes: Uint8Array) => T): T {
  const file = join(path, runFiles[name]);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${fileReason(error)}`);
  }
  try {
    return f(bytes);
  } catch (error) {
    throw new Failure(`${file}: ${fileReason(error)}`);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
