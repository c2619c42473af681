import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  check,
  checkSettings,
  count,
  flag,
  isRecord,
  kind,
  optional,
  record,
  text,
} from "../../check/index.js";
import type { StoredVocabulary } from "../../data/index.js";
import { encodeSafetensors } from "../../io/index.js";
import {
  type Complaint,
  checkConfig,
  checkHead,
  type RunContent,
  RunError,
  runFiles,
  runHead,
  schemaOf,
} from "../../runs/index.js";
import { treeKind } from "../../tensor/kinds.js";
import { type CheckpointFiles, checkpointFiles } from "../checkpoint-files.js";
import { lockFolder } from "../folder-lock.js";
import { type JsonLinesFile, jsonLinesFile } from "../json-lines-file.js";
import { replaceFile } from "../replace-file.js";
import { folderHolds, removeHalves } from "./folder-contents.js";
import { noRun } from "./run-source.js";

/** The folder of a run that is going on: held against other processes until it is closed. */
export interface RunFolder {
  readonly path: string;
  readonly checkpoints: CheckpointFiles;
  /** The events of the run, metrics.jsonl. */
  readonly metrics: JsonLinesFile;
  /** Replaces the parameters that are used by those who open the run; the old ones stay until the new ones are safe. @throws FileError */
  saveWeights(params: object, step: number): Promise<void>;
  /** Replaces the configuration, as when a run goes on for longer. @throws FileError */
  saveConfig<C extends RunContent>(content: C): void;
  /** Replaces report.html. @throws FileError */
  saveReport(html: string): void;
  /** Lets others have the folder. */
  close(): void;
}

/** How a run is made. */
export interface CreateRunOptions {
  /** Whether a run that the folder holds is removed; false by default. */
  readonly replace?: boolean;
  /** What puts inputs into numbers and answers into words: the symbols of a run on a text, the names of classes. Plain JSON. */
  readonly vocabulary?: StoredVocabulary | object;
  /** The source of the module that a cell of the user's own comes from. */
  readonly cell?: string;
}

/**
 * Makes the folder of a new run and writes what is known at the start. A run of a kind that `openRun` knows has the settings that it
 * needs; others are of whoever trains it.
 *
 * @param path of a folder that holds nothing, or does not exist
 * @throws RunError if it holds a run, and `replace` is not set, or files of something else
 * @throws FolderInUseError if another process uses it
 * @throws FileError if it cannot be written to
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const settings = { cell: "lstm", hidden: 8, length: 20, lengths: null };
 * const content = { task: "synthetic", problem: "adding", settings };
 * const run = createRun(mkdtempSync(`${tmpdir()}/longspan-run-example-`), content);
 * run.metrics.add({ event: "start" });
 * run.close();
 */
export function createRun<C extends RunContent>(
  path: string,
  content: C,
  options?: CreateRunOptions,
): RunFolder {
  check("createRun", "path", path, text);
  const {
    replace = false,
    vocabulary,
    cell,
  } = checkSettings("createRun", options, {
    replace: optional(flag),
    vocabulary: optional(record),
    cell: optional(text),
  });
  const config = checkContent("createRun", content);
  if (config.task === "text" && vocabulary === undefined)
    throw new TypeError(
      "createRun: vocabulary is missing; a run on a text cannot be opened without, give storedVocabulary(...)",
    );
  if (folderHolds(path) === "other")
    throw new RunError(
      "holds other files",
      path,
      `${path} is not empty and holds no run`,
      "choose another folder",
    );
  return opened("createRun", path, (folder) => {
    if (folderHolds(path) === "run" && !replace)
      throw new RunError(
        "holds a run",
        path,
        `${path} holds a run already`,
        "go on with it (continueRun), choose another folder, or replace it (replace: true)",
      );
    folder.checkpoints.clear();
    const { metrics: _emptiedBelow, ...others } = runFiles;
    for (const name of Object.values(others)) rmSync(join(path, name), { force: true });
    if (vocabulary) replaceFile(join(path, runFiles.vocabulary), `${JSON.stringify(vocabulary)}\n`);
    if (cell !== undefined) replaceFile(join(path, runFiles.cell), cell);
    // Last, since a folder with it holds a run.
    folder.saveConfig(config);
    return { append: false };
  });
}

/**
 * Opens the folder of a run to go on with it: its configuration, checkpoint and metrics are as they were.
 *
 * @throws RunError if the folder holds no run
 * @throws FolderInUseError if another process uses it
 * @throws FileError if it cannot be written to
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const path = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * createRun(path, { task: "number", settings: {} }).close();
 * const run = continueRun(path);
 * run.metrics.add({ event: "resumed" });
 * run.close();
 */
export function continueRun(path: string): RunFolder {
  check("continueRun", "path", path, text);
  if (folderHolds(path) !== "run") throw noRun(path);
  return opened("continueRun", path, () => ({ append: true }));
}

/** @param by what was called, for messages */
function opened(
  by: string,
  path: string,
  prepare: (folder: Omit<RunFolder, "metrics">) => { append: boolean },
): RunFolder {
  const lock = lockFolder(path);
  try {
    removeHalves(path);
    let metrics: JsonLinesFile | null = null;
    const folder: Omit<RunFolder, "metrics"> = {
      path,
      checkpoints: checkpointFiles(path),
      async saveWeights(params, step) {
        check(`${by}.saveWeights`, "params", params, treeKind);
        check(`${by}.saveWeights`, "step", step, count);
        replaceFile(join(path, runFiles.weights), await encodeSafetensors(params, { step: String(step) }));
      },
      saveConfig(content) {
        const config = checkContent(`${by}.saveConfig`, content);
        replaceFile(join(path, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
      },
      saveReport(html) {
        check(`${by}.saveReport`, "html", html, text);
        replaceFile(join(path, runFiles.report), html);
      },
      close() {
        metrics?.close();
        lock.release();
      },
    };
    metrics = jsonLinesFile(join(path, runFiles.metrics), prepare(folder));
    return { ...folder, metrics };
  } catch (error) {
    lock.release();
    throw error;
  }
}

const contentKind = kind("the configuration of a run, { task, settings, ... }", isRecord);

/** A configuration as it is written. @throws TypeError naming the entry, what it is and what was expected */
function checkContent(what: string, content: RunContent) {
  check(what, "content", content, contentKind);
  const refuse = ({ what: wrong }: Complaint): never => {
    throw new TypeError(`${what}: content: ${wrong}`);
  };
  const config = checkHead({ ...runHead, ...content }, refuse);
  const schema = schemaOf(config.task);
  if (schema !== null) checkConfig(config, schema, refuse);
  return config;
}
