import { chain, fromArray, type Structure, type Tensor } from "longspan";
import { check, isRecord, kind } from "longspan/engine";
import type { KerasModel } from "./keras-model.js";

/** A batch of sequences: symbols, or rows of features, by sequence and step. */
export type KerasSequences = readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[];

/**
 * A batch as Keras takes it, padded or not, as rows of a chain: the steps that the model masks are left out. A model without a mask reads all steps,
 * padding too, as Keras does.
 *
 * Rows are those of `chain(lengths)`: all first steps, longest sequence first, then all second steps. A mask within a sequence leaves the step
 * out as well; its row, which in Keras repeats the one before, is not there.
 *
 * @param model from `fromKeras` or `fromTensorflowjs`
 * @param sequences [batch][steps] of symbols, or [batch][steps][features]
 * @example
 * const params = [embedding({ vocabulary: 9, features: 2 }).init(Key.of(1))];
 * const layers = [{ kind: "Embedding", maskZero: true }] as const;
 * const model = await fromKeras(await toKeras(layers, params));
 * const { x, structure } = kerasBatch(model, [[5, 3, 7], [4, 0, 0]]);
 * x // [5, 4, 3, 7], over chain([3, 1])
 */
export function kerasBatch(
  model: Pick<KerasModel, "layers" | "mask" | "layer">,
  sequences: KerasSequences,
): { x: Tensor; structure: Structure; lengths: readonly number[] } {
  check("kerasBatch", "model", model, modelKind);
  check("kerasBatch", "sequences", sequences, sequencesKind);
  const symbols = model.layers[0]?.kind === "Embedding";
  const { mask } = model;
  const isStep = (step: number | readonly number[]): boolean =>
    mask === null ||
    (typeof step === "number"
      ? step !== mask.value
      : step.some((n) => Math.fround(n) !== Math.fround(mask.value)));
  const kept = sequences.map((steps: readonly (number | readonly number[])[]) => steps.filter(isStep));
  const lengths = kept.map((steps) => steps.length);
  const structure = chain(lengths);
  const all = kept.flat() as (number | readonly number[])[];
  const rows = Array.from(structure.parts.order, (at) => all[at]!);
  if (symbols) {
    check("kerasBatch", "sequences", sequences, symbolsKind);
    return { x: fromArray(rows as number[], [rows.length], "int32"), structure, lengths };
  }
  const { input } = model.layer;
  const [features] = (Array.isArray(input) ? input : []) as readonly number[];
  const wide = kind(`rows of ${features} features`, () =>
    all.every((row) => Array.isArray(row) && row.length === features),
  );
  check("kerasBatch", "sequences", sequences, wide);
  return { x: fromArray((rows as number[][]).flat(), [rows.length, features!]), structure, lengths };
}

const modelKind = kind(
  "a model from fromKeras or fromTensorflowjs",
  (value) => isRecord(value) && Array.isArray(value.layers) && "mask" in value,
);
const sequencesKind = kind(
  "a list of sequences, each a list of steps",
  (value) => Array.isArray(value) && value.every(Array.isArray),
);
const symbolsKind = kind("a list of sequences of symbols, integers", (value) =>
  (value as unknown[][]).every((steps) => steps.every(Number.isInteger)),
);
