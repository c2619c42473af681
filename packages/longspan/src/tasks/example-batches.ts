import { checkSettings, type KindsOf, numbers, optional, size } from "../check/index.js";
import { type Key, RandomNumbers } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import { shuffled } from "./shuffled.js";

/** How a finite set of examples is cut into batches. */
export interface ExampleBatchesConfig {
  /** How many there are. */
  readonly examples: number;
  /** Examples in a batch; all of them, if there are fewer. */
  readonly batch: number;
  /** Of the order: another key gives another one. */
  readonly key: Key;
  /** Steps, or nodes, of each example: with them, batches hold examples of like length where that makes a pass shorter by a fifth. */
  readonly lengths?: ArrayLike<number>;
}

/** Batches of examples, by the number of the step alone. */
export interface ExampleBatches {
  /** Batches in a pass over all examples; the last one of a pass may be smaller. */
  readonly perPass: number;
  /** The numbers of the examples of a step, counted from 0. */
  batch(step: number): Int32Array;
  /** The pass in which a step lies, counted from 0. */
  passOf(step: number): number;
}

/**
 * The batches of passes over a finite set of examples: each example comes once in a pass, and each pass has an order of its own. The batch of
 * a step follows from the key and the number of the step, from nothing else, so that a run that was interrupted goes on as if it had not been.
 *
 * Examples of a batch run side by side, as many levels as the longest has steps. With `lengths`, each pass is shuffled, every 32 batches of it
 * are put in the order of their lengths, cut, and the batches shuffled: levels are fewer, and what comes together still changes from pass to pass.
 *
 * @throws RangeError if there are no examples, or not as many lengths
 * @example
 * const batches = exampleBatches({ examples: 5, batch: 2, key: Key.of(1) });
 * batches.perPass; // 3
 * [0, 1, 2].flatMap((step) => Array.from(batches.batch(step))).sort(); // [0, 1, 2, 3, 4]
 */
export function exampleBatches(config: ExampleBatchesConfig): ExampleBatches {
  const settings = checkSettings("exampleBatches", config, kinds);
  const { examples, key, lengths } = settings;
  const batch = Math.min(settings.batch, examples);
  if (lengths !== undefined && lengths.length !== examples)
    throw new RangeError(
      `exampleBatches: there are ${examples} examples and ${lengths.length} lengths; give a length for each`,
    );
  const perPass = Math.ceil(examples / batch);
  const plain = (pass: number) => cut(orderOf(key, pass, examples), batch);
  const bucketed = (pass: number) => byLength(key.fold(pass), orderOf(key, pass, examples), batch, lengths!);
  const pays = lengths !== undefined && levels(bucketed(0), lengths) < 0.8 * levels(plain(0), lengths);
  // The batches of a pass are made together; steps come in order as a rule.
  let last: { readonly pass: number; readonly batches: readonly Int32Array[] } | null = null;
  return {
    perPass,
    passOf: (step) => Math.floor(step / perPass),
    batch(step) {
      const pass = Math.floor(step / perPass);
      if (last?.pass !== pass) last = { pass, batches: pays ? bucketed(pass) : plain(pass) };
      return last.batches[step % perPass]!;
    },
  };
}

const kinds: KindsOf<ExampleBatchesConfig> = {
  examples: size,
  batch: size,
  key: keyKind,
  lengths: optional(numbers),
};

/** Batches that are put in order of length together. */
const bucket = 32;

function orderOf(key: Key, pass: number, examples: number): Int32Array {
  return shuffled(
    Int32Array.from({ length: examples }, (_, i) => i),
    new RandomNumbers(key.fold(pass)),
  );
}

function cut(order: Int32Array, batch: number): Int32Array[] {
  return Array.from({ length: Math.ceil(order.length / batch) }, (_, i) =>
    order.slice(i * batch, (i + 1) * batch),
  );
}

function byLength(key: Key, order: Int32Array, batch: number, lengths: ArrayLike<number>): Int32Array[] {
  const batches = cut(order, bucket * batch).flatMap((some) =>
    cut(
      some.sort((a, b) => lengths[a]! - lengths[b]! || a - b),
      batch,
    ),
  );
  return shuffled(batches, new RandomNumbers(key.fold(1)));
}

/** Levels that run one after the other in a pass. */
function levels(batches: readonly Int32Array[], lengths: ArrayLike<number>): number {
  return batches.reduce(
    (total, batch) => total + batch.reduce((most, i) => Math.max(most, lengths[i]!), 0),
    0,
  );
}
