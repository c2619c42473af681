import { nearest } from "../check/index.js";
import { setSpaces } from "../ops/index.js";
import { type DType, describeElement, formatShape } from "../tensor/index.js";
import type { InputSpecs, SetSpecs, Shapes } from "./step.js";
import { CellError } from "./verify.js";

const definition =
  "name inputs sequenceInputs sharedInputs sets edgeInputs state start params ports message messages edge step".split(
    " ",
  );
const result = ["state", "output", "sums"];
const dtypes: readonly DType[] = ["float32", "float64", "int32"];

/** Refuses what a definition does not have. @throws CellError with the nearest name that it has */
export function checkDefinition(cell: string, defined: object): void {
  // The kinds of the settings are the library's own cells' alone.
  const { settings: _, ...others } = defined as { settings?: unknown };
  checkNames(cell, "a definition has no", "it has", others, definition);
}

/** Refuses what a step does not return. @throws CellError with the nearest name that it may return */
export function checkResult(cell: string, returned: object): void {
  checkNames(cell, "a step returns no", "it returns", returned, result);
}

function checkNames(cell: string, none: string, has: string, record: object, known: readonly string[]): void {
  for (const name of Object.keys(record)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new CellError(
      `cell ${cell}: ${none} "${name}"${meant === undefined ? "" : ` (did you mean ${meant}?)`}; ${has} ${listed(known)}`,
    );
  }
}

/** Checks the shapes of a state's slots, or of a message's. @throws CellError naming the slot */
export function checkSlotShapes(cell: string, what: "state" | "message", slots: Shapes): void {
  checkRecord(cell, what, slots);
  for (const [name, slot] of Object.entries(slots)) {
    const subject = `cell ${cell}: the ${what} slot "${name}"`;
    if (!isSpecLike(slot)) {
      checkShapeOf(subject, slot);
      continue;
    }
    const { shape, dtype } = slot;
    checkShapeOf(subject, shape);
    throw new CellError(
      dtype === "int32"
        ? `${subject} is int32 ${formatShape(shape)}; a ${what} holds floats, so a slot is a shape, such as [4]. A float32 counts exactly up to 2^24; what is an integer at each node comes in as an input`
        : `${subject} is ${dtype} ${formatShape(shape)}; a ${what} has the type of the parameters, so a slot is a shape, such as [4]`,
    );
  }
}

/** Checks the shapes of inputs. @param part the part of the definition @throws CellError naming the input */
export function checkInputShapes(
  cell: string,
  part: "inputs" | "sequenceInputs" | "sharedInputs" | "edgeInputs" | `sets.${string}`,
  inputs: InputSpecs,
): void {
  const what = inputNames[part] ?? `input of ${part}`;
  checkRecord(cell, part, inputs);
  for (const [name, spec] of Object.entries(inputs)) {
    const subject = `cell ${cell}: the ${what} "${name}"`;
    if (!isSpecLike(spec)) {
      checkShapeOf(subject, spec);
      continue;
    }
    checkShapeOf(subject, spec.shape);
    if (!dtypes.includes(spec.dtype))
      throw new CellError(
        `${subject} is ${spec.dtype} ${formatShape(spec.shape)}; types are ${listed(dtypes)}`,
      );
  }
}

const inputNames: Readonly<Record<string, string>> = {
  inputs: "input",
  sequenceInputs: "sequence input",
  sharedInputs: "shared input",
  edgeInputs: "edge input",
};

/** Checks the shapes of the inputs of sets. @throws CellError naming the set */
export function checkSets(cell: string, sets: SetSpecs): void {
  checkRecord(cell, "sets", sets);
  const names = Object.keys(sets);
  if (names.length > setSpaces.length)
    throw new CellError(
      `cell ${cell}: ${names.length} sets (${listed(names)}); a cell reads at most ${setSpaces.length}: join those that have as many members`,
    );
  for (const [name, inputs] of Object.entries(sets)) checkInputShapes(cell, `sets.${name}`, inputs);
}

/**
 * Names in a sentence.
 * @example listed(["x", "h", "s"]) // "x, h and s"
 */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function isSpecLike(spec: unknown): spec is { shape: readonly number[]; dtype: DType } {
  return typeof spec === "object" && spec !== null && "shape" in spec;
}

function checkRecord(cell: string, part: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new CellError(
      `cell ${cell}: ${part} gives ${Array.isArray(value) ? "a list" : describeElement(value)}, expected a record of shapes by name`,
    );
}

function checkShapeOf(subject: string, shape: unknown): void {
  if (!Array.isArray(shape))
    throw new CellError(
      `${subject} is ${describeElement(shape)}, expected a shape: a list of sizes, such as [4]`,
    );
  if (!shape.every((n) => Number.isInteger(n) && n >= 0))
    throw new CellError(
      `${subject} is [${shape.map(describeElement).join(", ")}], expected a shape: sizes are whole numbers of at least 0`,
    );
}
