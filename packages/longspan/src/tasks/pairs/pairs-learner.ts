import { check, checkSettings, type KindsOf, list, optional, size } from "../../check/index.js";
import { crossEntropyPerRow } from "../../nn/index.js";
import { mean, mul } from "../../ops/index.js";
import { fromArray, scope, type Tensor, type Traceable } from "../../tensor/index.js";
import { type Backward, chain, type Structure } from "../../unfold/index.js";
import { backwardKind } from "../../unfold/kinds.js";
import { type ExampleTask, type ExampleTaskOptions, exampleTask, exampleTaskKinds } from "../example-task.js";
import { forEachBatch } from "../for-each-batch.js";
import type { Learner } from "../learner.js";
import { type AttendedText, attended } from "./attended.js";
import { type PairsModel, type PairsParams, pairsModelKind, sourceSymbols } from "./pairs-model.js";
import { pairsScores } from "./pairs-scores.js";
import { begin, end, type TextPair } from "./pairs-vocabulary.js";
import { written } from "./written.js";

/** Pairs, packed: symbols in the rows of their structures. */
export interface PairsBatch {
  readonly source: { readonly x: Int32Array; readonly structure: Structure };
  readonly target: { readonly x: Int32Array; readonly structure: Structure };
  readonly answers: Int32Array;
  /** Of each row of the target; null where all count the same. */
  readonly weights: Float64Array | null;
}

/** How pairs are learned, and measured. */
export interface PairsOptions {
  /** Most sources that an evaluation has written, which takes most of its time, evenly spread over all; all by default. */
  readonly written?: number;
  /** How the recurrence is differentiated; full by default. */
  readonly backward?: Backward;
}

/** What an evaluation has that is no number. */
export interface PairsDetails {
  /** Sources that were written. */
  readonly written: number;
  /** Ten of them, evenly spread, with all targets that are right. */
  readonly samples: readonly {
    readonly source: string;
    readonly wanted: readonly string[];
    readonly found: string;
  }[];
  /** Where the model looked while it wrote some of them; none if it has no attention. */
  readonly attention: readonly AttendedText[];
}

/**
 * What is learned from pairs: to write each symbol of a target after those before it, and its end; the loss is the cross-entropy, in nats per
 * symbol. Its evaluation has targets written, symbol by symbol, the most probable one each time, and measures them by `pairsScores`. A source
 * that has several targets is written once, and each of them is right.
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba" }];
 * const layer = (input: number) => recurrent(gru({ input, hidden: 8 })) as AnySequenceLayer;
 * const model = pairsModel({ vocabulary: pairsVocabulary(pairs), features: 4, hidden: 8, layer, cell: gru as never });
 * const learner = pairsLearner(model);
 * const found = await learner.evaluate(learner.init(Key.of(1)), pairs);
 * found?.measures.exact; // 0 or 1
 */
export function pairsLearner(
  model: PairsModel,
  options?: PairsOptions,
): Learner<TextPair, PairsParams, PairsBatch> {
  check("pairsLearner", "model", model, pairsModelKind);
  const { written: most, backward } = checkSettings("pairsLearner", options, optionKinds);
  const { net, source, target } = model;
  const pack = (pairs: readonly TextPair[], weights: Float64Array | null) => packed(model, pairs, weights);
  const lossesOf = (params: Traceable<PairsParams>, batch: PairsBatch, more: object) => {
    const read = { x: int32(batch.source.x), structure: batch.source.structure };
    const write = { x: int32(batch.target.x), structure: batch.target.structure };
    return crossEntropyPerRow(net.apply(params, read, write, more).output, int32(batch.answers));
  };
  const sizeOf = (pair: TextPair) => source.read(pair.source).length + target.read(pair.target).length + 2;
  return {
    init: (key, dtype) => net.init(key, dtype),
    sizeOf,
    pack,
    predictions: ({ answers }) => answers.length,
    loss(params, batch, key) {
      const losses = lossesOf(params, batch, { ...(key ? { key } : {}), ...(backward ? { backward } : {}) });
      const { weights } = batch;
      return mean(weights ? mul(losses, fromArray(weights, [weights.length], losses.dtype)) : losses);
    },
    async evaluate(params, pairs, settings) {
      let [nats, symbols] = [0, 0];
      const isComplete = await forEachBatch(pairs, sizeOf, settings, async (some) => {
        const losses = scope(
          () => lossesOf(params as Traceable<PairsParams>, pack(some, null), {}) as Tensor,
        );
        for (const nat of await losses.data()) nats += nat;
        symbols += losses.shape[0]!;
        losses.dispose();
      });
      if (!isComplete) return null;
      const wanted = new Map<string, string[]>();
      for (const pair of pairs) {
        const known = wanted.get(pair.source);
        if (known === undefined) wanted.set(pair.source, [pair.target]);
        else if (!known.includes(pair.target)) known.push(pair.target);
      }
      const sources = spread([...wanted.keys()], most ?? wanted.size);
      const found = await written(model, params, sources, settings);
      if (found === null) return null;
      const references = sources.map((text) => wanted.get(text)!);
      const scores = pairsScores(found, references, model.vocabulary.target.level);
      const samples = spread([...sources.keys()], 10).map((i) => ({
        source: sources[i]!,
        wanted: references[i]!,
        found: found[i]!,
      }));
      return {
        loss: nats / symbols,
        examples: pairs.length,
        measures: { ...scores },
        details: {
          written: sources.length,
          samples,
          attention: attended(model, params, samples, 3),
        } satisfies PairsDetails,
      };
    },
  };
}

