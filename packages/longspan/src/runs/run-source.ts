import { decodeUtf8 } from "../data/index.js";
import { decodeSafetensors, loadInto } from "../io/index.js";
import { Key, leaves, type Tensor } from "../tensor/index.js";
import { RunError } from "./run-error.js";
import type { RunFile } from "./run-files.js";

/** Where the files of a run come from. */
export interface RunSource {
  /** The name of a file in messages. */
  where(file: RunFile): string;
  /** @throws RunError if it is not there */
  bytes(file: RunFile): Uint8Array;
  /** What to do where nothing can be made of a file; to put back the run's own by default. */
  readonly remedy?: string;
}

/** What is made of a file of a run. @throws RunError if nothing can be made of it */
export function reading<T>(source: RunSource, file: RunFile, make: (bytes: Uint8Array) => T): T {
  const bytes = source.bytes(file);
  try {
    return make(bytes);
  } catch (error) {
    if (error instanceof RunError) throw error;
    throw damaged(source.where(file), error, source.remedy);
  }
}

/** A file of which nothing can be made. */
function damaged(
  where: string,
  error: unknown,
  remedy = "the file is damaged, or is of another run; put back the run's own",
): RunError {
  const reason = error instanceof Error ? error.message : String(error);
  return new RunError("contents", where, `${where}: ${reason.trim().replace(/\s*\n\s*/g, " ")}`, remedy);
}

/** A file of JSON. */
export function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(decodeUtf8(bytes));
}

/** The parameters that a run kept, and the steps of training that they have had; null if the file does not say. */
export interface KeptWeights<P> {
  /** The caller's, to be disposed of. */
  readonly params: P;
  readonly step: number | null;
}

/**
 * What vocabulary.json holds, for who opens a run of a kind of their own.
 *
 * @param check of what was read; it throws where that is not what it should be
 * @throws RunError naming the file and what is wrong with it
 * @example
 * const doubled: RunKind<OpenedRun & { factor: number }> = {
 *   schema: { task: "doubled", settings: {}, complete: false },
 *   open: (config, source) => ({
 *     kind: "doubled",
 *     config,
 *     factor: storedEncoding(source, (found) => Number(found)),
 *     ...keptWeights(source, linear({ input: 1, output: 1 })),
 *   }),
 * };
 */
export function storedEncoding<T>(source: RunSource, check: (found: unknown) => T): T {
  return reading(source, "vocabulary", (bytes) => check(parsed(bytes)));
}

/**
 * The parameters that a run kept, for who opens a run of a kind of their own.
 *
 * @param template a model whose parameters have the names and shapes of those in the file
 * @throws RunError if there are none yet, or they are of another model
 * @example
 * const line: RunKind<OpenedRun> = {
 *   schema: { task: "line", settings: {}, complete: false },
 *   open: (config, source) => ({ kind: "line", config, ...keptWeights(source, linear({ input: 1, output: 1 })) }),
 * };
 */
export function keptWeights<P>(source: RunSource, template: { init(key: Key): P }): KeptWeights<P> {
  // Before the model is made: there may be no such file.
  const stored = reading(source, "weights", decodeSafetensors);
  const initial = template.init(Key.of(0));
  try {
    const step = Number(stored.metadata.get("step") ?? Number.NaN);
    const params = reading(source, "weights", () => loadInto(initial, stored));
    return { params, step: Number.isFinite(step) ? step : null };
  } finally {
    for (const t of leaves(initial)) (t as Tensor).dispose();
  }
}
