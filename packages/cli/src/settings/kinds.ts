/** What JSON Schema says of a value. */
export type Schema = Readonly<Record<string, unknown>>;

/** What values a setting takes. */
export interface Kind<T> {
  /** In words, for errors: "a whole number of at least 1". */
  readonly expected: string;
  /** What stands for the value in the help, such as `<n>`; a flag has none. */
  readonly placeholder?: string;
  /** The names to choose from, if these are all. */
  readonly names?: readonly string[];
  /** ` (did you mean NAME?)` for a word that is none of the names, or nothing. */
  hint?(word: string): string;
  /** Whether there is a value that stands for none: null. */
  readonly nullable?: true;
  /** The value that a word of the command line spells; undefined if it spells none. */
  parse(word: string): T | undefined;
  /** The value that a number, a text or a truth value of a settings file stands for; undefined if for none. */
  accept(value: unknown): T | undefined;
  /** The values of a settings file, as JSON Schema says it. */
  readonly schema: Schema;
  /** A value as the user would write it. */
  show(value: T): string;
}

/** The number that a text spells; NaN if it does not begin like one. */
function numberOf(text: string): number {
  return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : Number.NaN;
}

function number(expected: string, accepts: (n: number) => boolean, schema: Schema): Kind<number> {
  const accept = (n: unknown) => (typeof n === "number" && accepts(n) ? n : undefined);
  const parse = (word: string) => accept(numberOf(word));
  return { expected, placeholder: "<n>", parse, accept, schema, show: String };
}

/** A whole number of at least `least`, and at most `most` if that is given. */
export function integer(least: number, most?: number): Kind<number> {
  return number(
    most === undefined ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`,
    (n) => Number.isSafeInteger(n) && n >= least && (most === undefined || n <= most),
    { type: "integer", minimum: least, ...(most === undefined ? {} : { maximum: most }) },
  );
}

/** Any whole number. */
export const anyInteger = number("a whole number", Number.isSafeInteger, { type: "integer" });

export const positive = number("a number above 0", (n) => n > 0 && Number.isFinite(n), {
  type: "number",
  exclusiveMinimum: 0,
});

export const notNegative = number("a number of at least 0", (n) => n >= 0 && Number.isFinite(n), {
  type: "number",
  minimum: 0,
});

/** A share that may be none but not all: [0, 1). */
export const rate = number("a number from 0 up to, but not including, 1", (n) => n >= 0 && n < 1, {
  type: "number",
  minimum: 0,
  exclusiveMaximum: 1,
});

/** A share that may be all but not none: (0, 1]. */
export const shareOfAll = number("a number above 0 and at most 1", (n) => n > 0 && n <= 1, {
  type: "number",
  exclusiveMinimum: 0,
  maximum: 1,
});

/** A share that is neither none nor all: (0, 1). */
export const share = number("a number between 0 and 1", (n) => n > 0 && n < 1, {
  type: "number",
  exclusiveMinimum: 0,
  exclusiveMaximum: 1,
});

/** A text that is not empty. */
export const text: Kind<string> = {
  expected: "a text",
  placeholder: "<text>",
  parse: (word) => (word === "" ? undefined : word),
  accept: (value) => (typeof value === "string" && value !== "" ? value : undefined),
  schema: { type: "string", minLength: 1 },
  show: (value) => value,
};

/** On or off. */
export const flag: Kind<boolean> = {
  expected: "true or false",
  parse: (word) => (word === "true" ? true : word === "false" ? false : undefined),
  accept: (value) => (typeof value === "boolean" ? value : undefined),
  schema: { type: "boolean" },
  show: String,
};

/** A kind whose values may also be `none`: null. */
export function orNone<T>(kind: Kind<T>): Kind<T | null> {
  return {
    ...kind,
    nullable: true,
    expected: `${kind.expected}, or none`,
    parse: (word) => (word === "none" ? null : kind.parse(word)),
    accept: (value) => (value === "none" ? null : kind.accept(value)),
    schema: { anyOf: [kind.schema, { const: "none" }] },
    show: (value) => (value === null ? "none" : kind.show(value)),
  };
}

/** A kind whose value may be left open: null, which cannot be written. */
export function optional<T>(kind: Kind<T>): Kind<T | null> {
  return { ...kind, nullable: true, show: (value) => (value === null ? "none" : kind.show(value)) };
}
