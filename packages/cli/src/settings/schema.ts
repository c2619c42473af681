import type { Schema } from "./kinds.js";
import { isDependent, nameOf, type Table } from "./setting.js";

/** What a settings file may hold, as JSON Schema (2020-12): editors complete and check YAML files by it. @param title of the file */
export function schemaOf(table: Table, title: string): Schema {
  const properties = Object.entries(table)
    .filter(([, { commandLineOnly }]) => !commandLineOnly)
    .map(([key, { kind, help, default: usual }]) => {
      const known = usual !== null && !isDependent(usual);
      return [nameOf(key), { description: help, ...kind.schema, ...(known ? { default: usual } : {}) }];
    });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    type: "object",
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}
