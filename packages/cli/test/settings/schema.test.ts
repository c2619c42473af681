import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { classifySettings } from "../../src/jobs/classify/settings.js";
import { kinds } from "../../src/jobs/index.js";
import type { Schema } from "../../src/settings/kinds.js";
import { schemaOf } from "../../src/settings/schema.js";
import { nameOf } from "../../src/settings/setting.js";
import { longspan } from "../command.js";

/** The words of JSON Schema that settings use. */
const rules: Readonly<Record<string, (value: unknown, rule: never) => boolean>> = {
  type: (value, type: string) => (type === "integer" ? Number.isSafeInteger(value) : typeof value === type),
  minimum: (value, least: number) => (value as number) >= least,
  maximum: (value, most: number) => (value as number) <= most,
  exclusiveMinimum: (value, below: number) => (value as number) > below,
  exclusiveMaximum: (value, above: number) => (value as number) < above,
  enum: (value, names: readonly unknown[]) => names.includes(value),
  const: (value, only: unknown) => value === only,
  minLength: (value, least: number) => (value as string).length >= least,
  pattern: (value, pattern: string) => new RegExp(pattern).test(value as string),
  anyOf: (value, schemas: readonly Schema[]) => schemas.some((schema) => fits(schema, value)),
  description: () => true,
  default: () => true,
};

function fits(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([word, rule]) => rules[word]!(value, rule as never));
}

const values = [
  -1,
  0,
  1e-3,
  0.5,
  1,
  1.5,
  2,
  64,
  65,
  4096,
  4097,
  true,
  "none",
  "lstm",
  "adam",
  "",
  "a",
  "5-9",
  "9",
];

describe("schemaOf", () => {
  for (const { name, settings } of kinds) {
    const schema = schemaOf(settings, name) as { properties: Record<string, Schema> };
    it(`${name}: takes the values that a file may give, and no others`, () => {
      for (const [key, { kind, commandLineOnly }] of Object.entries(settings)) {
        const own = schema.properties[nameOf(key)];
        expect(own === undefined).toBe(commandLineOnly === true);
        if (own === undefined) continue;
        for (const value of values)
          expect([key, value, fits(own, value)]).toEqual([key, value, kind.accept(value) !== undefined]);
      }
    });
  }
});

describe("longspan schema", () => {
  it("prints the schema of a kind, and knows the kinds", () => {
    const { stdout, code } = longspan(tmpdir(), "schema", "classify");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(
      JSON.parse(JSON.stringify(schemaOf(classifySettings, "longspan train classify"))),
    );
    expect(longspan(tmpdir(), "schema", "clasify")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        "there is no kind of job clasify (did you mean classify?); the kinds are text, series, classify, tag, pairs, trees, synthetic",
      ),
    });
  });
});
