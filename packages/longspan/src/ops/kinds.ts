import { check, describe, integer, kind, listOf, type RequiredKind } from "../check/index.js";
import { Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";

const integers = listOf(integer, "a list of integers");

/** The axis, or the axes, that an operation runs over. */
export const axesKind: RequiredKind = kind(
  "an axis or a list of axes",
  (value) => integer.accepts(value) || integers.accepts(value),
);

/** Checks an operand. */
export function checkValue(what: string, name: string, v: Value): void {
  // By hand: operations are called at every turn.
  if (!(v instanceof Value)) check(what, name, v, valueKind);
}

/** The error where neither operand is a value: one is nothing that can be one, or both are numbers. */
export function noValue(name: string, a: unknown, b: unknown): TypeError {
  if (typeof a === "number" && typeof b === "number")
    return new TypeError(`${name}: at least one operand must be a value, got the numbers ${a} and ${b}`);
  return notAnOperand(
    name,
    [a, b].find((v) => typeof v !== "number" && !(v instanceof Value)),
  );
}

/** The error for an operand that is neither a value nor a number. */
export function notAnOperand(name: string, value: unknown): TypeError {
  return new TypeError(`${name}: expected a value or a number, got ${describe(value)} (is a name misspelt?)`);
}
