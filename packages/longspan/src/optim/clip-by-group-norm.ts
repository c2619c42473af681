import { check, checkSettings, func, optional, positive } from "../check/index.js";
import { full, leafEntries, scope, type Tensor, type Value } from "../tensor/index.js";
import { floatTypeOf, mapFloats } from "./aligned.js";
import { checked } from "./checked.js";
import { scaledNorm } from "./joint-norm.js";
import { normClip } from "./norm-clip.js";
import type { Transform } from "./transform.js";

/** Settings of `clipByGroupNorm`. */
export interface GroupOptions {
  /** The name of the group of a parameter, from its path such as `layers[0].cell.U`. Each is a group by default. */
  readonly group?: (path: string) => string;
}

/** What `clipByGroupNorm` did at the last step, by the names of the groups; the fields are those of `NormState`. */
export interface GroupNormState {
  /** |g| of each group before: scalars. */
  readonly norm: Readonly<Record<string, Tensor>>;
  /** |g| of each group after: scalars. */
  readonly normAfter: Readonly<Record<string, Tensor>>;
  /** What each group was multiplied by: scalars. */
  readonly factor: Readonly<Record<string, Tensor>>;
}

/**
 * Clips the gradient group by group, each by its own norm.
 *
 *     if |g_group| > v:  g_group <- g_group v / |g_group|
 *
 * The norm of each group is at most v. **The direction of the whole gradient is lost** unless no group or every group
 * is shortened by the same factor; the result is still a descent direction, since every group keeps its own. `clipByJointNorm`
 * keeps the direction.
 *
 * A zero group stays zero. A group with Inf or NaN is passed on as it is (see `onExplosion`); the others are clipped.
 *
 * @param threshold v, positive, in units of the gradient; Infinity never clips and still records the norms.
 * @throws RangeError if the threshold is not positive.
 * @see Goodfellow, Bengio, Courville (2016), section 10.11.1
 * @example
 * const clip = clipByGroupNorm(1, { group: (path) => path.split(".")[0]! });
 * const params = { cell: { U: tensor([0]), b: tensor([0]) }, readout: tensor([0]) };
 * const grads = { cell: { U: tensor([3]), b: tensor([4]) }, readout: tensor([0.5]) };
 * const { updates, state } = clip.update(grads, clip.init(params), params);
 * // updates { cell: { U: [0.6], b: [0.8] }, readout: [0.5] }, state.factor { cell: 0.2, readout: 1 }
 */
export function clipByGroupNorm(threshold: number, options?: GroupOptions): Transform<GroupNormState> {
  check("clipByGroupNorm", "threshold", threshold, positive);
  const { group = (path: string) => path } = checkSettings<GroupOptions>("clipByGroupNorm", options, {
    group: optional(func),
  });
  return checked("clipByGroupNorm", ["norm", "factor"], {
    init(params) {
      const groups = groupsOf(params, group);
      const each = (value: number) => record(groups, (members) => full([], value, floatTypeOf(members)));
      return { norm: each(0), normAfter: each(0), factor: each(1) };
    },
    update: (grads, _, params) =>
      scope(() => {
        const groups = groupsOf(grads, group);
        const found = new Map(
          [...groups].map(([name, members]) => {
            const norm = scaledNorm(members);
            return [name, { norm: norm.norm, ...normClip(norm, threshold) }];
          }),
        );
        const updates = mapFloats("clipByGroupNorm", grads, { parameter: params }, (g, _, path) =>
          found.get(group(path))!.clip(g),
        );
        const each = (name: "norm" | "normAfter" | "factor") => record(found, (clip) => clip[name] as Tensor);
        return {
          updates,
          state: { norm: each("norm"), normAfter: each("normAfter"), factor: each("factor") },
        };
      }),
  });
}

/** The float leaves of a tree by the names of their groups, in the order in which the groups first come. */
function groupsOf(tree: unknown, group: (path: string) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const [path, v] of leafEntries(tree)) {
    if (v.dtype === "int32") continue;
    const name = group(path);
    const members = groups.get(name);
    if (members) members.push(v);
    else groups.set(name, [v]);
  }
  return groups;
}

function record<T>(groups: ReadonlyMap<string, T>, f: (t: T) => Tensor): Record<string, Tensor> {
  return Object.fromEntries([...groups].map(([name, t]) => [name, f(t)]));
}
