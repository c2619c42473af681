import { check, checkSettings, count, func, listOf, optional } from "../check/index.js";
import type { EncoderDecoder, EncoderDecoderParams } from "../nn/index.js";
import { onCpu, scope, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { chain } from "../unfold/index.js";
import { type Symbols, symbolLists } from "./allowed.js";
import { checkBegin, type EncoderDecoderStepsSettings, encoderDecoderKind } from "./encoder-decoder-steps.js";
import { packed, packedSources, type Sources } from "./sequences-of-symbols.js";
import { rowsOfState } from "./state-rows.js";

/** Which sequences are looked at. */
export interface AlignmentsSettings extends EncoderDecoderStepsSettings {
  /** For each sequence, the source that it is written of; its own number by default. For several hypotheses of one. */
  readonly of?: readonly number[];
}

/**
 * The weights of attention of sequences that were written, such as the hypotheses of a beam search: for each, a matrix with a row per step
 * and a column per member of its source. The last row is that of the step which puts out the end.
 *
 * The decoder reads the sequences once more, all of them in one unfold. The weights are those of the search.
 *
 * @param sequences without begin and end
 * @returns one per sequence: [symbols + 1, members], row by row
 * @throws TypeError for a model without attention
 * @throws RangeError for a sequence of a source that there is not
 * @example
 * const model = encoderDecoder({
 *   encoder: stacked([embedding({ vocabulary: 5, features: 3 }), recurrent(gru({ input: 3, hidden: 4 }))]),
 *   cell: gru,
 *   hidden: 4,
 *   reads: embedding({ vocabulary: 7, features: 3 }),
 *   output: 7,
 *   attention: { addressing: additiveAddressing({ size: 4 }) },
 * });
 * const [one] = alignments(model, model.init(Key.of(1)), [[1, 2, 3]], [[5, 6]], { begin: 0 });
 * one!.map((row) => row.length) // [3, 3, 3]: three steps, with the end, and three members
 */
export function alignments<E, P, R>(
  model: EncoderDecoder<E, P, R>,
  params: NoInfer<EncoderDecoderParams<E, P, R>>,
  sources: Sources,
  sequences: readonly Symbols[],
  settings?: AlignmentsSettings,
): Float64Array[][] {
  const what = "alignments";
  check(what, "model", model, encoderDecoderKind);
  check(what, "params", params, treeKind);
  check(what, "sequences", sequences, symbolLists);
  const {
    begin,
    reads,
    of = sequences.map((_, i) => i),
  } = checkSettings(what, settings, {
    begin: optional(count),
    reads: optional(func),
    of: optional(listOf(count, "a list of numbers of sources")),
  });
  const isFed = checkBegin(what, model, begin);
  if (of.length !== sequences.length)
    throw new RangeError(
      `${what}: of has ${of.length} numbers for ${sequences.length} sequences, expected one each`,
    );
  const traced = params as unknown as Traceable<EncoderDecoderParams<E, P, R>>;
  return scope(() => {
    const source = packedSources(what, sources);
    const many = source.structure.sequences;
    of.forEach((s, i) => {
      if (s >= many)
        throw new RangeError(
          `${what}: sequences[${i}] is written of source ${s}, and there are ${many} sources; say with \`of\` which it belongs to`,
        );
    });
    const encoded = model.encode(traced, source);
    const read = sequences.map((symbols) => [begin ?? 0, ...Array.from(symbols)]);
    const { x, structure } = packed(
      `${what}: sequences`,
      read,
      chain(
        read.map((symbols) => symbols.length),
        { owners: of, sequences: many },
      ),
    );
    const first = Object.fromEntries(
      Object.entries(encoded.first).map(([slot, v]) => [slot, rowsOfState(v, Int32Array.from(of))]),
    );
    const y = isFed ? (reads ? (reads as (symbols: Value) => Value)(x) : x) : undefined;
    const result = model.decode(traced, { ...encoded, first }, { x: y, structure }, { weights: true });
    if (result.weights === null)
      throw new TypeError(`${what}: the model has no attention, so there are no weights; give it attention`);
    const weights = onCpu(result.weights).toArray();
    const { begin: from } = result.structure.pairs("source");
    const laid: Float64Array[][] = read.map(() => []);
    // Where row r comes in the order in which the sequences were given.
    const ends: number[] = [];
    for (const symbols of read) ends.push((ends.at(-1) ?? 0) + symbols.length);
    const { order } = structure.parts;
    for (let row = 0; row < order.length; row++) {
      const s = ends.findIndex((end) => order[row]! < end);
      laid[s]!.push(Float64Array.from(weights.subarray(from[row]!, from[row + 1]!)));
    }
    return laid;
  });
}