/**
 * Training on pairs of texts: `exampleTask` of `pairsLearner`.
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba" }, { source: "b", target: "b" }];
 * const layer = (input: number) => recurrent(gru({ input, hidden: 8 })) as AnySequenceLayer;
 * const model = pairsModel({ vocabulary: pairsVocabulary(pairs), features: 4, hidden: 8, layer, cell: gru as never });
 * const task = pairsTask(model, pairs, { key: Key.of(1), batch: 2 });
 * const optimiser = adam({ learningRate: 0.01 });
 * await train(task, startTraining(task, optimiser, model.net.init(Key.of(2))), { optimiser, budget: { steps: 4 }, key: Key.of(3) });
 */
export function pairsTask(
  model: PairsModel,
  pairs: readonly TextPair[],
  options: ExampleTaskOptions & Pick<PairsOptions, "backward">,
): ExampleTask<PairsParams, PairsBatch> {
  check("pairsTask", "model", model, pairsModelKind);
  check("pairsTask", "pairs", pairs, list);
  const { backward, ...others } = checkSettings("pairsTask", options, {
    ...exampleTaskKinds,
    backward: optional(backwardKind),
  });
  return exampleTask(pairsLearner(model, backward ? { backward } : {}), pairs, others);
}

/** So many of a list, evenly spread over it: files are often sorted, and their beginning is like no other part. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  const many = Math.min(most, all.length);
  return Array.from({ length: many }, (_, i) => all[Math.floor((i * all.length) / many)]!);
}

/** Pairs in the rows of an encoder and a decoder, as `packPairs` lays them out. */
function packed(model: PairsModel, pairs: readonly TextPair[], weights: Float64Array | null): PairsBatch {
  const sources = pairs.map(({ source }) => sourceSymbols(model, source));
  const targets = pairs.map(({ target }) => model.target.read(target));
  const read = chain(sources.map((symbols) => symbols.length));
  const write = chain(targets.map((symbols) => symbols.length + 1));
  const { order, sequenceOf } = write.parts;
  return {
    source: { x: rowsIn(read, sources), structure: read },
    target: {
      x: rowsIn(
        write,
        targets.map((symbols) => [begin, ...symbols]),
      ),
      structure: write.withSets({ source: read }),
    },
    answers: rowsIn(
      write,
      targets.map((symbols) => [...symbols, end]),
    ),
    weights: weights && Float64Array.from(order, (_, row) => weights[sequenceOf[row]!]!),
  };
}

function rowsIn({ parts }: Structure, sequences: readonly (readonly number[])[]): Int32Array {
  const all = sequences.flat();
  return Int32Array.from(parts.order, (at) => all[at]!);
}

function int32(numbers: Int32Array) {
  return fromArray(numbers, [numbers.length], "int32");
}

const optionKinds: KindsOf<PairsOptions> = { written: optional(size), backward: optional(backwardKind) };
