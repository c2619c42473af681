import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { atLeastZero, check, checkSettings, optional, text } from "../check/index.js";
import { WeightFileError } from "../io/index.js";
import {
  CheckpointError,
  type CheckpointProgress,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainCallback,
  type TrainingState,
} from "../train/index.js";
import { stateKind } from "../train/kinds.js";
import { onFile } from "./file-error.js";
import { replaceFile } from "./replace-file.js";

/** What checkpoint.json holds: the plain part of the checkpoint, and where its tensors are. */
interface StoredProgress extends CheckpointProgress {
  readonly tensors: string;
}

/** The checkpoints of a run, in its folder. */
export interface CheckpointFiles {
  readonly folder: string;
  /** The step whose checkpoint is in the folder, as far as this process knows; null before the first. */
  readonly savedStep: number | null;
  /** Replaces the checkpoint; at every moment, a kill or a power cut included, the old or the new one is there in full. @throws FileError */
  save<P, S, C>(state: TrainingState<P, S, C>): Promise<void>;
  /**
   * The state of the checkpoint, null if there is none.
   * @param template as `startTraining` makes it for the same run
   * @throws CheckpointError | WeightFileError | FileError naming the file and what is wrong with it
   */
  load<P, S, C>(template: TrainingState<P, S, C>): TrainingState<P, S, C> | null;
  /** Removes the checkpoint. */
  clear(): void;
  /**
   * For `train`: saves now and then, and at the end.
   * @param options.seconds least time between two saves while the run goes on; 15 by default, 0 for one at every report
   */
  saving(options?: { readonly seconds?: number }): TrainCallback<unknown, unknown, unknown>;
}

const progressFile = "checkpoint.json";
const tensorFile = /^checkpoint-\d+-\d+\.safetensors$/;

/**
 * Checkpoints in a folder: `checkpoint-STEP-N.safetensors` with the tensors, then `checkpoint.json`, which names it and makes it
 * count; then the tensors of the checkpoint before are removed.
 *
 * @param folder exists
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const files = checkpointFiles(mkdtempSync(`${tmpdir()}/longspan-run-example-`));
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const optimiser = adam();
 * const start = startTraining(task, optimiser, model.init(Key.of(1)));
 * await train(task, files.load(start) ?? start, {
 *   optimiser,
 *   budget: { steps: 5 },
 *   key: Key.of(2),
 *   callbacks: [files.saving()],
 * });
 * files.savedStep; // 5
 */
export function checkpointFiles(folder: string): CheckpointFiles {
  check("checkpointFiles", "folder", folder, text);
  let savedStep: number | null = null;
  let savedAt = performance.now();
  const save: CheckpointFiles["save"] = async (state) => {
    const { tensors, progress } = await encodeCheckpoint(state);
    // One name has one content: the state of a step differs only by the validations that it remembers.
    const name = `checkpoint-${progress.step}-${progress.history.validations.length}.safetensors`;
    replaceFile(join(folder, name), tensors);
    const stored: StoredProgress = { ...progress, tensors: name };
    replaceFile(join(folder, progressFile), `${JSON.stringify(stored)}\n`);
    removeTensors(folder, name);
    savedStep = progress.step;
    savedAt = performance.now();
  };
  return {
    folder,
    get savedStep() {
      return savedStep;
    },
    async save(state) {
      check("checkpointFiles.save", "state", state, stateKind);
      await save(state);
    },
    load(template) {
      check("checkpointFiles.load", "template", template, stateKind);
      const state = load(folder, template);
      if (state !== null) savedStep = state.step;
      return state;
    },
    clear() {
      onFile("write to", folder, () => rmSync(join(folder, progressFile), { force: true }));
      removeTensors(folder, null);
      savedStep = null;
    },
    saving(options) {
      const { seconds = 15 } = checkSettings("checkpointFiles.saving", options, {
        seconds: optional(atLeastZero),
      });
      const saveIfDue: CheckpointFiles["save"] = async (state) => {
        if (performance.now() - savedAt >= 1000 * seconds) await save(state);
      };
      return {
        onReport: ({ state }) => saveIfDue(state),
        onValidation: ({ state }) => saveIfDue(state),
        onEnd: ({ state }) => save(state),
      };
    },
  };
}

function load<P, S, C>(folder: string, template: TrainingState<P, S, C>): TrainingState<P, S, C> | null {
  const path = join(folder, progressFile);
  if (!existsSync(path)) return null;
  const bytes = onFile("read", path, () => readFileSync(path));
  let progress: Partial<StoredProgress>;
  try {
    progress = (JSON.parse(new TextDecoder().decode(bytes)) ?? {}) as Partial<StoredProgress>;
  } catch {
    throw new CheckpointError(`${path} is damaged: it is not JSON`);
  }
  const { tensors } = progress;
  if (typeof tensors !== "string" || !tensorFile.test(tensors))
    throw new CheckpointError(`${path} is damaged: it names no tensors`);
  const weights = join(folder, tensors);
  const stored = onFile("read", weights, () => readFileSync(weights));
  try {
    return decodeCheckpoint({ tensors: stored, progress }, template);
  } catch (error) {
    if (error instanceof WeightFileError)
      throw new CheckpointError(`${weights}: ${error.message}`, { cause: error });
    if (error instanceof CheckpointError)
      throw new CheckpointError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Removes the tensors of all checkpoints but one, and what a kill left half written. */
function removeTensors(folder: string, kept: string | null): void {
  for (const name of readdirSync(folder))
    if (name !== kept && (tensorFile.test(name) || /^\.checkpoint.*\.tmp$/.test(name)))
      rmSync(join(folder, name), { force: true });
}
