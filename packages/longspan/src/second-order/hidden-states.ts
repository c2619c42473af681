import type { LossBeside } from "../autodiff/index.js";
import type { Value } from "../tensor/index.js";
import { watchUnfolds } from "../unfold/index.js";

/**
 * A loss together with the states of all its recurrent layers, as `gaussNewton` takes them: the distance of the states,
 * summed over nodes and averaged over sequences. Treatments of the gradient (`clipState`, truncation, checkpoints) are
 * left out: curvature ignores them.
 */
export function withHiddenStates<P>(loss: (params: P) => Value, wanted: boolean): (params: P) => LossBeside {
  return (params) => {
    const beside: { value: Value; weight: number }[] = [];
    const value = watchUnfolds(
      ({ structure, options: { backward, clipState, ...options } }, run) => {
        const result = run({ ...options, ...(wanted ? { states: true } : {}) });
        if (wanted)
          for (const state of Object.values(result.states!))
            beside.push({ value: state, weight: 1 / Math.max(1, structure.sequences) });
        return result;
      },
      () => loss(params),
    );
    return { loss: value, beside };
  };
}
