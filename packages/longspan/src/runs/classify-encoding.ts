import { isRecord, kind, listOf, oneOf, type RequiredKind, text } from "../check/index.js";

const texts = listOf(text, "a list of texts");
const level = oneOf("char", "word", "byte");

/** What puts the sequences of a run into numbers, and names its classes. */
export const encodingKind: RequiredKind = kind(
  "a record { labels, input } with the names of the classes and how inputs are put into numbers",
  (value) =>
    isRecord(value) &&
    texts.accepts(value.labels) &&
    (value.labels as unknown[]).length > 0 &&
    isInput(value.input),
);

function isInput(input: unknown): boolean {
  if (!isRecord(input)) return false;
  if (input.kind === "text")
    return level.accepts(input.level) && texts.accepts(input.symbols) && text.accepts(input.column);
  const { columns, mean, deviation, column, steps } = input;
  if (input.kind !== "numbers" || !texts.accepts(columns)) return false;
  const width = (columns as unknown[]).length;
  const numbers = (list: unknown) =>
    Array.isArray(list) && list.length === width && list.every((n) => Number.isFinite(n));
  return (
    width > 0 &&
    numbers(mean) &&
    numbers(deviation) &&
    (column === null ? texts.accepts(steps) : text.accepts(column))
  );
}
