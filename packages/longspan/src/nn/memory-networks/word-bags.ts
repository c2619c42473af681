import { defineCell, type ParamSpec } from "../../cell/index.js";
import { finitePositive, flag, optional, size } from "../../check/index.js";
import { add, cast, gather, iota, mul, sub } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { normalInit } from "../init/index.js";

/** Settings of `wordBags`. */
export interface WordBagsConfig {
  /** Words that there are. */
  readonly vocabulary: number;
  /** Features of a vector. */
  readonly width: number;
  /** How many vectors each sentence gets, by tables of their own; 1 by default. */
  readonly tables?: number;
  /** Whether words count by their places (position encoding). They do unless this is false. */
  readonly positions?: boolean;
  /** Standard deviation of the tables at first; .1 by default. */
  readonly std?: number;
}

/**
 * Sentences as vectors: the sum of the vectors of their words, each weighted by the word's place, so that the order of the words is seen.
 *
 *     m = sum over j of l_j * E[x_j],   l_jk = (1 - j/J) - (k/d) (1 - 2 j/J)
 *
 * for word j of J and feature k of d, both counted from 1; l_j = 1 without `positions`. With several tables E0, E1, ..., a sentence gets a vector
 * by each.
 *
 * The structure has a chain per sentence. Inputs per node: word, int32 [], and position, j/J []. No state and no output; the vectors are sums per
 * sentence, E0 [width], E1 [width], ..., by the names of the parameters [vocabulary, width], which start normal with the deviation `std`.
 *
 * @see Sukhbaatar, Szlam, Weston, Fergus (2015), "End-to-end memory networks", section 4.1
 * @example
 * const cell = wordBags({ vocabulary: 10, width: 4 });
 * const inputs = { word: tensor([3, 1, 4], "int32"), position: tensor([0.5, 1, 1]) };
 * unfold(cell, cell.init(Key.of(1)), inputs, chain([2, 1])).sums.E0!.shape // [ 2, 4 ]: one per sentence
 */
export const wordBags = defineCell({
  name: "wordBags",
  settings: {
    vocabulary: size,
    width: size,
    tables: optional(size),
    positions: optional(flag),
    std: optional(finitePositive),
  },
  inputs: ({ positions = true }: WordBagsConfig): WordInputs => ({
    word: { shape: [], dtype: "int32" },
    ...(positions ? { position: [] } : {}),
  }),
  state: () => ({}),
  params: ({ vocabulary, width, tables = 1, std = 0.1 }): Readonly<Record<string, ParamSpec>> =>
    Object.fromEntries(
      Array.from({ length: tables }, (_, i) => [`E${i}`, normalInit(std, vocabulary, width)]),
    ),
  step({ word, position }, tables) {
    const weighted = (E: Value): Value => {
      const vector = gather(E, word);
      return position ? mul(positionWeights(position, vector.shape[0]!), vector) : vector;
    };
    const sums = Object.fromEntries(Object.entries(tables).map(([name, E]) => [name, weighted(E)]));
    return { state: {}, output: {}, sums };
  },
});

/** Inputs of `wordBags`, per word: its number, and its place j/J where places are encoded. */
export type WordInputs = {
  readonly word: { readonly shape: Shape; readonly dtype: "int32" };
  readonly position?: Shape;
};

/** How much each feature of a word counts, by the word's place j/J: [width]. */
function positionWeights(position: Value, width: number): Value {
  const feature = mul(add(cast(iota([width]), position.dtype), 1), 1 / width);
  return sub(sub(1, position), mul(feature, sub(1, mul(2, position))));
}
