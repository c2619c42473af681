// What the reproductions share that make one sequence of symbols of another: the model, training on pairs of like lengths, and decoding.

import {
  additiveAddressing,
  alignments,
  beamSearch,
  bidirectional,
  crossEntropyMean,
  embedding,
  encoderDecoder,
  encoderDecoderSteps,
  greedy,
  gru,
  Key,
  labelErrorRate,
  packPairs,
  scope,
  stacked,
} from "longspan";
import { keptParams, trainKept } from "./training.mjs";

/** The first symbols of every target alphabet: what the decoder reads first, and what it answers last. */
export const [begin, end] = [0, 1];

/** Names as symbols, from `from` on: of the letters of an alphabet, or of words. */
export function alphabet(names, from = 0) {
  const numbers = new Map([...names].map((name, i) => [name, from + i]));
  const all = [...numbers.keys()];
  return {
    size: from + all.length,
    read: (sequence) =>
      Array.from(sequence, (name) => {
        const number = numbers.get(name);
        if (number === undefined) throw new Error(`"${name}" is not in the alphabet`);
        return number;
      }),
    write: (symbols) => Array.from(symbols, (symbol) => all[symbol - from] ?? "?"),
  };
}

/** What reads: a bidirectional GRU over embeddings. */
export function reader({ source, features, hidden }) {
  const half = () => gru({ input: features, hidden });
  return stacked([embedding({ vocabulary: source, features }), bidirectional(half(), half())]);
}

/**
 * A bidirectional GRU reads, a GRU writes; it begins with tanh of the map of the last states of both directions, and attends by a net with
 * one hidden layer (Bahdanau et al. 2015).
 */
export function attentionModel({ source, target, features, hidden }) {
  return encoderDecoder({
    encoder: reader({ source, features, hidden }),
    cell: gru,
    hidden,
    reads: embedding({ vocabulary: target, features }),
    output: target,
    context: { features: 2 * hidden },
    attention: { addressing: additiveAddressing({ size: hidden }) },
  });
}

/** Random numbers of a key, one after another. */
export function draws(key) {
  let at = 0;
  const below = (n) => Math.floor(((key.fold(at++).words[0] >>> 0) / 2 ** 32) * n);
  return {
    below,
    of: (list) => list[below(list.length)],
    /** A list in random order. */
    shuffled(list) {
      const all = [...list];
      for (let i = all.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [all[i], all[j]] = [all[j], all[i]];
      }
      return all;
    },
  };
}

/**
 * Batches of an epoch: pairs in random order, of which those of like lengths are put together, pool by pool; nothing is padded, but a batch
 * takes as many steps as its longest pair.
 */
export function batchesOf(pairs, size, key) {
  const draw = draws(key);
  const order = draw.shuffled(pairs);
  const pool = 50 * size;
  const batches = [];
  for (let at = 0; at < order.length; at += pool) {
    const sorted = order
      .slice(at, at + pool)
      .sort((a, b) => a.source.length - b.source.length || a.target.length - b.target.length);
    for (let i = 0; i < sorted.length; i += size) batches.push(sorted.slice(i, i + size));
  }
  return draw.shuffled(batches);
}

/** Training as a task: `epoch` gives the pairs of an epoch. All epochs have as many batches. */
function pairsTask(model, { epoch, batch: size, key }) {
  let [known, batches] = [-1, []];
  const many = batchesOf(epoch(0), size, key).length;
  return {
    batch(step) {
      const number = Math.floor(step / many);
      if (number !== known) [known, batches] = [number, batchesOf(epoch(number), size, key.fold(number))];
      return batches[step % many];
    },
    predictions: (pairs) => pairs.reduce((n, { target }) => n + target.length + 1, 0),
    carriedAtStart: () => ({}),
    loss(params, pairs) {
      const { source, target, answers } = packPairs(pairs, { begin, end });
      return { loss: crossEntropyMean(model.apply(params, source, target).output, answers), carried: {} };
    },
  };
}

/** What the model writes of sources. @param width of the beam; 1 is greedy */
export function written(model, params, sources, { length, width = 1, at = 64 }) {
  const found = [];
  // Like lengths together; the answers come in the order of the sources.
  const order = sources.map((_, i) => i).sort((a, b) => sources[a].length - sources[b].length);
  for (let i = 0; i < order.length; i += at) {
    const some = order.slice(i, i + at);
    scope(() => {
      const steps = encoderDecoderSteps(
        model,
        params,
        some.map((s) => sources[s]),
        { begin },
      );
      const best =
        width === 1
          ? greedy(steps, { end, length })
          : beamSearch(steps, { end, length, width }).map(([first]) => first);
      for (const [j, s] of some.entries()) found[s] = best[j].symbols;
    });
  }
  return found;
}

/** How many of the sources are answered wrongly, and the edits per symbol. An answer is right if it is any one of those wanted. */
export function errorsOf(model, params, pairs, settings) {
  const found = written(
    model,
    params,
    pairs.map(({ source }) => source),
    settings,
  );
  // Where several answers are right, the nearest counts.
  const wanted = pairs.map(({ target, targets = [target] }, i) =>
    targets.reduce((best, t) =>
      labelErrorRate([found[i]], [t]) < labelErrorRate([found[i]], [best]) ? t : best,
    ),
  );
  const wrong = found.filter((symbols, i) => symbols.join() !== wanted[i].join()).length;
  return { pairs: pairs.length, wrong, share: wrong / pairs.length, edits: labelErrorRate(found, wanted) };
}

/**
 * Trains until so many steps are taken, or the time is over; `trainKept` says how.
 *
 * @param epoch the pairs of an epoch, of its number
 * @param check pairs that are not trained on: the share of them that is written wrongly, greedily, is looked at every `every` steps
 */
export function trainPairs({ model, seed, epoch, batch, check, length, ...settings }) {
  const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
  return trainKept({
    task: pairsTask(model, { epoch, batch, key: forBatches }),
    params: model.init(forInit),
    key: forTraining,
    seed,
    batch,
    wrong: (params) => errorsOf(model, params, check, { length }).share,
    ...settings,
  });
}

/** What a trained model writes of sources, with its weights of attention: { source, written, weights } of names, for figures. */
export function alignmentsOf(model, file, sources, { length, read, write }) {
  const params = trainedParams(model, file);
  const found = written(model, params, sources, { length, width: 5 });
  const weights = alignments(model, params, sources, found, { begin });
  return sources.map((source, i) => ({
    source: read(source),
    written: [...write(found[i]), "end"],
    weights: weights[i],
  }));
}

/** The parameters in the file of a run. */
function trainedParams(model, file) {
  const task = pairsTask(model, { epoch: () => [{ source: [0], target: [] }], batch: 1, key: Key.of(0) });
  return keptParams({ task, params: model.init(Key.of(0)), file });
}
