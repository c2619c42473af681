import { check, checkSettings, func, optional, signal as signalKind, size } from "../check/index.js";
import { type SymbolNumbers, type TextStreams, TextTooShortError, textStreams } from "../data/index.js";
import { symbolsKind } from "../data/kinds.js";
import { crossEntropySum, type PartialState, type SequenceLayer } from "../nn/index.js";
import { textModelKind } from "../nn/kinds.js";
import { fromArray, keep, scope, type Tensor, type Traceable } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { type Pause, pacer } from "./pace.js";
import { dispose } from "./training-state.js";

/** How a text is evaluated. */
export interface EvaluateOptions {
  /**
   * Parts that are read side by side, each from a zero state; 1 by default: the text as one sequence. With a `length`, sequences that are
   * read side by side, which changes nothing but the memory; 256 by default.
   */
  readonly streams?: number;
  /**
   * Symbols of a sequence: the text is cut into as many whole ones as there are, and each is read from a zero state. By default there are
   * no such cuts. What training has not seen, longer sequences than its streams, is looked at so.
   */
  readonly length?: number;
  /** Symbols per piece of work, which bounds the memory and changes nothing else; 256 / streams by default. */
  readonly steps?: number;
  /** Evaluation ends early once this says so, such as an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean };
  /** Gives way to the event loop, every 50 ms. */
  readonly pause?: Pause;
}

/** What an evaluation gives. */
export interface TextEvaluation {
  /** Mean cross-entropy: nats per symbol, a character or a word as the vocabulary has it. */
  readonly nats: number;
  /** Symbols predicted. */
  readonly predictions: number;
  /** Whether the whole text was read: false if the signal came. */
  readonly complete: boolean;
}

/**
 * The mean cross-entropy of a text under a model, without dropout, the state carried from the first symbol to the last.
 *
 *     nats = - 1 / (n - 1) sum over t = 2 .. n of ln P(y(t) | y(1), ..., y(t-1))
 *
 * The first symbol is read but not predicted. With more than one stream, each part begins without a past, which costs a
 * little, and up to `streams` - 1 symbols at the end are left out. With a `length`, every so many symbols begin without a past, and up to `length` - 1
 * at the end are left out.
 *
 * At word level, `<unk>` is predicted like any other symbol, which is easier than the words it stands for: figures compare
 * between models with the same vocabulary only.
 *
 * @param model as `textTask` takes it
 * @param symbols a text in numbers, at least `streams` + 1 of them
 * @throws TextTooShortError if the text is shorter, or has no sequence of that length
 * @example
 * const model = languageModel({ vocabulary: 3, features: 8, hidden: 16 });
 * const { nats } = await evaluateText(model, model.init(Key.of(1)), Int32Array.of(0, 2, 1, 0, 2));
 * natsToBits(nats); // bits per symbol
 */
export async function evaluateText<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  symbols: SymbolNumbers,
  options?: EvaluateOptions,
): Promise<TextEvaluation> {
  check("evaluateText", "model", model, textModelKind);
  check("evaluateText", "params", params, treeKind);
  check("evaluateText", "symbols", symbols, symbolsKind);
  const { streams, length, steps, signal, pause } = checkSettings("evaluateText", options, {
    streams: optional(size),
    length: optional(size),
    steps: optional(size),
    signal: optional(signalKind),
    pause: optional(func),
  });
  const rest = pacer(pause);
  let [total, predictions] = [0, 0];
  for (const part of partsOf(symbols, streams, length)) {
    const longest = Math.max(1, Math.floor((part.symbols.length - 1) / part.streams));
    const text = textStreams(part.symbols, {
      streams: part.streams,
      steps: Math.min(longest, steps ?? Math.max(1, Math.round(256 / part.streams))),
    });
    let state: S | null = null;
    let step = 0;
    try {
      while (step < text.segments && !signal?.aborted) {
        const next: Piece<S> = score(model, params, text, step, state);
        dispose(state);
        state = next.final;
        const [sum] = await next.sum.data();
        next.sum.dispose();
        total += sum!;
        predictions += next.count;
        step += 1;
        await rest();
      }
    } finally {
      dispose(state);
    }
    if (step < text.segments) return { nats: total / predictions, predictions, complete: false };
  }
  return { nats: total / predictions, predictions, complete: true };
}

/** The text in parts, each cut into so many streams. @throws TextTooShortError if it has no sequence of that length */
function partsOf(symbols: SymbolNumbers, streams: number | undefined, length: number | undefined) {
  if (length === undefined) return [{ symbols, streams: streams ?? 1 }];
  const sequences = Math.floor((symbols.length - 1) / length);
  if (sequences < 1) throw new TextTooShortError(length + 1, symbols.length, 1, length);
  const sideBySide = streams ?? 256;
  return Array.from({ length: Math.ceil(sequences / sideBySide) }, (_, i) => {
    const first = i * sideBySide;
    const count = Math.min(sideBySide, sequences - first);
    return { symbols: symbols.subarray(first * length, (first + count) * length + 1), streams: count };
  });
}

/** What is known after a piece of the text. */
interface Piece<S> {
  readonly sum: Tensor;
  readonly count: number;
  readonly final: S;
}

function score<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  text: TextStreams,
  step: number,
  initial: S | null,
): Piece<S> {
  const { inputs, targets, structure } = text.segment(step);
  const n = inputs.length;
  return keep(
    scope(() => {
      const ids = fromArray(inputs, [n], "int32");
      const from = initial ? { initial: initial as PartialState<S> } : {};
      const { output, final } = model.apply(params as Traceable<P>, ids, structure, from);
      const sum = crossEntropySum(output, fromArray(targets, [n], "int32")) as Tensor;
      return { sum, count: n, final };
    }),
  );
}
