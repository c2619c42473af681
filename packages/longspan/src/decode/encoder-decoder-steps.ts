import { check, checkSettings, count, func, having, optional, type RequiredKind } from "../check/index.js";
import type { EncodedSource, EncoderDecoder, EncoderDecoderParams } from "../nn/index.js";
import { fromArray, leaves, onCpu, scope, type Tensor, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { chain, type Structure } from "../unfold/index.js";
import { capturedStep } from "./captured-step.js";
import { type FormedPerSource, finding, forming } from "./formed-per-source.js";
import { logSoftmaxOf } from "./log-softmax.js";
import { packedSources, type Sources } from "./sequences-of-symbols.js";
import { disposeState, rowsOfState } from "./state-rows.js";
import type { Said, StepModel } from "./step-model.js";

/** How an encoder-decoder is asked. */
export interface EncoderDecoderStepsSettings {
  /** The symbol that the decoder reads first, as in `packPairs`. Required, unless the decoder reads nothing of what was put out. */
  readonly begin?: number;
  /** What the decoder reads of symbols, int32 [rows], where that is not the symbols: such as `(y) => oneHot(y, 7)` for `reads: 7`. */
  readonly reads?: (symbols: Value) => Value;
}

/** Where the decoder stands in each row. */
export interface EncoderDecoderState {
  /** The decoder's state, by slot: a row each. */
  readonly decoder: Readonly<Record<string, Value>>;
  /** The source that each row writes of. */
  readonly sources: Int32Array;
  /** How many symbols were read before. */
  readonly position: number;
}

/**
 * An encoder-decoder as a step model: what `beamSearch`, `greedy`, `sampleSequences` and `scoreSequences` ask. The sources are read once,
 * when it is made. Each step is one call for all rows, of all sources; rows of one source look at the same members, so that a beam of any
 * width has them once. What is made of members alone, such as the keys of attention, is formed at the first step and kept. A step of rows
 * that belong to the sources as before is captured, and is one call into the executor.
 *
 * `scoreSequences` gives ln P of whole targets under teacher forcing, and `alignments` the weights of attention of what was found.
 *
 * @param model whose outputs are logits of symbols
 * @param params are not changed
 * @param sources lists of symbols, or { x, structure } for an encoder that reads something else
 * @throws RangeError for symbols that are none, or no sources
 * @throws TypeError if begin is missing, or given to a decoder that reads nothing
 * @example
 * const model = encoderDecoder({
 *   encoder: stacked([embedding({ vocabulary: 5, features: 3 }), recurrent(gru({ input: 3, hidden: 4 }))]),
 *   cell: gru,
 *   hidden: 4,
 *   reads: embedding({ vocabulary: 7, features: 3 }),
 *   output: 7,
 *   attention: { addressing: additiveAddressing({ size: 4 }) },
 * });
 * const steps = encoderDecoderSteps(model, model.init(Key.of(1)), [[1, 2, 3], [4]], { begin: 0 });
 * beamSearch(steps, { end: 0, length: 8, width: 4 }).length // 2: one list of hypotheses per source
 */
export function encoderDecoderSteps<E, P, R>(
  model: EncoderDecoder<E, P, R>,
  params: NoInfer<EncoderDecoderParams<E, P, R>>,
  sources: Sources,
  settings?: EncoderDecoderStepsSettings,
): StepModel<EncoderDecoderState> {
  const what = "encoderDecoderSteps";
  check(what, "model", model, encoderDecoderKind);
  check(what, "params", params, treeKind);
  const { begin, reads = null } = checkSettings(what, settings, {
    begin: optional(count),
    reads: optional(func),
  });
  const isFed = checkBegin(what, model, begin);
  const { features: vocabulary } = model;
  const traced = params as unknown as Traceable<EncoderDecoderParams<E, P, R>>;
  const encoded = scope(() => model.encode(traced, packedSources(what, sources)));
  const { first, ...source } = encoded;
  const many = source.structure.sequences;
  // What reads its position finds it here: written before each step, so that a captured step sees it.
  const start = fromArray([0], [], "int32");
  const structures = new Map<string, Structure>();
  // The same structure for the same rows, so that a captured step is found again.
  const oneEach = (owners: Int32Array): Structure => {
    const name = owners.join();
    const structure =
      structures.get(name) ??
      chain(new Array<number>(owners.length).fill(1), {
        owners: Array.from(owners),
        sequences: many,
      }).startingAt(start);
    structures.delete(name);
    structures.set(name, structure);
    for (const oldest of structures.keys()) {
      if (structures.size <= mostKnown) break;
      structures.delete(oldest);
    }
    return structure;
  };
  const write = (
    p: typeof traced,
    read: Omit<EncodedSource, "first">,
    initial: Readonly<Record<string, Value>>,
    symbols: Int32Array | null,
    reads: Reads | null,
    structure: Structure,
  ) => {
    const y = symbols && fromArray(symbols, [symbols.length], "int32");
    const target = y ? { x: reads ? reads(y) : y, structure } : { structure };
    const { output, final } = model.decode(p, { ...read, first: initial }, target);
    return { output, final };
  };
  // What was formed is an argument: the captured step serves other sources too.
  const go = capturedStep(model, (formed: FormedPerSource, ...call: Readonly<Parameters<typeof write>>) =>
    finding(formed, () => write(...call)),
  );
  const constants = new Set<Value>([...leaves(params), ...leaves([source.members, source.context])]);
  let formed: FormedPerSource | null = null;
  const step = (state: EncoderDecoderState, symbols: Int32Array): Said<EncoderDecoderState> => {
    start.write([state.position]);
    const call = [
      traced,
      source,
      state.decoder,
      isFed ? symbols : null,
      reads as Reads | null,
      oneEach(state.sources),
    ] as const;
    const { output, final } = formed ? go(formed, ...call) : firstOf(call);
    const logits = onCpu(output).toArray();
    (output as Tensor).dispose();
    return {
      logProbabilities: logSoftmaxOf(what, logits, vocabulary),
      state: { decoder: final, sources: state.sources, position: state.position + 1 },
    };
  };
  /** The first step that is asked for forms what all read. */
  const firstOf = (call: Readonly<Parameters<typeof write>>) => {
    const { formed: all, result } = forming(constants, () => write(...call));
    formed = all;
    return result;
  };
  return {
    vocabulary,
    sequences: many,
    start: () =>
      step(
        { decoder: first, sources: Int32Array.from(Array(many).keys()), position: 0 },
        new Int32Array(many).fill(begin ?? 0),
      ),
    step,
    select: ({ decoder, sources, position }, rows) => ({
      decoder: rowsOfState(decoder, rows),
      sources: Int32Array.from(rows, (row) => sources[row]!),
      position,
    }),
    release: ({ decoder }) => disposeState(decoder),
  };
}

type Reads = (symbols: Value) => Value;

/** Ways in which rows belong to sources, whose structures are kept: a search comes back to few. */
const mostKnown = 16;

/** An encoder-decoder, as far as decoding needs it. */
export const encoderDecoderKind: RequiredKind = having(
  "an encoder-decoder, made by encoderDecoder({ ... })",
  "encode",
  "decode",
);

/** Whether the decoder reads what was put out. @throws TypeError if begin does not go with that */
export function checkBegin(
  what: string,
  { represents }: { readonly represents: string },
  begin: number | undefined,
): boolean {
  const isFed = represents === "10.30";
  if (isFed && begin === undefined)
    throw new TypeError(
      `${what}: begin is missing: the decoder reads the output before, and at the first step the symbol begin; give the one that it was trained with`,
    );
  if (!isFed && begin !== undefined)
    throw new TypeError(
      `${what}: begin is ${begin}, but the decoder reads nothing of what was put out; leave it out`,
    );
  return isFed;
}
