import { suggestion } from "longspan/node";
import type { Kind } from "./kinds.js";

/** One of some names. It stands apart from the other kinds, since it loads the library: `longspan sample` has no use for it. */
export function choice<const T extends string>(names: readonly T[]): Kind<T> {
  const find = (value: unknown) => names.find((name) => name === value);
  return {
    expected: `one of ${names.join(", ")}`,
    placeholder: "<name>",
    names,
    hint: (word) => suggestion(word, names),
    parse: find,
    accept: find,
    schema: { enum: names },
    show: String,
  };
}
