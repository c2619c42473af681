import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, finitePositive, kind, optional } from "../../check/index.js";
import { add, matmul, mul, sigmoid, sub } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";
import {
  association,
  type FastWeightConfig,
  fastWeightKinds,
  joined,
  perHead,
  recall,
  scaled,
  unitRows,
  widthsOf,
} from "./heads.js";

/** Settings of `deltaRule` and of `gatedDeltaRule`. */
export interface DeltaRuleConfig extends FastWeightConfig {
  /**
   * What beta stays below, at most 2; 1 by default. A step multiplies what the memory holds along its key by 1 - beta: above 1 that is
   * negative, which is what it takes to count in twos.
   */
  readonly largestBeta?: number;
}

/** Parameters of `deltaRule`: Q and K [input, heads keys], V [input, hidden], B [input, heads], b [heads]. */
export interface DeltaRuleSpecs {
  readonly Q: ParamSpec;
  readonly K: ParamSpec;
  readonly V: ParamSpec;
  readonly B: ParamSpec;
  readonly b: ParamSpec;
}

/**
 * The delta rule: a memory that corrects itself. Before a value is stored, the memory is asked what it holds under the key, and only the
 * difference is written, so a new value takes the place of the old one.
 *
 *     S(t)    = S(t-1) + beta(t) (v(t) - S(t-1) k(t)) k(t)'
 *     y(t)    = S(t) q(t)
 *     beta(t) = largestBeta sigmoid(B x(t) + b)                  how much of the error is corrected
 *     k(t)    = unit(K x(t)),   v(t) = V x(t),   q(t) = unit(Q x(t)),   unit(a) = a / sqrt(|a|^2 + 1e-6)
 *
 * All of it for each head by itself. S is multiplied by I - beta k k', whose eigenvalue along k is 1 - beta. With `largestBeta: 2` that
 * lies between -1 and 1 (Grazzi et al. 2024), so that a state can change its sign at every step: the parity of bits needs it.
 *
 * Input x [input]; state memory [heads, values, keys] (S), of zeros at first; output y(t) [hidden], head after head, with values = hidden /
 * heads. Parameters K and Q [input, heads keys], V [input, hidden], B [input, heads], Glorot-uniform at first, and b [heads], zero. Keys
 * have length 1 (Yang et al. 2024) where the first paper makes their sum 1. What a block has around it, such as a short convolution before
 * and a normalisation after, are layers.
 *
 * @throws ShapeError if `heads` does not divide `hidden`; RangeError if `largestBeta` is not in (0, 2]
 * @see Schlag, Irie, Schmidhuber (2021), "Linear transformers are secretly fast weight programmers", section 4.2; Yang, Wang, Zhang, Shen,
 * Kim (2024), "Parallelizing linear transformers with the delta rule over sequence length"; Grazzi et al. (2024), "Unlocking
 * state-tracking in linear RNNs through negative eigenvalues"
 * @example
 * const cell = deltaRule({ input: 3, hidden: 4, heads: 2, largestBeta: 2 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.memory [2, 2, 2, 2]: sequence, head, value, key
 */
export function deltaRule(
  options: DeltaRuleConfig,
): Cell<{ x: Shape }, { memory: Shape }, DeltaRuleSpecs, Value> {
  const { largestBeta = 1, ...config } = checkSettings<DeltaRuleConfig>("deltaRule", options, deltaRuleKinds);
  return correctingUpTo(largestBeta)(config);
}

/** What the settings of a cell with the delta rule may be. */
export const deltaRuleKinds = {
  ...fastWeightKinds,
  largestBeta: optional(
    kind(
      "a number above 0 and at most 2, beyond which the memory grows without bound",
      (value) => finitePositive.accepts(value) && (value as number) <= 2,
    ),
  ),
};

/** The parameters of the delta rule. */
export function deltaRuleSpecs(
  { input, hidden }: FastWeightConfig,
  heads: number,
  keys: number,
): DeltaRuleSpecs {
  return {
    Q: glorot(input, heads * keys),
    K: glorot(input, heads * keys),
    V: glorot(input, hidden),
    B: glorot(input, heads),
    b: zerosInit(heads),
  };
}

function correctingUpTo(largestBeta: number) {
  return defineCell({
    name: "deltaRule",
    inputs: ({ input }: FastWeightConfig): { x: Shape } => ({ x: [input] }),
    state: (config): { memory: Shape } => {
      const { heads, values, keys } = widthsOf("deltaRule", config);
      return { memory: [heads, values, keys] };
    },
    params: (config): DeltaRuleSpecs => {
      const { heads, keys } = widthsOf("deltaRule", config);
      return deltaRuleSpecs(config, heads, keys);
    },
    step({ x, memory }, { Q, K, V, B, b }) {
      const [q, k, v] = [Q, K, V].map((W) => perHead(matmul(x, W), b.shape[0]!)) as [Value, Value, Value];
      const [query, key] = [unitRows(q), unitRows(k)];
      const beta = mul(sigmoid(add(matmul(x, B), b)), largestBeta);
      const error = sub(v, recall(memory, key));
      const S = add(memory, association(scaled(beta, error), key));
      return { state: { memory: S }, output: joined(recall(S, query)) };
    },
  });
}
