import { checkSettings, count, optional, size } from "../../check/index.js";
import { formatShape, ShapeError, type Value } from "../../tensor/index.js";
import type { SequenceLayer } from "../module.js";
import { sequenceLayer } from "./sequence-layer.js";
import { type Offsets, reachBack, tapped } from "./taps.js";

/** Settings of `slidingWindow`. */
export interface SlidingWindowConfig {
  /** Features of x. */
  readonly input: number;
  /** Inputs before the present one. */
  readonly behind: number;
  /** Inputs after the present one: a look-ahead. 0 by default. */
  readonly ahead?: number;
  /** Steps from one input of the window to the next; 1 by default. */
  readonly dilation?: number;
}

/** How far a layer sees. */
export interface Reach {
  /** Steps before the present one that an output depends on. */
  readonly behind: number;
  /** Steps after it. */
  readonly ahead: number;
}

/** The state of what reads a window: the last inputs, the oldest first, [sequences, reach.behind, features]. */
export interface PastInputs {
  readonly past: Value;
}

/** A sequence layer that sees so far and no further. */
export interface WindowedLayer<P, S> extends SequenceLayer<P, S> {
  readonly reach: Reach;
}

/**
 * A window of fixed size around each step, as one row: the look-ahead buffer of section 10.3, beside which a bidirectional network stands.
 *
 *     y(t) = [x(t - behind d), ..., x(t - d), x(t), x(t + d), ..., x(t + ahead d)],   d the dilation
 *
 * x [nodes, input] over chains gives [nodes, (behind + 1 + ahead) * input]; beyond the ends of a sequence it reads zeros. In front of
 * `recurrent` it makes a one-way network with a look-ahead, in front of `linear` a network that sees the window alone, which is
 * `convolution`. It has no parameters. Its state is what the next part of a sequence reads of this one, `past` [sequences, behind * d,
 * input], the oldest first. A chain that runs backwards has its later steps before it.
 *
 * Without a look-ahead it streams; with one, an output waits for inputs that a stream does not have yet.
 *
 * @throws StructureError if the structure is not a chain
 * @see Goodfellow, Bengio, Courville (2016), section 10.3
 * @example
 * const seeing = stacked([slidingWindow({ input: 3, behind: 0, ahead: 2 }), recurrent(gru({ input: 9, hidden: 4 }))]);
 * seeing.apply(seeing.init(Key.of(1)), zeros([4, 3]), chain([3, 1])).output.shape // [ 4, 4 ]
 */
export function slidingWindow(
  config: SlidingWindowConfig,
): WindowedLayer<Readonly<Record<string, never>>, PastInputs> {
  const { input, behind, ahead = 0, dilation = 1 } = checkSettings("slidingWindow", config, kinds);
  const offsets = offsetsOf(behind, ahead, dilation);
  const layer = sequenceLayer<Readonly<Record<string, never>>, PastInputs>("slidingWindow", {
    input: [input],
    features: offsets.length * input,
    forward: ahead === 0,
    init: () => ({}),
    apply(_, x, structure, { initial } = {}) {
      checkFeatures("slidingWindow", x, input);
      const { rows, past } = tapped("slidingWindow", structure, x, offsets, initial?.past);
      return { output: rows, final: { past } };
    },
  });
  return withReach(layer, reachOf(offsets));
}

/** @throws ShapeError if x is not [nodes, input] */
export function checkFeatures(what: string, x: Value, input: number): void {
  if (x.rank !== 2 || x.shape[1] !== input)
    throw new ShapeError(`${what}.apply: x is ${formatShape(x.shape)}, expected [nodes, ${input}]`);
}

/** The offsets of a window of so many inputs. */
export function offsetsOf(behind: number, ahead: number, dilation: number): Offsets {
  return Array.from({ length: behind + 1 + ahead }, (_, k) => (k - behind) * dilation);
}

/** How far offsets reach. */
export function reachOf(offsets: Offsets): Reach {
  return { behind: reachBack(offsets), ahead: Math.max(0, offsets.at(-1)!) };
}

/** A layer that says how far it sees. */
export function withReach<P, S>(layer: SequenceLayer<P, S>, reach: Reach): WindowedLayer<P, S> {
  return { ...layer, reach };
}

const kinds = { input: size, behind: count, ahead: optional(count), dilation: optional(size) };
