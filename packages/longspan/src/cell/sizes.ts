import { check, describe, func, isRecord, kind, listOf, optional, text } from "../check/index.js";
import { CellError } from "./verify.js";

/** Checks that a definition has the parts that a cell is made of. */
export function checkParts(definition: unknown): void {
  if (!isRecord(definition))
    throw new TypeError(
      `defineCell: the definition is a record { name, inputs, state, params, step }, got ${definition === undefined ? "none" : describe(definition)}`,
    );
  check("defineCell", "name", definition.name, text);
  const what = `defineCell: cell ${definition.name}`;
  for (const part of ["inputs", "state", "params", "step"]) check(what, part, definition[part], func);
  for (const part of ["sequenceInputs", "sharedInputs", "sets", "edgeInputs", "message", "start", "edge"])
    check(what, part, definition[part], optional(func));
  check(what, "messages", definition.messages, optional(kind("a record of reductions by slot", isRecord)));
  check(what, "ports", definition.ports, optional(listOf(text, "a list of names")));
}

/** The functions of a definition that say what there is and how large it is. */
export type SizedPart =
  | "inputs"
  | "state"
  | "sequenceInputs"
  | "sharedInputs"
  | "sets"
  | "edgeInputs"
  | "message"
  | "params";

/** What a part of a definition says for a configuration. It is its author's code, so its mistakes are told as the cell's. */
export function sizesOf<T>(cell: string, part: SizedPart, f: () => T, config: unknown): T {
  let sizes: T;
  try {
    sizes = f();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The library's own errors begin with what was called; those of the language say nothing to users.
    const detail = /^[\w.]+: /.test(error.message) ? ` (${error.message})` : "";
    throw new CellError(
      `cell ${cell}: its function ${part} fails for the configuration ${describe(config)}${detail}; give the cell what that function reads`,
      { cause: error },
    );
  }
  if (part === "params" && (typeof sizes !== "object" || sizes === null))
    throw new CellError(`cell ${cell}: its function params gives ${describe(sizes)}, not a record by name`);
  return sizes;
}
