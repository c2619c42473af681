import { check, describe } from "../check/index.js";
import { scope } from "../tensor/index.js";
import { checked } from "./checked.js";
import { transformKind } from "./kinds.js";
import { settingsFor } from "./settings-for.js";
import type { ExtraOf, StateOf, StepSettings, Transform } from "./transform.js";

/** The states of a list of transforms, in order. */
export type ComposedState<T extends readonly Transform<unknown>[]> = {
  readonly [K in keyof T]: StateOf<T[K]>;
};

/** What the transforms of a list may be told at a step: all that any of them may. */
export type ComposedExtra<T extends readonly Transform<unknown>[]> = T extends readonly [
  infer First,
  ...infer Rest extends readonly Transform<unknown>[],
]
  ? ExtraOf<First> & ComposedExtra<Rest>
  : unknown;

/**
 * Applies transforms one after the other: each takes the updates of the one before as its gradient. Order matters:
 * clipping stands before the update rule, which then never sees a large gradient. The state is the list of states.
 *
 * @param transforms at least one; the settings of a step go to all of them, as those before hand them on.
 * @throws TypeError if the list is empty.
 * @example
 * const optimiser = compose(clipByJointNorm(5), momentum({ learningRate: 0.1, momentum: 0.9 }));
 * const [clip, rule] = optimiser.init({ w: tensor([1, 2]) }); // { norm, factor }, { learningRate, velocity }
 */
export function compose<const T extends readonly Transform<unknown>[]>(
  ...transforms: T
): Transform<ComposedState<T>, ComposedExtra<T>> {
  if (transforms.length === 0) throw new TypeError("compose: expected at least one transform");
  for (const [i, t] of transforms.entries()) check("compose", `transforms[${i}]`, t, transformKind);
  return checked(
    "compose",
    [],
    {
      init: (params) => transforms.map((t) => t.init(params)) as ComposedState<T>,
      update: (grads, state, params, settings) =>
        scope(() => {
          if (!Array.isArray(state) || state.length !== transforms.length)
            throw new TypeError(
              `compose.update: state is a list with the state of each of ${transforms.length} transforms, got ${describe(state)}`,
            );
          let [updates, current] = [grads, settings];
          const next = transforms.map((t, i) => {
            const step = t.update(updates, state[i], params, settingsFor(t, current));
            updates = step.updates;
            if (current && t.handOn) current = t.handOn(current) as typeof current;
            return step.state;
          });
          return { updates, state: next as ComposedState<T> };
        }),
      handOn: (first) =>
        transforms.reduce<StepSettings>(
          (settings, t) => t.handOn?.(settings) ?? settings,
          first,
        ) as typeof first,
      measures: (state) => Object.assign({}, ...transforms.map((t, i) => t.measures?.(state[i]))),
    },
    {},
    transforms,
  );
}
