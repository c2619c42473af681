import { suggestion } from "longspan/node";
import { Problem } from "./problem.js";

/** A field of the body of a request: what it may be, for the check and for the description of the interface. */
export interface Field<T = unknown> {
  /** In words: "a whole number from 0 to 10000". */
  readonly words: string;
  /** Its JSON Schema, without the description. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** What it is for. */
  readonly help: string;
  /** What it is where the body lacks it; a field without one has to be there. */
  readonly otherwise?: T;
  accepts(value: unknown): boolean;
}

/** The fields of a body by name. */
export type Fields = Readonly<Record<string, Field>>;
/** What a body holds. */
export type Body<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** Any value: whoever uses it looks at it. */
export function anything(help: string, schema: Field["schema"]): Field<unknown> {
  return { words: "a value", schema, help, accepts: () => true };
}

/** A text. */
export function text(help: string, otherwise?: string): Field<string> {
  return withDefault(
    { words: "a text", schema: { type: "string" }, help, accepts: (v) => typeof v === "string" },
    otherwise,
  );
}

/** Yes or no. */
export function yesOrNo(help: string, otherwise: boolean): Field<boolean> {
  return {
    words: "true or false",
    schema: { type: "boolean" },
    help,
    otherwise,
    accepts: (v) => typeof v === "boolean",
  };
}

/** A whole number in a range. */
export function whole(from: number, to: number, help: string, otherwise?: number): Field<number> {
  const words = `a whole number from ${from} to ${to}`;
  const accepts = (v: unknown) => Number.isInteger(v) && (v as number) >= from && (v as number) <= to;
  return withDefault(
    { words, schema: { type: "integer", minimum: from, maximum: to }, help, accepts },
    otherwise,
  );
}

/** A number in a range. */
export function between(from: number, to: number, help: string, otherwise: number): Field<number> {
  const accepts = (v: unknown) => typeof v === "number" && v >= from && v <= to;
  const schema = { type: "number", minimum: from, maximum: to };
  return { words: `a number from ${from} to ${to}`, schema, help, otherwise, accepts };
}

/** A list with at most so many entries, which whoever uses them looks at. */
export function listOf(entry: Field["schema"], most: number, help: string): Field<readonly unknown[]> {
  const schema = { type: "array", items: entry, minItems: 1, maxItems: most };
  const accepts = (v: unknown) => Array.isArray(v) && v.length > 0 && v.length <= most;
  return { words: `a list of 1 to ${most} entries`, schema, help, accepts };
}

function withDefault<T>(field: Field<T>, otherwise: T | undefined): Field<T> {
  return otherwise === undefined ? field : { ...field, otherwise };
}

/** The body of a request, checked. @throws Problem 400 naming the field */
export function bodyOf<F extends Fields>(value: unknown, fields: F, where = ""): Body<F> {
  const names = Object.keys(fields);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem(
      400,
      `${where || "the body"} is ${shown(value)}, expected an object with ${listed(names)}`,
    );
  const at = where === "" ? "" : `${where}.`;
  for (const name of Object.keys(value))
    if (!Object.hasOwn(fields, name)) {
      throw new Problem(
        400,
        `${at}${shown(name)} is unknown${suggestion(name, names)}; known are ${listed(names)}`,
      );
    }
  const entries = names.map((name) => {
    const { words, otherwise, accepts } = fields[name]!;
    const found = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (found === undefined) {
      if (otherwise === undefined) throw new Problem(400, `${at}${name} is missing, expected ${words}`);
      return [name, otherwise];
    }
    if (!accepts(found)) throw new Problem(400, `${at}${name} is ${shown(found)}, expected ${words}`);
    return [name, found];
  });
  return Object.fromEntries(entries) as Body<F>;
}

/** The JSON Schema of a body. */
export function schemaOf(fields: Fields): object {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, { schema, help, otherwise }]) => [
      name,
      { ...schema, description: help, ...(otherwise === undefined ? {} : { default: otherwise }) },
    ]),
  );
  const required = Object.keys(fields).filter((name) => fields[name]!.otherwise === undefined);
  return { type: "object", properties, required, additionalProperties: false };
}

/** A value, in a message: short, whatever a client sent. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length} entries`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no fields" : names.join(", ");
}
