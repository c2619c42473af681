import { check, checkSettings, count, integerIn, rate, size } from "../check/index.js";
import { chain, type Structure } from "../unfold/index.js";
import { symbolsKind } from "./kinds.js";
import type { SymbolNumbers } from "./vocabulary.js";

/** A text cut in two: the end is held out. */
export interface TextSplit<S extends SymbolNumbers = Int32Array> {
  readonly train: S;
  readonly valid: S;
}

/**
 * Holds out the end of a text.
 *
 *     train = the first floor(n (1 - fraction)) symbols, valid = the rest
 *
 * @param symbols a text in numbers; the parts are views of it.
 * @param fraction held out, in [0, 1).
 * @throws RangeError if the fraction lies outside.
 * @example splitText(Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 0.1) // train 0..8, valid 9
 */
export function splitText<S extends SymbolNumbers>(symbols: S, fraction: number): TextSplit<S> {
  check("splitText", "symbols", symbols, symbolsKind);
  check("splitText", "fraction", fraction, rate);
  const begin = Math.floor(symbols.length * (1 - fraction));
  return { train: symbols.subarray(0, begin) as S, valid: symbols.subarray(begin) as S };
}

/** One segment of every stream: what a training step sees. */
export interface Segment {
  /** Symbols read, one per node: [steps * streams], row t * streams + b. */
  readonly inputs: Int32Array;
  /** The symbols that follow them, in the same rows. */
  readonly targets: Int32Array;
  /** `streams` chains of the same length, whose rows these are. */
  readonly structure: Structure;
  /** The streams begin here: the carried state is to be replaced by zeros. Else it is the final state of the segment before. */
  readonly fresh: boolean;
}

/** A text read by several streams at once, segment after segment. */
export interface TextStreams {
  /** Streams side by side. */
  readonly streams: number;
  /** Segments in one pass over the text. */
  readonly segments: number;
  /** Symbols predicted in one pass. */
  readonly predictions: number;
  /**
   * Segment number `step` of the endless sequence of passes, of the first so many streams; of all by default. It depends on nothing
   * else.
   */
  segment(step: number, first?: number): Segment;
  /** In words, where that segment lies: its pass over the text and its place in the streams. */
  describe(step: number): string;
}

/** A text without enough symbols for what is asked of it. */
export class TextTooShortError extends Error {
  override name = "TextTooShortError";

  constructor(
    /** Symbols needed. */
    readonly needed: number,
    /** Symbols that there are. */
    readonly found: number,
    streams: number,
    steps: number,
  ) {
    super(
      `the text is too short: ${streams} streams of ${steps} steps need ${needed} symbols, there are ${found}; use fewer streams or steps`,
    );
  }
}

/**
 * Cuts a text into `streams` equal parts, which are read in parallel, and each part into segments of `steps` symbols. The
 * target of a symbol is the one that follows it.
 *
 *     part length L = floor((n - 1) / streams);  stream b, position p reads symbol b L + p and predicts symbol b L + p + 1
 *
 * Within a pass, each segment goes on where the one before ended, so the state is carried over (truncated
 * back-propagation). The last segment of a pass is shorter if `steps` does not divide L. Then all streams go back to the
 * beginning of their parts, and the state is reset to zeros: the segment says so (`fresh`). Of the text, (n - 1) mod
 * `streams` symbols at the very end are not used.
 *
 * @param symbols a text in numbers, at least streams * steps + 1 of them.
 * @throws RangeError if `streams` or `steps` is not a positive integer.
 * @throws TextTooShortError if there is no full segment.
 * @example
 * const text = textStreams(new Int32Array(2000), { streams: 16, steps: 64 });
 * const { inputs, targets, structure, fresh } = text.segment(0); // 1,024 rows, fresh
 */
export function textStreams(
  symbols: SymbolNumbers,
  options: { readonly streams: number; readonly steps: number },
): TextStreams {
  check("textStreams", "symbols", symbols, symbolsKind);
  const { streams, steps } = checkSettings("textStreams", options, { streams: size, steps: size });
  if (symbols.length < streams * steps + 1)
    throw new TextTooShortError(streams * steps + 1, symbols.length, streams, steps);
  const part = Math.floor((symbols.length - 1) / streams);
  const segments = Math.ceil(part / steps);
  // Programs and schedules are kept per structure, so segments of one length share one.
  const structures = new Map<string, Structure>();
  const structureOf = (count: number, length: number): Structure => {
    const name = `${count} of ${length}`;
    const known = structures.get(name) ?? chain(new Array<number>(count).fill(length));
    structures.set(name, known);
    return known;
  };
  const rangeOf = (what: string, step: number) => {
    check(`textStreams.${what}`, "step", step, count);
    const begin = (step % segments) * steps;
    return { begin, length: Math.min(steps, part - begin) };
  };
  return {
    streams,
    segments,
    predictions: part * streams,
    describe(step) {
      const { begin, length } = rangeOf("describe", step);
      const range = `symbols ${begin} to ${begin + length - 1} of ${part}`;
      const pass = `pass ${Math.floor(step / segments) + 1} over the text`;
      return streams === 1 ? `${range}, ${pass}` : `${range} in each of ${streams} streams, ${pass}`;
    },
    segment(step, first = streams) {
      const { begin, length } = rangeOf("segment", step);
      check("textStreams.segment", "first", first, integerIn(1, streams));
      const inputs = new Int32Array(length * first);
      const targets = new Int32Array(length * first);
      for (let t = 0; t < length; t++)
        for (let b = 0; b < first; b++) {
          const from = b * part + begin + t;
          inputs[t * first + b] = symbols[from]!;
          targets[t * first + b] = symbols[from + 1]!;
        }
      return { inputs, targets, structure: structureOf(first, length), fresh: begin === 0 };
    },
  };
}
