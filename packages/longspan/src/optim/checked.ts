import {
  check,
  checkSettings,
  isRecord,
  type KindsOf,
  kind,
  type OptionalKind,
  optional,
} from "../check/index.js";
import { treeKind } from "../tensor/kinds.js";
import { stepKinds } from "./kinds.js";
import { takenBy } from "./settings-for.js";
import type { Transform } from "./transform.js";

/**
 * A transform whose `init` and `update` check what they are given.
 *
 * @param what what made it; `parts` the names in its state
 * @param kinds what it takes itself beside what every step may be told
 * @param inside the transforms that it hands settings to
 */
export function checked<S, Extra>(
  what: string,
  parts: readonly (keyof S & string)[],
  transform: Transform<S, Extra>,
  kinds: Readonly<Record<string, OptionalKind>> = {},
  inside: readonly Transform<unknown>[] = [],
): Transform<S, Extra> {
  const handed = takenBy(inside);
  const known: Readonly<Record<string, OptionalKind>> = {
    ...Object.fromEntries((handed ?? []).map((name) => [name, anything])),
    ...stepKinds,
    ...kinds,
  };
  return {
    ...transform,
    ...(handed ? { takes: [...new Set([...handed, ...Object.keys(kinds)])] } : {}),
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
      if (settings !== undefined)
        checkSettings<object>(
          `${what}.update`,
          handed === undefined ? only(settings, known) : settings,
          known as KindsOf<object>,
        );
      return transform.update(grads, state, params, settings);
    },
  };
}

const anything = optional(kind("a setting of a transform inside", () => true));

/** The settings that are known here, where others may be meant for a transform that does not say what it takes. */
function only(settings: object, known: object): object {
  if (!isRecord(settings)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => Object.hasOwn(known, name)));
}
