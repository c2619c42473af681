import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings } from "../../check/index.js";
import { add, exp, matmul, mul, neg, sigmoid, softplus, sub } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";
import { type DeltaRuleConfig, type DeltaRuleSpecs, deltaRuleKinds, deltaRuleSpecs } from "./delta-rule.js";
import {
  association,
  type FastWeightConfig,
  joined,
  perHead,
  recall,
  scaled,
  spreadBias,
  unitRows,
  widthsOf,
} from "./heads.js";

/** Parameters of `gatedDeltaRule`: those of `deltaRule`, and D [input, heads], d [heads], A [heads]. */
export interface GatedDeltaRuleSpecs extends DeltaRuleSpecs {
  readonly D: ParamSpec;
  readonly d: ParamSpec;
  readonly A: ParamSpec;
}

/**
 * The gated delta rule: the delta rule with a gate that lets all of the memory fade, before the memory is asked what it holds. So the
 * error is that of the memory as it will be, and one step can forget everything.
 *
 *     S~(t)    = alpha(t) S(t-1)                                 what is left
 *     S(t)     = S~(t) + beta(t) (v(t) - S~(t) k(t)) k(t)'       (10) corrected
 *     y(t)     = S(t) q(t)
 *     alpha(t) = exp(-exp(A) softplus(D x(t) + d))               how much is left
 *     beta(t)  = largestBeta sigmoid(B x(t) + b)                 how much of the error is corrected
 *     k(t)     = unit(K x(t)),   v(t) = V x(t),   q(t) = unit(Q x(t)),   unit(a) = a / sqrt(|a|^2 + 1e-6)
 *
 * All of it for each head by itself. (10) is S(t-1) alpha (I - beta k k') + beta v k', multiplied out.
 *
 * Input x [input]; state memory [heads, values, keys] (S), of zeros at first; output y(t) [hidden], head after head, with values = hidden /
 * heads. Parameters K and Q [input, heads keys], V [input, hidden], B [input, heads], Glorot-uniform at first; b and A [heads], zero; D
 * [input, heads], Glorot-uniform; d [heads], such that softplus(d) lies between 0.001 and 0.1, spread evenly by its logarithm over the
 * heads. The authors draw d and A at random, A up to 2.8.
 *
 * @throws ShapeError if `heads` does not divide `hidden`; RangeError if `largestBeta` is not in (0, 2]
 * @see Yang, Kautz, Hatamizadeh (2024), "Gated delta networks: improving Mamba2 with delta rule", equation 10; `deltaRule`
 * @example
 * const cell = gatedDeltaRule({ input: 3, hidden: 4, heads: 2 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.memory [2, 2, 2, 2]: sequence, head, value, key
 */
export function gatedDeltaRule(
  options: DeltaRuleConfig,
): Cell<{ x: Shape }, { memory: Shape }, GatedDeltaRuleSpecs, Value> {
  const { largestBeta = 1, ...config } = checkSettings<DeltaRuleConfig>(
    "gatedDeltaRule",
    options,
    deltaRuleKinds,
  );
  return correctingUpTo(largestBeta)(config);
}

/** The inverse of softplus(d) = exp(logarithm). */
const biasOfRate = (logarithm: number) => Math.log(Math.expm1(Math.exp(logarithm)));

function correctingUpTo(largestBeta: number) {
  return defineCell({
    name: "gatedDeltaRule",
    inputs: ({ input }: FastWeightConfig): { x: Shape } => ({ x: [input] }),
    state: (config): { memory: Shape } => {
      const { heads, values, keys } = widthsOf("gatedDeltaRule", config);
      return { memory: [heads, values, keys] };
    },
    params: (config): GatedDeltaRuleSpecs => {
      const { heads, keys } = widthsOf("gatedDeltaRule", config);
      return {
        ...deltaRuleSpecs(config, heads, keys),
        D: glorot(config.input, heads),
        d: spreadBias("gatedDeltaRule", heads, [Math.log(0.001), Math.log(0.1)], biasOfRate),
        A: zerosInit(heads),
      };
    },
    step({ x, memory }, { Q, K, V, B, b, D, d, A }) {
      const [q, k, v] = [Q, K, V].map((W) => perHead(matmul(x, W), b.shape[0]!)) as [Value, Value, Value];
      const [query, key] = [unitRows(q), unitRows(k)];
      const alpha = exp(neg(mul(exp(A), softplus(add(matmul(x, D), d)))));
      const beta = mul(sigmoid(add(matmul(x, B), b)), largestBeta);
      const left = scaled(alpha, memory);
      const S = add(left, association(scaled(beta, sub(v, recall(left, key))), key));
      return { state: { memory: S }, output: joined(recall(S, query)) };
    },
  });
}
