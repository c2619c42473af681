import { describe, list } from "../check/index.js";
import { type RunTalk, withoutMemory } from "./run-talk.js";
import type { OpenedSyntheticRun } from "./synthetic-run.js";

/** Streams of runs on synthetic problems. */
export function numbersTalk({ model, params, problem }: OpenedSyntheticRun): RunTalk {
  const width = problem.input;
  const input = `a list of ${width} ${width === 1 ? "number" : "numbers"}, or a list of such lists, one for each step`;
  const isRow = (value: unknown): value is number[] =>
    list.accepts(value) && (value as unknown[]).every((x) => typeof x === "number" && Number.isFinite(x));
  return withoutMemory({
    model,
    params,
    input,
    read(value) {
      if (!Array.isArray(value)) throw new TypeError(`the input is ${describe(value)}, expected ${input}`);
      const rows: unknown[] = value.some(Array.isArray) ? value : [value];
      for (const [t, row] of rows.entries()) {
        if (!isRow(row))
          throw new TypeError(`row ${t} of the input is ${describe(row)}, expected ${width} finite numbers`);
        if (row.length !== width)
          throw new RangeError(`row ${t} of the input has length ${row.length}, expected ${width}`);
      }
      return rows as number[][];
    },
    answer: (output) => ({ output: Array.from(output) }),
  });
}
