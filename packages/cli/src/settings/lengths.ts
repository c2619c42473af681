import { integer, type Kind, optional } from "./kinds.js";
import { setting } from "./setting.js";

/** Lengths from the first to the second, as a text: `50-200`. */
export const lengthRange: Kind<string> = {
  expected: "two whole numbers with a - between them, the smaller one first, such as 50-200",
  placeholder: "<from-to>",
  parse: (word) => (isRange(word) ? word : undefined),
  accept: (value) => (typeof value === "string" && isRange(value) ? value : undefined),
  schema: { type: "string", pattern: "^\\d{1,9}-\\d{1,9}$" },
  show: (value) => value,
};

function isRange(word: string): boolean {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(word) ?? [];
  return from !== undefined && Number(from) <= Number(to);
}

const listPattern = /^[1-9]\d{0,8}(,[1-9]\d{0,8})*$/;
const oneLength = integer(1, 999_999_999);

/** Some lengths, as a text: `40,80,120`. */
export const lengthList: Kind<string> = {
  expected: "whole numbers of at least 1 with commas between them, such as 40,80,120",
  placeholder: "<lengths>",
  parse: (word) => (isList(word) ? word : undefined),
  // A file has one length as a number, several as a text.
  accept: (value) => (oneLength.accept(value) !== undefined || isText(value) ? String(value) : undefined),
  schema: { anyOf: [oneLength.schema, { type: "string", pattern: listPattern.source }] },
  show: (value) => value,
};

function isList(word: string): boolean {
  return listPattern.test(word);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && isList(value);
}

/** The lengths of a list. */
export function lengthsIn(text: string): readonly number[] {
  return text.split(",").map(Number);
}

/** The first and the last length of a range. */
export function endsOf(range: string): { readonly least: number; readonly most: number } {
  const [least, most] = range.split("-").map(Number);
  return { least: least!, most: most! };
}

/** The lengths at which a run is evaluated when it has ended, besides those that it was trained on: any kind of job may have them. */
export function beyondSetting(help: string) {
  return setting(optional(lengthList), { group: "data", help, default: null, before: null });
}
