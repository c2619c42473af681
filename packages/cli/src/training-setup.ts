import {
  adaGrad,
  adam,
  adamW,
  clipByGroupNorm,
  clipByJointNorm,
  clipByValue,
  compose,
  constantSchedule,
  cosineSchedule,
  type ExplosionPolicy,
  heldFirst,
  hessianFree,
  inverseTimeSchedule,
  linearSchedule,
  momentum,
  momentumSchedule2013,
  nesterov2013,
  plateauSchedule,
  rmsProp,
  type Schedule,
  sgd,
  stepSchedule,
  type Tensor,
  type Transform,
  warmUp,
  weightDecay,
} from "longspan";
import type { UpdateSettings } from "./settings/training.js";

/** What the settings make of a gradient. */
export interface TrainingSetup {
  readonly optimiser: Transform<readonly unknown[]>;
  readonly schedule: Schedule;
  /** Of the momentum; absent where it is the optimiser's own throughout, or there is none. */
  readonly momentum?: Schedule;
  readonly policy: ExplosionPolicy;
  /** The gradient's norm after the last clipping, from the optimiser's state; null if nothing clips. */
  clippedNorm(state: readonly unknown[]): Tensor | null;
}

/** The optimiser, schedule and policy of a run. Clipping comes first, so that the update rule never sees a large gradient. */
export function trainingSetup(settings: UpdateSettings): TrainingSetup {
  const { clipValue, clipGroup, clip, weightDecay: decay, optimizer, explosionNorm } = settings;
  const treatments: Transform<unknown>[] = [];
  if (clipValue !== null) treatments.push(clipByValue(clipValue));
  if (clipGroup !== null) treatments.push(clipByGroupNorm(clipGroup));
  if (clip !== null) treatments.push(clipByJointNorm(clip));
  const last = treatments.length - 1;
  if (decay > 0 && optimizer !== "adamw") treatments.push(weightDecay(decay));
  return {
    optimiser: compose(...treatments, updateRule(settings)) as Transform<readonly unknown[]>,
    schedule: warmUp(settings.warmUp, scheduleOf(settings)),
    ...(optimizer === "nesterov-2013" ? { momentum: momentumScheduleOf(settings) } : {}),
    policy: {
      nonFinite: settings.onExplosion,
      randomNorm: explosionNorm ?? clip ?? 1,
      ...(explosionNorm === null ? {} : { above: { norm: explosionNorm, action: settings.onExplosion } }),
    },
    clippedNorm: (state) => (last < 0 ? null : (state[last] as { normAfter: Tensor }).normAfter),
  };
}

function updateRule(settings: UpdateSettings): Transform<unknown> {
  const { optimizer, lr: learningRate, momentum: mu, weightDecay: decay, beta2 } = settings;
  switch (optimizer) {
    case "sgd":
      return sgd({ learningRate });
    case "momentum":
    case "nesterov":
      return momentum({ learningRate, momentum: mu, nesterov: optimizer === "nesterov" });
    case "nesterov-2013":
      return nesterov2013({ learningRate, momentum: mu });
    case "rmsprop":
      return rmsProp({ learningRate });
    case "adagrad":
      return adaGrad({ learningRate });
    case "adam":
      return adam({ learningRate, beta2 });
    case "adamw":
      return adamW({ learningRate, beta2, weightDecay: decay });
    case "hessian-free":
      return hessianFree({
        learningRate,
        damping: settings.damping,
        structural: settings.structuralDamping,
        maxSteps: settings.cgSteps,
      });
  }
}

function momentumScheduleOf({
  momentum: most,
  momentumFirst,
  momentumEvery: every,
}: UpdateSettings): Schedule {
  const later = every === null ? constantSchedule(most) : momentumSchedule2013({ most, every });
  return heldFirst(momentumFirst, 0.9, later);
}

function scheduleOf(settings: UpdateSettings): Schedule {
  const { schedule, lr, scheduleFactor: factor, scheduleEvery: every, patience } = settings;
  switch (schedule) {
    case "constant":
      return constantSchedule(lr);
    case "linear":
      return linearSchedule(lr);
    case "step":
      return stepSchedule({ rate: lr, factor, every });
    case "cosine":
      return cosineSchedule({ peak: lr });
    case "inverse-time":
      return inverseTimeSchedule({ rate: lr, decay: 1 / every });
    case "plateau":
      return plateauSchedule({ rate: lr, factor, patience });
  }
}
