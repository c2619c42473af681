import { check, checkSettings } from "../../check/index.js";
import { add, exp, mul, reshape, square, sub, sum } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { type Members, membersKind } from "./members.js";

/** A window over places: a mixture of K bumps, each with three numbers. */
export interface AttentionWindow {
  /** How much each bump counts, [K], above 0. */
  readonly alpha: Value;
  /** How narrow each is, [K], above 0. */
  readonly beta: Value;
  /** Where each stands, [K]: 1 is the first member's place. */
  readonly kappa: Value;
}

/**
 * What a window lets through of each member, by its place alone: a sum of Gaussian bumps. The weights do not sum to 1.
 *
 *     w_m = sum over k of alpha_k exp(-beta_k (kappa_k - u_m)^2),   u_m = 1, 2, ... the place of member m
 *
 * @param window alpha, beta and kappa, [K] each @param keys what is per member, which says where the members are
 * @returns a weight per member: [], or [N]
 * @see Graves (2013), "Generating sequences with recurrent neural networks", equation 46
 * @example
 * const window = { alpha: tensor([1]), beta: tensor([Math.LN2]), kappa: tensor([2]) };
 * windowWeights(window, zeros([3, 5]), rowMembers) // [0.5, 1, 0.5]
 */
export function windowWeights(window: AttentionWindow, keys: Value, members: Members): Value {
  const { alpha, beta, kappa } = checkSettings("windowWeights", window, windowKinds);
  check("windowWeights", "keys", keys, valueKind);
  check("windowWeights", "members", members, membersKind);
  const positions = members.positions(keys);
  const away = square(sub(sub(kappa, 1), reshape(positions, [...positions.shape, 1])));
  return sum(mul(alpha, exp(mul(mul(beta, -1), away))), -1);
}

/**
 * The next window. It moves forward only: each bump by e^step, whatever the step.
 *
 *     kappa(t) = kappa(t-1) + e^step
 *
 * @param kappa [K]; zeros before the first step @param step [K]
 * @returns [K]
 * @see Graves (2013), equation 51
 * @example moveWindow(tensor([0, 2]), tensor([0, Math.log(0.5)])) // [1, 2.5]
 */
export function moveWindow(kappa: Value, step: Value): Value {
  check("moveWindow", "kappa", kappa, valueKind);
  check("moveWindow", "step", step, valueKind);
  return add(kappa, exp(step));
}

const windowKinds = { alpha: valueKind, beta: valueKind, kappa: valueKind };
