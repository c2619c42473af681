import type { MemoryReport } from "longspan";
import { percent } from "./report/flow/picture.js";
import { type Answered, readsBack } from "./report/memory/memory-html.js";
import { figure } from "./report/scale.js";
import type { RunLine } from "./run-lines.js";

/** What a memory report says of each layer, in lines for people. */
export function memoryLines({ layers }: MemoryReport, answered: Answered): RunLine[] {
  return layers.map(({ layer, cell, rows, width, sequences }): RunLine => {
    const seen = readsBack(sequences, answered);
    const path =
      seen === null
        ? "there is no path through it to follow"
        : `of what is read for answers, ${percent(seen.share)} comes from one write in the mean, ${figure(seen.lag)} steps before (median)`;
    return ["memory", `layer ${layer + 1} (${cell}), ${rows} rows of ${width}: ${path}`];
  });
}
