import type { SequenceMemory } from "longspan";

/** A memory of at most so many rows is shown whole. */
const few = 32;
/** Of a larger one, the rows on which some weight reaches this; without weights, those that hold this share of the greatest number. */
const least = 0.05;

/** A sequence of which only the rows that are used are left, with their numbers. */
export interface ShownMemory {
  readonly sequence: SequenceMemory;
  readonly rows: readonly number[];
}

/** What is shown of a memory: all rows, or, of a large one of which little is used, those that are, with one more on either side. */
export function shownRows(sequence: SequenceMemory, rows: number, width: number): ShownMemory {
  const all = Array.from({ length: rows }, (_, i) => i);
  if (rows <= few) return { sequence, rows: all };
  const used = new Set<number>();
  const mark = (values: Float64Array, size: number, threshold: number) => {
    values.forEach((v, k) => {
      const row = Math.floor((k % (rows * size)) / size);
      if (Math.abs(v) >= threshold) for (const i of [row - 1, row, row + 1]) used.add(i);
    });
  };
  if (sequence.weights.length > 0) for (const { values } of sequence.weights) mark(values, 1, least);
  else {
    const most = sequence.contents.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    mark(sequence.contents, width, Math.max(least * most, Number.MIN_VALUE));
  }
  const shown = all.filter((i) => used.has(i));
  if (shown.length === 0 || shown.length > rows / 2) return { sequence, rows: all };
  const picked = (values: Float64Array, size: number) =>
    Float64Array.from({ length: sequence.steps * shown.length * size }, (_, k) => {
      const [t, within] = [Math.floor(k / (shown.length * size)), k % (shown.length * size)];
      return values[(t * rows + shown[Math.floor(within / size)]!) * size + (within % size)]!;
    });
  return {
    rows: shown,
    sequence: {
      ...sequence,
      contents: picked(sequence.contents, width),
      gradients: picked(sequence.gradients, width),
      weights: sequence.weights.map((w) => ({
        ...w,
        values: picked(w.values, 1),
        gradients: picked(w.gradients, 1),
      })),
    },
  };
}
