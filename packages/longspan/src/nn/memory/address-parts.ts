import type { StepContext } from "../../cell/index.js";
import { check, count, having, type RequiredKind } from "../../check/index.js";
import { add, reshape, sigmoid, softmax, softplus, tanh } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import {
  cosineScores,
  interpolate,
  rowMembers,
  sharpen,
  shiftWeights,
  weightsOfScores,
} from "../addressing/index.js";

/** What a part of an addressing has to work with at a step, for H heads at once. */
export interface AddressPartCall {
  /** What the controller emits for it, in the pieces that it asks for: [H, n] each. */
  readonly emitted: readonly Value[];
  /** What the part before it gave, [H, N]; null for the first. */
  readonly weights: Value | null;
  /** M [N, W], as it was before the step. */
  readonly memory: Value;
  /** The weights of the heads at the step before, [H, N]. */
  readonly previous: Value;
  /** For parts that draw. */
  readonly context: StepContext;
}

/** What a part of an addressing gives. */
export interface AddressPartAnswer {
  /** [H, N] */
  readonly weights: Value;
  /** The logarithm of the probability of what it drew, [] for all heads together, where it draws. */
  readonly logProbability?: Value;
}

/**
 * A step in how heads come to their weights. `turingMemory` takes a list of them, each of which works on what the one before gave: by content
 * alone, by place alone, or both together, are lists of parts.
 */
export interface AddressPart {
  /** Its name, in messages. */
  readonly name: string;
  /** Whether it makes weights by itself, or works on those of the part before. */
  readonly from: "memory" | "weights";
  /** The pieces that the controller is to emit for it, per head, by their sizes. */
  emits(sizes: { readonly rows: number; readonly width: number }): readonly number[];
  /** The weights of the heads. */
  address(call: AddressPartCall): AddressPartAnswer;
}

/** A part of an addressing, as far as functions that take one need it. */
export const addressPartKind: RequiredKind = having(
  "a part of an addressing, such as addressByContent()",
  "emits",
  "address",
);

/**
 * By content: how alike each row is to a key.
 *
 *     w = softmax over rows i of beta cos(k, M(i)),   k = tanh(.) [width],  beta = 1 + softplus(.)
 *
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", equations 5 and 6
 * @example turingMemory({ rows: 16, width: 8, address: [addressByContent()] }).emits // 34: k and beta of two heads, e and a of one
 */
export function addressByContent(): AddressPart {
  return {
    name: "addressByContent",
    from: "memory",
    emits: ({ width }) => [width, 1],
    address({ emitted: [k, beta], memory }) {
      const [heads, width] = k!.shape as readonly [number, number];
      const query = reshape(tanh(k!), [heads, 1, width]);
      const scores = cosineScores(query, memory, add(1, softplus(beta!)));
      return { weights: weightsOfScores(scores, rowMembers) };
    },
  };
}

/**
 * By place: the controller names the rows themselves, whatever they hold and wherever the head was.
 *
 *     w = softmax(.) [rows]
 *
 * @example turingMemory({ rows: 16, width: 8, address: [addressByPlace()] }).emits // 48: 16 for each of two heads, e and a of one
 */
export function addressByPlace(): AddressPart {
  return {
    name: "addressByPlace",
    from: "memory",
    emits: ({ rows }) => [rows],
    address: ({ emitted: [scores] }) => ({ weights: softmax(scores!) }),
  };
}

/**
 * Where the head was a step ago. What comes after it moves on from there.
 *
 *     w = w(t-1)
 *
 * @example
 * const tape = [addressAsBefore(), shiftedAddress(1), sharpenedAddress()];
 * turingMemory({ rows: 16, width: 8, address: tape }).emits // 24: 4 for each of two heads, e and a of one
 */
export function addressAsBefore(): AddressPart {
  return {
    name: "addressAsBefore",
    from: "memory",
    emits: () => [],
    address: ({ previous }) => ({ weights: previous }),
  };
}

/**
 * Between the weights so far and those of another part, by a gate.
 *
 *     w' = g w + (1 - g) other,   g = sigmoid(.)
 *
 * @param other a part that makes weights by itself: `addressAsBefore()` for equation 7, or `addressByPlace()`
 * @throws RangeError for one that works on other weights
 * @see Graves, Wayne, Danihelka (2014), equation 7
 * @example
 * const address = [addressByContent(), gatedAddress(addressByPlace())];
 * turingMemory({ rows: 16, width: 8, address }).emits // 68: 26 for each of two heads, e and a of one
 */
export function gatedAddress(other: AddressPart): AddressPart {
  check("gatedAddress", "other", other, addressPartKind);
  if (other.from !== "memory")
    throw new RangeError(
      `gatedAddress: other is ${other.name}, which works on the weights of the part before it; it takes one that makes weights by itself, such as addressAsBefore()`,
    );
  return {
    name: "gatedAddress",
    from: "weights",
    emits: (sizes) => [1, ...other.emits(sizes)],
    address({ emitted: [g, ...emitted], weights, ...call }) {
      const { weights: others, ...rest } = other.address({ ...call, emitted, weights: null });
      return { ...rest, weights: interpolate(weights!, others, sigmoid(g!)) };
    },
  };
}

/**
 * The weights moved along the rows, which lie in a ring.
 *
 *     w'(i) = sum over moves k of s_k w(i - k),   s = softmax(.) over k = -farthest, ..., farthest
 *
 * A head never moves by more than half the rows.
 *
 * @param farthest how far a head can move in a step, either way; 0 for not at all
 * @see `shiftWeights`; Graves, Wayne, Danihelka (2014), equation 8
 * @example shiftedAddress(2).emits({ rows: 16, width: 8 }) // [ 5 ]
 */
export function shiftedAddress(farthest: number): AddressPart {
  check("shiftedAddress", "farthest", farthest, count);
  return {
    name: "shiftedAddress",
    from: "weights",
    emits: ({ rows }) => [2 * Math.min(farthest, Math.floor((rows - 1) / 2)) + 1],
    address: ({ emitted: [s], weights }) => ({
      weights: s!.shape[1] === 1 ? weights! : shiftWeights(weights!, softmax(s!)),
    }),
  };
}

/**
 * The weights made sharper.
 *
 *     w' = w^gamma / sum of w^gamma,   gamma = 1 + softplus(.)
 *
 * @see `sharpen`; Graves, Wayne, Danihelka (2014), equation 9
 * @example sharpenedAddress().emits({ rows: 16, width: 8 }) // [ 1 ]
 */
export function sharpenedAddress(): AddressPart {
  return {
    name: "sharpenedAddress",
    from: "weights",
    emits: () => [1],
    address: ({ emitted: [gamma], weights }) => ({
      weights: sharpen(weights!, add(1, softplus(gamma!)), rowMembers),
    }),
  };
}
