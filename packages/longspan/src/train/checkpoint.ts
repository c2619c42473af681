import { check, isRecord, kind } from "../check/index.js";
import { decodeSafetensors, encodeSafetensors, loadInto } from "../io/index.js";
import { stateKind } from "./kinds.js";
import type { History, TrainingState, Validation } from "./training-state.js";

/** A training state as bytes and text, for a file each. */
export interface Checkpoint {
  /** Every tensor of the state, as a safetensors file. */
  readonly tensors: Uint8Array;
  /** The rest, as JSON can hold it. */
  readonly progress: CheckpointProgress;
}

/** The plain part of a checkpoint. */
export interface CheckpointProgress {
  readonly format: "longspan-checkpoint";
  readonly formatVersion: 1;
  readonly step: number;
  readonly best: Validation | null;
  readonly history: History;
}

/** A checkpoint that does not hold what a checkpoint holds. */
export class CheckpointError extends Error {
  override name = "CheckpointError";
}

/**
 * A training state as it can be stored. Together with the code, the data and the options, it is all that a run needs to go on with
 * the same bits. The tensors are read at once: training may go on while the promise is pending.
 *
 * The step stands in both parts, so that parts of two checkpoints are not taken for one.
 *
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const start = () => startTraining(task, adam(), model.init(Key.of(1)));
 * const { tensors, progress } = await encodeCheckpoint(start());
 * console.log(tensors.length > 0, progress.step); // true 0
 */
export async function encodeCheckpoint<P, S, C>(state: TrainingState<P, S, C>): Promise<Checkpoint> {
  check("encodeCheckpoint", "state", state, stateKind);
  const { step, params, optimiser, carried, best, history } = state;
  const tree = { params, optimiser, carried, ...(best ? { best: best.params } : {}) };
  const tensors = await encodeSafetensors(tree, { step: String(step) });
  return {
    tensors,
    progress: {
      format: "longspan-checkpoint",
      formatVersion: 1,
      step,
      best: best && { step: best.step, loss: best.loss },
      history,
    },
  };
}

/**
 * The training state of a checkpoint.
 * @param checkpoint the plain part may come straight from `JSON.parse`: it is checked
 * @param template a state of the run that it belongs to, as `startTraining` makes it: it gives names, types and shapes, and stays as it is
 * @throws CheckpointError | WeightFileError saying what is wrong, such as a parameter of another shape
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const start = (seed: number) => startTraining(task, adam(), model.init(Key.of(seed)));
 * const { tensors, progress } = await encodeCheckpoint(start(1));
 * const json = JSON.stringify(progress);
 * decodeCheckpoint({ tensors, progress: JSON.parse(json) }, start(2)).params; // those of start(1)
 */
export function decodeCheckpoint<P, S, C>(
  checkpoint: { readonly tensors: Uint8Array; readonly progress: unknown },
  template: TrainingState<P, S, C>,
): TrainingState<P, S, C> {
  check("decodeCheckpoint", "checkpoint", checkpoint, kind("a record { tensors, progress }", isRecord));
  check("decodeCheckpoint", "template", template, stateKind);
  const progress = checkProgress(checkpoint.progress);
  const stored = decodeSafetensors(checkpoint.tensors);
  const step = stored.metadata.get("step");
  if (step !== String(progress.step))
    throw new CheckpointError(
      `the checkpoint's parts do not belong together: step ${progress.step} and ${step === undefined ? "tensors without a step" : `tensors of step ${step}`}`,
    );
  const { params, optimiser, carried } = template;
  const tree = { params, optimiser, carried, ...(progress.best ? { best: params } : {}) };
  const loaded = loadInto(tree, stored) as { params: P; optimiser: typeof optimiser; carried: C; best?: P };
  return {
    step: progress.step,
    params: loaded.params,
    optimiser: loaded.optimiser,
    carried: loaded.carried,
    best: progress.best && { ...progress.best, params: loaded.best! },
    history: progress.history,
  };
}

function checkProgress(value: unknown): CheckpointProgress {
  const found = (isRecord(value) ? value : {}) as Partial<Record<keyof CheckpointProgress, unknown>>;
  const expect = (what: string, is: unknown, right: boolean, expected: string) => {
    if (!right)
      throw new CheckpointError(`checkpoint: ${what} is ${JSON.stringify(is)}, expected ${expected}`);
  };
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  const isTime = (n: unknown) => typeof n === "number" && n >= 0;
  expect("format", found.format, found.format === "longspan-checkpoint", '"longspan-checkpoint"');
  expect("formatVersion", found.formatVersion, found.formatVersion === 1, "1");
  expect("step", found.step, isCount(found.step), "a whole number of at least 0");
  const history = (isRecord(found.history) ? found.history : {}) as Partial<Record<keyof History, unknown>>;
  for (const name of ["elapsed", "seconds"] as const)
    expect(`history.${name}`, history[name], isTime(history[name]), "a number of at least 0");
  expect(
    "history.predictions",
    history.predictions,
    isCount(history.predictions),
    "a whole number of at least 0",
  );
  expect("history.validations", history.validations, Array.isArray(history.validations), "a list");
  const checkValidation = (what: string, v: unknown) => {
    const { step, loss } = (v ?? {}) as Partial<Record<keyof Validation, unknown>>;
    // JSON writes a loss that is not finite as null.
    const right = isCount(step) && (typeof loss === "number" || loss === null);
    expect(what, v, right, "a step and a loss");
    return { step: step as number, loss: (loss as number | null) ?? Number.NaN };
  };
  const validations = (history.validations as unknown[]).map((v, i) =>
    checkValidation(`history.validations[${i}]`, v),
  );
  const best = found.best === null ? null : checkValidation("best", found.best);
  return {
    format: "longspan-checkpoint",
    formatVersion: 1,
    step: found.step as number,
    best,
    history: {
      elapsed: history.elapsed as number,
      seconds: history.seconds as number,
      predictions: history.predictions as number,
      validations,
    },
  };
}
