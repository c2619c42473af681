import { check } from "../check/index.js";
import { div, equal, mul, where } from "../ops/index.js";
import { full, scope, type Tensor, zeros } from "../tensor/index.js";
import { floatTypeOf } from "./aligned.js";
import { checked } from "./checked.js";
import type { NormState } from "./clip-by-joint-norm.js";
import { type KnownNormSetting, scaledNorm, withKnownNorm } from "./joint-norm.js";
import { knownNormKinds, transformKind } from "./kinds.js";
import { own } from "./own.js";
import { settingsFor } from "./settings-for.js";
import type { Transform } from "./transform.js";

/** State of `measured`: the joint norm of what went in and of what came out, and their ratio. */
export interface MeasuredState<S> extends NormState {
  readonly inner: S;
}

/**
 * Records the joint norms before and after a transform that does not tell them itself, such as `clipByValue`: the record of
 * `clipByJointNorm` for any transform. Around an update rule, `normAfter` is the length of the step.
 *
 *     factor = |out| / |in|,  1 where |in| = 0
 *
 * Each norm goes over all the elements, which is why this is a wrapper and not part of every transform: who does not
 * look at the norms does not pay for them.
 *
 * @example
 * const clip = measured(clipByValue(1));
 * const params = { w: tensor([0, 0]) };
 * const { state } = clip.update({ w: tensor([3, 4]) }, clip.init(params), params);
 * // state { norm: 5, normAfter: 1.41, factor: 0.283, inner: {} }
 */
export function measured<S, Extra>(
  inner: Transform<S, Extra>,
): Transform<MeasuredState<S>, Extra & KnownNormSetting> {
  check("measured", "inner", inner, transformKind);
  return checked(
    "measured",
    ["inner", "norm"],
    {
      init(params) {
        const dtype = floatTypeOf(params);
        return {
          inner: inner.init(params),
          norm: zeros([], dtype),
          normAfter: zeros([], dtype),
          factor: full([], 1, dtype),
        };
      },
      update: (grads, before, params, settings) =>
        scope(() => {
          const norm = scaledNorm(grads, settings?.knownNorm);
          const { updates, state } = inner.update(
            grads,
            before.inner,
            params,
            settingsFor(inner, withKnownNorm(settings, grads, norm)),
          );
          const after = scaledNorm(updates);
          // Scale by scale and root by root: the norms themselves may overflow.
          const empty = equal(norm.root, 0);
          const ratio = mul(div(after.scale, norm.scale), div(after.root, where(empty, 1, norm.root)));
          return {
            updates,
            state: {
              inner: state,
              norm: own(norm.norm) as Tensor,
              normAfter: after.norm as Tensor,
              factor: where(empty, 1, ratio) as Tensor,
            },
          };
        }),
      handOn: (settings) => inner.handOn?.(settings) ?? settings,
      measures: (state) => inner.measures?.(state.inner) ?? {},
    },
    knownNormKinds,
    [inner],
  );
}
