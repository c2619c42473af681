import type { Kind } from "./kinds.js";

/** Levels of quantiles, as a text: `0.1,0.5,0.9`. */
export const levelList: Kind<readonly number[]> = {
  expected: "numbers between 0 and 1 in order, with commas between them, such as 0.1,0.5,0.9",
  placeholder: "<levels>",
  parse: levelsIn,
  accept: (value) => levelsIn(String(value)),
  schema: { type: "string" },
  show: (levels) => levels.join(","),
};

function levelsIn(text: string): readonly number[] | undefined {
  const levels = text.split(",").map((word) => (/^\s*0?\.\d+\s*$/.test(word) ? Number(word) : Number.NaN));
  return levels.every((level, k) => level > (levels[k - 1] ?? 0) && level < 1) ? levels : undefined;
}
