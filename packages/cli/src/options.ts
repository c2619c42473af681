import { InvalidArgumentError } from "commander";

/** The number that a text spells; NaN if it does not begin like one. */
export function numberOf(text: string): number {
  return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : Number.NaN;
}

function parser(expected: string, accepts: (n: number) => boolean): (text: string) => number {
  return (text) => {
    const n = numberOf(text);
    if (!accepts(n)) throw new InvalidArgumentError(`Expected ${expected}.`);
    return n;
  };
}

/** 1, 2, 3, ... */
export const positiveInteger = parser(
  "a whole number of at least 1",
  (n) => Number.isSafeInteger(n) && n >= 1,
);

/** 1, 2, ..., most */
export const integerUpTo = (most: number) =>
  parser(`a whole number from 1 to ${most}`, (n) => Number.isSafeInteger(n) && n >= 1 && n <= most);

/** 0, 1, 2, ... */
export const count = parser("a whole number of at least 0", (n) => Number.isSafeInteger(n) && n >= 0);

export const integer = parser("a whole number", Number.isSafeInteger);

export const positive = parser("a number above 0", (n) => n > 0 && Number.isFinite(n));

export const notNegative = parser("a number of at least 0", (n) => n >= 0 && Number.isFinite(n));

/** A share that may be none but not all: [0, 1). */
export const rate = parser("a number from 0 up to, but not including, 1", (n) => n >= 0 && n < 1);
