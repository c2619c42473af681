import { isOwnCell, runCells } from "longspan";
import { choice } from "./choice.js";
import type { Kind } from "./kinds.js";

/** A cell by its name, or the path of a module that exports one, such as `./mine.mjs`. */
export function cellChoice(names: readonly string[] = runCells): Kind<string> {
  const named = choice(names);
  const find = (value: unknown) =>
    named.accept(value) ?? (typeof value === "string" && isOwnCell(value) ? value : undefined);
  return {
    ...named,
    expected: `${named.expected}, or a module such as ./mine.mjs`,
    parse: find,
    accept: find,
    schema: { anyOf: [named.schema, { type: "string", pattern: "\\.m?js$" }] },
    show: String,
  };
}
