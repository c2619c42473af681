import { check } from "../check/index.js";
import { concat, neg, reshape, slice, sum } from "../ops/index.js";
import { formatShape, ShapeError, type Traceable, type Value } from "../tensor/index.js";
import { treeKind, valueKind } from "../tensor/kinds.js";
import { chain } from "../unfold/index.js";
import { languageModelKind } from "./kinds.js";
import type { LanguageModel } from "./language-model.js";
import { crossEntropyPerRow } from "./losses/index.js";

/**
 * The logarithm of each symbol's probability given those before it.
 *
 *     -L(t) = ln P(y(t) | y(t-1), y(t-2), ..., y(1)),  t = 1, ..., tau                 (10.33)
 *
 * The memory is proportional to the length; for a long text, see `evaluateText`.
 *
 * @param symbols one text, int32 [tau]
 * @returns [tau], in nats, each at most 0; differentiable in the parameters
 * @throws ShapeError if the symbols are not a list
 * @see Goodfellow, Bengio, Courville (2016), equation 10.33
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * logConditionals(model, model.init(Key.of(1)), tensor([3, 1, 4], "int32")).shape; // [ 3 ]
 */
export function logConditionals<P, S>(
  model: LanguageModel<P, S>,
  params: Traceable<P>,
  symbols: Value,
): Value {
  return conditionals("logConditionals", model, params, symbols);
}

/**
 * The logarithm of a text's probability under the model, as the sum of its conditionals.
 *
 *     ln P(y(1), ..., y(tau)) = sum over t of ln P(y(t) | y(t-1), ..., y(1))          (10.31, 10.32)
 *
 * @param symbols one text, int32 [tau]
 * @returns a scalar, in nats; differentiable in the parameters
 * @throws ShapeError if the symbols are not a list
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3, equations 10.31 to 10.33
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * logLikelihood(model, model.init(Key.of(1)), tensor([3, 1, 4], "int32")); // about -3 ln 65 before training
 */
export function logLikelihood<P, S>(model: LanguageModel<P, S>, params: Traceable<P>, symbols: Value): Value {
  return sum(conditionals("logLikelihood", model, params, symbols));
}

function conditionals<P, S>(
  what: string,
  model: LanguageModel<P, S>,
  params: Traceable<P>,
  symbols: Value,
): Value {
  check(what, "model", model, languageModelKind);
  check(what, "params", params, treeKind);
  check(what, "symbols", symbols, valueKind);
  if (symbols.rank !== 1)
    throw new ShapeError(`${what}: symbols is a list, [tau], got ${formatShape(symbols.shape)}`);
  const tau = symbols.shape[0]!;
  const first = reshape(model.first(params), [1, model.vocabulary]);
  const seen = slice(symbols, 0, 0, Math.max(0, tau - 1));
  const output =
    tau < 2
      ? slice(first, 0, 0, tau)
      : concat([first, model.apply(params, seen, chain([tau - 1])).output], 0);
  return neg(crossEntropyPerRow(output, symbols));
}
