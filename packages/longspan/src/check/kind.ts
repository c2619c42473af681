import { describe } from "./describe.js";
import { suggestion } from "./nearest.js";

/** What an argument or a setting may be: a test, and the words that say so. */
export interface Kind {
  /** Completes "input is ...": "a positive integer". */
  readonly words: string;
  accepts(given: unknown): boolean;
  /** The error about something that is not accepted. @param place what was called and what was given, "linear: input" */
  refusal(place: string, given: unknown): Error;
}

/** A kind that is not accepted where a setting may be left out: `optional` makes it one of those. */
export interface RequiredKind extends Kind {
  readonly optional?: never;
}

/** A kind of setting that may be left out. */
export interface OptionalKind extends Kind {
  readonly optional: true;
}

/** A kind that is a test. */
export function kind(words: string, accepts: (given: unknown) => boolean): RequiredKind {
  return { words, accepts, refusal: (place, given) => refusalOf(place, words, given) };
}

/** The setting may be left out, or be undefined. */
export function optional(of: RequiredKind): OptionalKind {
  return {
    words: of.words,
    accepts: (given) => given === undefined || of.accepts(given),
    refusal: (place, given) => of.refusal(place, given),
    optional: true,
  };
}

/** The kind, or null. */
export function orNull(of: RequiredKind): RequiredKind {
  return { ...of, accepts: (given) => given === null || of.accepts(given) };
}

/** A list whose entries are all of one kind; messages name the entry. @param words of the list, "a list of lengths" */
export function listOf(of: RequiredKind, words: string): RequiredKind {
  return {
    words,
    accepts: (given) => Array.isArray(given) && given.every((entry) => of.accepts(entry)),
    refusal(place, given) {
      const i = Array.isArray(given) ? given.findIndex((entry) => !of.accepts(entry)) : -1;
      return i < 0
        ? refusalOf(place, words, given)
        : of.refusal(`${place}[${i}]`, (given as readonly unknown[])[i]);
    },
  };
}

/** One of some names, or of some numbers. */
export function oneOf(...choices: readonly (string | number)[]): RequiredKind {
  const words = `one of ${choices.join(", ")}`;
  return {
    words,
    accepts: (given) => (choices as readonly unknown[]).includes(given),
    refusal(place, given) {
      const near = typeof given === "string" ? suggestion(given, choices.map(String)) : "";
      const message = refusalOf(place, words, given).message;
      return typeof given === typeof choices[0]
        ? new RangeError(`${message}${near}`)
        : new TypeError(`${message}${near}`);
    },
  };
}

/** An instance of a class. */
export function instanceOf(type: abstract new (...args: never[]) => unknown, words: string): RequiredKind {
  return kind(words, (given) => given instanceof type);
}

/** An object with some methods, whoever made it. */
export function having(words: string, ...methods: readonly string[]): RequiredKind {
  return kind(
    words,
    (given) =>
      typeof given === "object" &&
      given !== null &&
      methods.every((name) => typeof (given as Record<string, unknown>)[name] === "function"),
  );
}

/** A number of the right type lies outside its range; all else has a wrong type. */
function refusalOf(place: string, words: string, given: unknown): Error {
  if (given === undefined) return new TypeError(`${place} is missing; it is ${words}`);
  const message = `${place} is ${words}, got ${describe(given)}`;
  return typeof given === "number" ? new RangeError(message) : new TypeError(message);
}
