import { describe } from "./describe.js";
import { suggestion } from "./nearest.js";

/** What an argument or a setting may be: a test, and the words that say so. */
export interface Kind {
  /** Completes "input is ...": "a positive integer". */
  readonly words: string;
  /** Whether a value is one. */
  accepts(value: unknown): boolean;
  /** The error about something that is not accepted. @param subject what was called and what was given, "linear: input" */
  refusal(subject: string, value: unknown): Error;
}

/** A kind that is not accepted where a setting may be left out: `optional` makes it one of those. */
export interface RequiredKind extends Kind {
  readonly optional?: never;
}

/** A kind of setting that may be left out. */
export interface OptionalKind extends Kind {
  readonly optional: true;
}

/**
 * A kind that is a test.
 * @example
 * const even = kind("an even number", (value) => typeof value === "number" && value % 2 === 0);
 * even.refusal("halve: count", 3).message // "halve: count is an even number, got 3"
 */
export function kind(words: string, accepts: (value: unknown) => boolean): RequiredKind {
  return { words, accepts, refusal: (subject, value) => refusalOf(subject, words, value) };
}

/**
 * The setting may be left out, or be undefined.
 * @example optional(oneOf("sum", "mean")).accepts(undefined) // true
 */
export function optional(of: RequiredKind): OptionalKind {
  return {
    words: of.words,
    accepts: (value) => value === undefined || of.accepts(value),
    refusal: (subject, value) => of.refusal(subject, value),
    optional: true,
  };
}

/** The kind, or null. */
export function orNull(of: RequiredKind): RequiredKind {
  return { ...of, accepts: (value) => value === null || of.accepts(value) };
}

/**
 * A list whose entries are all of one kind; messages name the entry.
 * @param words of the list, "a list of lengths"
 * @example listOf(text, "a list of names").refusal("f: names", ["a", 2]).message // "f: names[1] is a text, got 2"
 */
export function listOf(of: RequiredKind, words: string): RequiredKind {
  return {
    words,
    accepts: (value) => Array.isArray(value) && value.every((entry) => of.accepts(entry)),
    refusal(subject, value) {
      const i = Array.isArray(value) ? value.findIndex((entry) => !of.accepts(entry)) : -1;
      return i < 0
        ? refusalOf(subject, words, value)
        : of.refusal(`${subject}[${i}]`, (value as readonly unknown[])[i]);
    },
  };
}

/**
 * One of some names, or of some numbers.
 * @example oneOf("sum", "mean").refusal("f: merge", "meen").message // "f: merge is one of sum, mean, got "meen" (did you mean mean?)"
 */
export function oneOf(...choices: readonly (string | number)[]): RequiredKind {
  const words = `one of ${choices.join(", ")}`;
  return {
    words,
    accepts: (value) => (choices as readonly unknown[]).includes(value),
    refusal(subject, value) {
      const near = typeof value === "string" ? suggestion(value, choices.map(String)) : "";
      const message = refusalOf(subject, words, value).message;
      return typeof value === typeof choices[0]
        ? new RangeError(`${message}${near}`)
        : new TypeError(`${message}${near}`);
    },
  };
}

/**
 * An instance of a class.
 * @example instanceOf(Uint8Array, "a Uint8Array").accepts(new Uint8Array(2)) // true
 */
export function instanceOf(type: abstract new (...args: never[]) => unknown, words: string): RequiredKind {
  return kind(words, (value) => value instanceof type);
}

/** An object with some methods, whoever made it. */
export function having(words: string, ...methods: readonly string[]): RequiredKind {
  return kind(
    words,
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
  );
}

/** A number of the right type lies outside its range; all else has a wrong type. */
function refusalOf(subject: string, words: string, value: unknown): Error {
  if (value === undefined) return new TypeError(`${subject} is missing; it is ${words}`);
  const message = `${subject} is ${words}, got ${describe(value)}`;
  return typeof value === "number" ? new RangeError(message) : new TypeError(message);
}
