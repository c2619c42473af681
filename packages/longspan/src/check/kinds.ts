import { kind, type RequiredKind } from "./kind.js";

const isNumber = (value: unknown): value is number => typeof value === "number";

/** How many there are of something: features, units, symbols. */
export const size: RequiredKind = integerFrom(1, "a positive integer");

/** How many there are of something that may be none. */
export const count: RequiredKind = integerFrom(0, "an integer of at least 0");

/** An integer of at least so many. */
export function integerFrom(least: number, words = `an integer of at least ${least}`): RequiredKind {
  return kind(words, (value) => Number.isSafeInteger(value) && (value as number) >= least);
}

/** An integer from one number to another. */
export function integerIn(least: number, most: number): RequiredKind {
  return kind(
    `an integer from ${least} to ${most}`,
    (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  );
}

/** Any integer that is exact. */
export const integer: RequiredKind = kind("an integer", Number.isSafeInteger);

/** Any number, NaN and the infinities too. */
export const number: RequiredKind = kind("a number", isNumber);

/** Any finite number. */
export const finite: RequiredKind = kind("a finite number", Number.isFinite);

/** A positive number; Infinity is one. */
export const positive: RequiredKind = kind("a positive number", (value) => isNumber(value) && value > 0);

/** A positive number that is finite. */
export const finitePositive: RequiredKind = kind(
  "a finite positive number",
  (value) => isNumber(value) && value > 0 && value < Number.POSITIVE_INFINITY,
);

/** A finite number of at least 0. */
export const atLeastZero: RequiredKind = kind(
  "a finite number of at least 0",
  (value) => isNumber(value) && value >= 0 && value < Number.POSITIVE_INFINITY,
);

/** A share that is not all: how much of a running mean is kept, how much is dropped or held out. */
export const rate: RequiredKind = kind(
  "a number in [0, 1)",
  (value) => isNumber(value) && value >= 0 && value < 1,
);

/** A share that is not none. */
export const share: RequiredKind = kind(
  "a number in (0, 1]",
  (value) => isNumber(value) && value > 0 && value <= 1,
);

/** What something is lowered by. */
export const factor: RequiredKind = kind(
  "a number in (0, 1)",
  (value) => isNumber(value) && value > 0 && value < 1,
);

/** A switch. */
export const flag: RequiredKind = kind("true or false", (value) => typeof value === "boolean");

/** A text. */
export const text: RequiredKind = kind("a text", (value) => typeof value === "string");

/** Something to be called. */
export const func: RequiredKind = kind("a function", (value) => typeof value === "function");

/** A list of anything. */
export const list: RequiredKind = kind("a list", Array.isArray);

/** Something with keys: no list, no number. */
export const record: RequiredKind = kind("a record", isRecord);

/** What can be read by index: a list or a typed array. Its entries are not looked at. */
export const numbers: RequiredKind = kind(
  "a list of numbers or a typed array",
  (value) =>
    typeof value === "object" && value !== null && isNumber((value as { readonly length?: unknown }).length),
);

/** What `for ... of` runs over. */
export const iterable: RequiredKind = kind(
  "a list, or something else to be run through",
  (value) => typeof value === "object" && value !== null && Symbol.iterator in value,
);

/** An `AbortSignal`, or what is like it. */
export const signal: RequiredKind = kind(
  "an AbortSignal",
  (value) => isRecord(value) && typeof value.aborted === "boolean",
);

/**
 * Whether something has keys: no list, and no typed array.
 * @example isRecord({}) && !isRecord([]) // true
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
