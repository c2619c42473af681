import { checkSettings, func, type KindsOf, oneOf, optional, size } from "../../check/index.js";
import type { Curriculum } from "./curriculum.js";

/** What a model that reads its own output reads. */
export interface FeedSettings {
  /**
   * What of the output is fed back: its mean, which for symbols is the probabilities of all; its mode, the most probable; or a sample,
   * drawn at each step. A sample by default.
   */
  readonly feed?: "mean" | "mode" | "sample";
  /**
   * Whether the gradient flows through what is fed back, as `through`, or is stopped there. Through, where what is fed back has a
   * derivative by default.
   */
  readonly gradient?: "through" | "stopped";
}

/** What a model reads at each step: the truth, or what it gave before. A plain value; `fedBack` makes a cell of it. */
export type Regime = TeacherForcing | FreeRunning | StepsAhead | ScheduledSampling;

/** Made by `teacherForcing`. */
export interface TeacherForcing {
  readonly kind: "teacherForcing";
}

/** Made by `freeRunning`. */
export interface FreeRunning extends FeedSettings {
  readonly kind: "freeRunning";
}

/** Made by `stepsAhead`. */
export interface StepsAhead extends FeedSettings {
  readonly kind: "stepsAhead";
  readonly steps: number;
}

/** Made by `scheduledSampling`. */
export interface ScheduledSampling extends FeedSettings {
  readonly kind: "scheduledSampling";
  /** The probability that the truth is read, after so many training steps: what the cell's input `teacherProbability` is given. */
  readonly probability: Curriculum;
}

/**
 * Teacher forcing: the truth is read at every step, whatever the model gave. It is what maximum likelihood asks for. Nothing is fed back,
 * so where the output is the only recurrence the steps do not depend on each other.
 *
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.1, equations 10.15 and 10.16
 * @example teacherForcing().kind // "teacherForcing"
 */
export function teacherForcing(): TeacherForcing {
  return { kind: "teacherForcing" };
}

/**
 * Free running (open loop): the truth is read at the first step, and from then on what the model gave: as it will be used.
 *
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.1
 * @example freeRunning({ feed: "mean", gradient: "stopped" })
 */
export function freeRunning(settings?: FeedSettings): FreeRunning {
  return { kind: "freeRunning", ...checkSettings("freeRunning", settings, feedKinds) };
}

/**
 * Both in one loss: the truth is read at every `steps`-th step, the first one too, and in between what the model gave. So its outputs
 * predict 1 to `steps` steps ahead of what it last read, through its own outputs. 1 is teacher forcing.
 *
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.1: "predicting the correct target a number of steps in the future"
 * @example stepsAhead({ steps: 4, feed: "mean" })
 */
export function stepsAhead(settings: StepsAheadSettings): StepsAhead {
  const settled = checkSettings("stepsAhead", settings, { ...feedKinds, steps: size });
  return { kind: "stepsAhead", ...settled };
}

/** Settings of `stepsAhead`. */
export interface StepsAheadSettings extends FeedSettings {
  /** From one truth to the next. */
  readonly steps: number;
}

/** Settings of `scheduledSampling`. */
export interface ScheduledSamplingSettings extends FeedSettings {
  /** The probability of reading the truth, by training step: such as `linearCurriculum` makes. */
  readonly curriculum: Curriculum;
}

/**
 * Scheduled sampling: at each step a coin decides whether the truth is read or what the model gave. The probability of the truth falls
 * while the model learns, as the curriculum says. It is an input of the cell, shared by all nodes, so nothing is compiled anew:
 *
 *     unfold(cell, params, { x, teacherProbability: tensor(regime.probability(step)) }, structure, { key })
 *
 * The coin is drawn in the cell, from the key, once for each node. The estimator is not consistent: with the truth never read, what the
 * model gave need not fit what it is to say next.
 *
 * @see Bengio, Vinyals, Jaitly, Shazeer (2015), "Scheduled sampling for sequence prediction with recurrent neural networks"; Huszar
 * (2015), "How (not) to train your generative model", for the objection
 * @example scheduledSampling({ curriculum: inverseSigmoidCurriculum({ k: 100 }) }).probability(0) // 0.990
 */
export function scheduledSampling(settings: ScheduledSamplingSettings): ScheduledSampling {
  const { curriculum, ...feed } = checkSettings("scheduledSampling", settings, {
    ...feedKinds,
    curriculum: func,
  });
  return { kind: "scheduledSampling", probability: curriculum, ...feed };
}

const feedKinds: KindsOf<FeedSettings> = {
  feed: optional(oneOf("mean", "mode", "sample")),
  gradient: optional(oneOf("through", "stopped")),
};
