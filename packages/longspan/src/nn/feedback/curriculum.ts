import {
  atLeastZero,
  check,
  checkSettings,
  factor,
  type KindsOf,
  kind,
  optional,
  type RequiredKind,
} from "../../check/index.js";

/** The probability that the true symbol is read, after so many training steps. */
export type Curriculum = (step: number) => number;

/** Settings of `linearCurriculum`. */
export interface LinearCurriculumConfig {
  /** k, the probability at first; 1 by default. */
  readonly from?: number;
  /** The probability at last; 0 by default. */
  readonly to?: number;
  /** c, by how much it falls at each step. */
  readonly slope: number;
}

/**
 * A probability that falls in a straight line: max(to, from - slope step).
 *
 * @see Bengio, Vinyals, Jaitly, Shazeer (2015), "Scheduled sampling for sequence prediction with recurrent neural networks", section 2.4
 * @example linearCurriculum({ slope: 0.001 })(250) // 0.75
 */
export function linearCurriculum(config: LinearCurriculumConfig): Curriculum {
  const { from = 1, to = 0, slope } = checkSettings("linearCurriculum", config, linearKinds);
  if (to > from)
    throw new RangeError(`linearCurriculum: to is ${to}, above from, ${from}; the probability falls`);
  return after("linearCurriculum", (step) => Math.max(to, from - slope * step));
}

/**
 * A probability that falls by a factor: base^step.
 *
 * @param config.base k, in (0, 1); what fits depends on the number of steps
 * @see Bengio et al. (2015), section 2.4
 * @example exponentialCurriculum({ base: 0.5 })(2) // 0.25
 */
export function exponentialCurriculum(config: { readonly base: number }): Curriculum {
  const { base } = checkSettings("exponentialCurriculum", config, { base: factor });
  return after("exponentialCurriculum", (step) => base ** step);
}

/**
 * A probability that stays near 1, then falls, then stays near 0: k / (k + e^(step / k)). It is 1/2 at k ln k steps.
 *
 * @param config.k at least 1
 * @see Bengio et al. (2015), section 2.4
 * @example inverseSigmoidCurriculum({ k: 100 })(0) // 100 / 101
 */
export function inverseSigmoidCurriculum(config: { readonly k: number }): Curriculum {
  const { k } = checkSettings("inverseSigmoidCurriculum", config, { k: atLeastOne });
  return after("inverseSigmoidCurriculum", (step) => k / (k + Math.exp(step / k)));
}

/** The curriculum of a formula. */
function after(what: string, formula: Curriculum): Curriculum {
  return (step) => {
    check(what, "step", step, atLeastZero);
    return formula(step);
  };
}

const probability: RequiredKind = kind(
  "a probability, in [0, 1]",
  (supplied) => typeof supplied === "number" && supplied >= 0 && supplied <= 1,
);
const atLeastOne: RequiredKind = kind(
  "a finite number of at least 1",
  (supplied) => typeof supplied === "number" && supplied >= 1 && supplied < Number.POSITIVE_INFINITY,
);
const linearKinds: KindsOf<LinearCurriculumConfig> = {
  from: optional(probability),
  to: optional(probability),
  slope: atLeastZero,
};
