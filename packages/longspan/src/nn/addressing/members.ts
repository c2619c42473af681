import { setMax, setPlaces, setSum } from "../../cell/index.js";
import { having, type RequiredKind } from "../../check/index.js";
import { cast, iota, matmul, max, mul, reshape, sum } from "../../ops/index.js";
import { ShapeError, type Value } from "../../tensor/index.js";

/**
 * What an address is an address of: the members of a set, or the rows of a memory. All functions of addressing are written for both;
 * this says how to go over the members.
 */
export interface Members {
  /** The sum over the members, in a shape that broadcasts with the scores. */
  sum(scores: Value): Value;
  /** The largest over the members, in a shape that broadcasts with the scores; -infinity if there are none. */
  max(scores: Value): Value;
  /** The place of each member, 0 for the first, as floats in the shape of the scores of one query. */
  positions(keys: Value): Value;
  /** The sum of the members' values, each times its weight. */
  weightedSum(weights: Value, values: Value): Value;
}

/**
 * The members of a set that a sequence carries (`structure.withSets`), inside the step of a cell. A key is a value per member [n]; its
 * score is a number per pair of a node and a member, []. A set may be empty: it gives no weights, and a read of zeros.
 *
 * @example
 * const reading = defineCell({
 *   name: "reading",
 *   inputs: () => ({ q: [2] }),
 *   sets: () => ({ source: { k: [2] } }),
 *   state: () => ({}),
 *   params: () => ({}),
 *   step({ q, source }) {
 *     const weights = weightsOfScores(dotScores(q, source.k), setMembers);
 *     return { state: {}, output: setMembers.weightedSum(weights, source.k) };
 *   },
 * })(undefined);
 */
export const setMembers: Members = {
  sum: setSum,
  max: setMax,
  positions: (keys) => cast(setPlaces(keys), keys.dtype),
  // With a number per member, no product of a weight and a value is stored.
  weightedSum: (weights, values) =>
    setSum(mul(weights.rank === 0 ? weights : reshape(weights, [...weights.shape, 1]), values)),
};

/**
 * The rows of a matrix, such as a memory M [N, W] in the state of a node. Keys are [N, W], the scores of a query [W] are [N]. For several
 * queries at once, give [H, 1, W]: their scores are [H, N].
 *
 * @example
 * const memory = tensor([[1, 0], [0, 1]]);
 * rowMembers.weightedSum(tensor([0.25, 0.75]), memory) // [0.25, 0.75]
 */
export const rowMembers: Members = {
  sum: (scores) => sum(reshape(scores, [...scores.shape, 1]), -2),
  max: (scores) => max(reshape(scores, [...scores.shape, 1]), -2),
  positions(keys) {
    const rows = keys.shape.at(-2);
    if (rows === undefined)
      throw new ShapeError(
        `rowMembers.positions: keys are [${keys.shape}], expected a matrix [rows, features]`,
      );
    return cast(iota([rows]), keys.dtype);
  },
  weightedSum: (weights, values) => matmul(weights, values),
};

/** How to go over members, as far as functions that take it need it. */
export const membersKind: RequiredKind = having(
  "setMembers, for the members of a set, or rowMembers, for the rows of a matrix",
  "sum",
  "max",
  "positions",
  "weightedSum",
);
