import { check, checkSettings, isRecord } from "../check/index.js";
import { treeKind } from "../tensor/kinds.js";
import { stepKinds } from "./kinds.js";
import type { Transform } from "./transform.js";

/**
 * A transform whose `init` and `update` check what they are given.
 *
 * @param what what made it; `parts` the names in its state
 */
export function checked<S>(
  what: string,
  parts: readonly (keyof S & string)[],
  transform: Transform<S>,
): Transform<S> {
  return {
    ...transform,
    init(params) {
      check(`${what}.init`, "params", params, treeKind);
      return transform.init(params);
    },
    update(grads, state, params, settings) {
      check(`${what}.update`, "grads", grads, treeKind);
      check(`${what}.update`, "state", state, treeKind);
      check(`${what}.update`, "params", params, treeKind);
      const missing = parts.find((part) => !isRecord(state) || state[part] === undefined);
      if (missing !== undefined)
        throw new TypeError(
          `${what}.update: state lacks ${missing}; give the state that ${what}.init or the update before has made`,
        );
      if (settings !== undefined) checkSettings(`${what}.update`, settings, stepKinds);
      return transform.update(grads, state, params, settings);
    },
  };
}
