import { defineCell } from "../../cell/index.js";
import { size } from "../../check/index.js";
import { gather, mul } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { constantInit, normalInit } from "../init/index.js";
import { rowOrLast } from "./row-or-last.js";

/** Settings of `maskedWords`. */
export interface MaskedWordsConfig {
  /** Words that there are. */
  readonly vocabulary: number;
  /** Features of a vector. */
  readonly width: number;
  /** Places of words that are told apart; the last stands for all that come later. */
  readonly longest: number;
}

/**
 * Sentences as vectors: the sum of the vectors of their words, each times a mask for its place in the sentence. Masks are learned; where `wordBags`
 * weighs places by a formula, a place here may say what it likes of each feature.
 *
 *     s = sum over j of F[j] * E[x_j]
 *
 * The structure has a chain per sentence. Inputs per node: word and position, the latter counted from 0, int32 []. No state and no output; the vectors are
 * sums per sentence, `vector` [width]. Parameters: E [vocabulary, width], normal with the deviation .1 at first, F [longest, width], 1 at first.
 *
 * @see Henaff, Weston, Szlam, Bordes, LeCun (2017), "Tracking the world state with recurrent entity networks", section 2.1
 * @example
 * const cell = maskedWords({ vocabulary: 10, width: 4, longest: 6 });
 * const inputs = { word: tensor([3, 1, 4], "int32"), position: tensor([0, 0, 1], "int32") };
 * unfold(cell, cell.init(Key.of(1)), inputs, chain([2, 1])).sums.vector.shape // [ 2, 4 ]: one per sentence
 */
export const maskedWords = defineCell({
  name: "maskedWords",
  settings: { vocabulary: size, width: size, longest: size },
  inputs: (
    _: MaskedWordsConfig,
  ): Readonly<Record<"word" | "position", { readonly shape: Shape; readonly dtype: "int32" }>> => ({
    word: { shape: [], dtype: "int32" },
    position: { shape: [], dtype: "int32" },
  }),
  state: () => ({}),
  params: ({ vocabulary, width, longest }) => ({
    E: normalInit(0.1, vocabulary, width),
    F: constantInit(1, longest, width),
  }),
  step: ({ word, position }, { E, F }) => ({
    state: {},
    output: {},
    sums: { vector: mul(rowOrLast(F, position), gather(E, word)) },
  }),
});
