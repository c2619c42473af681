import { onCpu, type Tensor } from "longspan";
import type { ModelGraph } from "./model-graph.js";
import type { Written } from "./region.js";
import { patternOf, writePattern } from "./row-patterns.js";

/**
 * A tensor that the recorded model made or had, as it was in both runs: the same in both, an input that entered as numbers, one that
 * follows from the structure, or the same in every row. Null for others.
 */
export function structureTensor(a: Tensor, b: Tensor, where: string, model: ModelGraph): Written | null {
  const { region, runs, found, dims } = model;
  const { graph } = region;
  const { dtype } = a;
  const [first, second] = [onCpu(a).toArray(), onCpu(b).toArray()];
  if (same(a.shape, b.shape) && same(first, second))
    return { name: graph.names.constant(first, a.shape, dtype), dtype, lead: 0, shape: a.shape };
  const [one, two] = runs;
  const entered = one.numbers.find(
    ({ content }, i) => same(first, content) && same(second, two.numbers[i]!.content),
  );
  if (entered) return model.enter(entered.input);
  const shape = dims.shape(a.shape, b.shape, where);
  const open = shape.findLastIndex((dim) => typeof dim !== "number") + 1;
  const width = a.shape.slice(open).reduce((n, size) => n * size, 1);
  const perRow = [first, second].map((all) => firsts(all, width));
  if (perRow[0] && perRow[1])
    for (const [i, { T, B }] of one.chains.entries()) {
      const other = two.chains[i]!;
      const pattern = patternOf([
        [perRow[0], T, B],
        [perRow[1], other.T, other.B],
      ]);
      const { padded, lengths } = found.chains[i]!;
      if (!pattern) continue;
      const rows = [
        ...shape.slice(0, open),
        ...(width > 1 ? a.shape.slice(open).map(() => 1) : a.shape.slice(open)),
      ];
      const made = writePattern(pattern, rows, dtype, region, padded, lengths);
      return width > 1
        ? { ...made, shape, name: graph.op("Expand", [made.name, region.shapeOf(0, shape)]) }
        : made;
    }
  const row = first.slice(0, width);
  const isRepeated = [first, second].every((all) => all.every((v, i) => Object.is(v, row[i % width])));
  if (!isRepeated) return null;
  const own = graph.names.constant(row, a.shape.slice(open), dtype);
  return { name: graph.op("Expand", [own, region.shapeOf(0, shape)]), dtype, lead: 0, shape };
}

/** The first number of each row, where all of a row are the same; null where they are not. */
function firsts(all: ArrayLike<number>, width: number): number[] | null {
  const found: number[] = [];
  for (let i = 0; i < all.length; i++) {
    if (i % width === 0) found.push(all[i]!);
    else if (!Object.is(all[i], found.at(-1))) return null;
  }
  return found;
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (v, i) => Object.is(v, b[i]));
}
