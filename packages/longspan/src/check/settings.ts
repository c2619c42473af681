import { describe } from "./describe.js";
import type { Kind, OptionalKind, RequiredKind } from "./kind.js";
import { isRecord } from "./kinds.js";
import { suggestion } from "./nearest.js";

/** The kind of every setting of a type. One that the type lets be left out is `optional`, and no other. */
export type KindsOf<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? OptionalKind : RequiredKind;
};

/**
 * Checks one argument.
 *
 * @param what the function as the user called it; `name` the parameter
 * @throws RangeError if it is a number, or a name, outside its range; TypeError if it is something else, or missing
 * @example check("halve", "count", 4, kind("an even number", (value) => Number(value) % 2 === 0));
 */
export function check(what: string, name: string, value: unknown, kind: Kind): void {
  if (!kind.accepts(value)) throw kind.refusal(`${what}: ${name}`, value);
}

/**
 * Checks settings by name: that they are a record, that each is known, that none is missing, and what each is.
 *
 * @param what the function as the user called it
 * @param settings what it was given; where every setting may be left out, it may be left out too
 * @returns what was given
 * @throws TypeError or RangeError naming the setting as the user wrote it, and for an unknown one the nearest that is known
 * @example checkSettings<{ name?: string }>("greet", { name: "Ada" }, { name: optional(text) }).name // "Ada"
 */
export function checkSettings<T extends object>(
  what: string,
  settings: T | undefined,
  kinds: KindsOf<NoInfer<T>>,
): T {
  const known = kinds as Readonly<Record<string, Kind & { readonly optional?: boolean }>>;
  const names = Object.keys(known);
  if (settings === undefined && names.every((name) => known[name]!.optional)) return {} as T;
  if (!isRecord(settings))
    throw new TypeError(
      `${what}: the settings are a record { ${names.join(", ")} }, got ${settings === undefined ? "none" : describe(settings)}`,
    );
  for (const name of Object.keys(settings))
    if (!Object.hasOwn(known, name))
      throw new TypeError(
        names.length === 0
          ? `${what}: there is no setting ${name}; there are none`
          : `${what}: there is no setting ${name}${suggestion(name, names)}; the settings are ${names.join(", ")}`,
      );
  for (const name of names) check(what, name, settings[name], known[name]!);
  return settings as T;
}
