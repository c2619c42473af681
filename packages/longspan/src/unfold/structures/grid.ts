import { check, checkSettings, describe, integer, list, listOf, oneOf, optional } from "../../check/index.js";
import { layOutChain } from "./lay-out-chain.js";
import { Structure, StructureError, type StructureParts } from "./structure.js";

/** Height and width of a grid, in nodes. */
export type GridSize = readonly [height: number, width: number];

/** Where a recurrence over a grid begins: at a corner, with two neighbours for each node, or at a side, with one. */
export type GridStart =
  | "top-left"
  | "top-right"
  | "bottom-left"
  | "bottom-right"
  | "left"
  | "right"
  | "top"
  | "bottom";

/** All of them: the corners, then the sides. */
export const gridStarts: readonly GridStart[] = [
  "top-left",
  "top-right",
  "bottom-left",
  "bottom-right",
  "left",
  "right",
  "top",
  "bottom",
];

/** How a grid is run through. */
export interface GridOptions {
  /** Where the recurrence begins; at the top left corner by default. */
  readonly from?: GridStart;
  /** Names of the grids in random streams; 0, 1, 2, ... by default. */
  readonly examples?: readonly number[];
}

/**
 * Two-dimensional grids of the given sizes, one per example; sizes may differ, and nothing is padded (section 10.3). In the data nodes come
 * grid after grid, in each row by row.
 *
 * From a corner a node reads its two neighbours on that corner's side, each by a port of its own: `vertical`, the neighbour in its column,
 * and `horizontal`, that in its row. From the top left these are the nodes above and to the left, so that a node's state depends on all that
 * lies above and to the left of it. Nodes at the same distance from the corner form a level: height + width - 1 of them.
 *
 * From a side each row, or each column, is a chain: from the left a node reads its left neighbour, from the top the one above. There is one
 * port, so that any cell of chains runs over it.
 *
 * A neighbour beyond the border has the initial state, of which there is one per grid, or one per row or column where a sweep begins at a
 * side; zeros by default. Final states are those of the far corner, or of the last nodes of the rows or columns. The clock counts steps from
 * the start, so that truncation and checkpoints cut a grid along its diagonals.
 *
 * @param sizes [height, width] of each
 * @throws StructureError for what is no size
 * @example
 * const structure = grid([[28, 28], [3, 5]]);
 * structure.levels // 55
 * const cell = multidimensionalLstm({ input: 1, hidden: 4 });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([799, 1]) }, structure).final.h.shape // [ 2, 4 ]
 * grid([[28, 28]], { from: "right" }).levels // 28: any cell for chains, along the rows
 */
export function grid(sizes: readonly GridSize[], options?: GridOptions): Structure {
  check("grid", "sizes", sizes, list);
  const { from = "top-left", examples } = checkSettings("grid", options, {
    from: optional(oneOf(...gridStarts)),
    examples: optional(listOf(integer, "a list of names, integers")),
  });
  for (const [i, size] of sizes.entries())
    if (!Array.isArray(size) || size.length !== 2 || !size.every((n) => Number.isSafeInteger(n) && n >= 0))
      throw new StructureError(
        `grid: sizes[${i}] is ${describe(size)}; a size is [height, width], two non-negative integers`,
      );
  if (examples && examples.length !== sizes.length)
    throw new StructureError(`grid: examples has ${examples.length} names for ${sizes.length} grids`);
  const names = examples ?? Array.from(sizes.keys());
  const parts = isSide(from) ? sweepParts(sizes, from, names) : cornerParts(sizes, from, names);
  return new Structure({ ...parts, gridSizes: sizes.map(([h, w]) => [h, w] as const) });
}

type Side = "left" | "right" | "top" | "bottom";
type Corner = Exclude<GridStart, Side>;

function isSide(from: GridStart): from is Side {
  return !from.includes("-");
}

/** The number of the first node of each grid. */
function startsOf(sizes: readonly GridSize[]): number[] {
  let next = 0;
  return sizes.map(([height, width]) => {
    next += height * width;
    return next - height * width;
  });
}

/** Rows or columns as chains that belong to their grid. */
function sweepParts(sizes: readonly GridSize[], from: Side, examples: readonly number[]): StructureParts {
  const alongRows = from === "left" || from === "right";
  const starts = startsOf(sizes);
  const lines = sizes.flatMap(([height, width], b) =>
    Array.from({ length: alongRows ? height : width }, (_, line) => ({ b, line })),
  );
  const lengths = lines.map(({ b }) => sizes[b]![alongRows ? 1 : 0]);
  const parts = layOutChain({
    lengths,
    ports: [{ name: "in", delays: [1] }],
    reverse: from === "right" || from === "bottom",
    owners: lines.map(({ b }) => b),
    sequences: sizes.length,
    examples,
  });
  // By the number of a node in chain after chain, its number in the grids.
  const nodes = lines.flatMap(({ b, line }, c) => {
    const width = sizes[b]![1];
    return Array.from({ length: lengths[c]! }, (_, t) =>
      alongRows ? starts[b]! + line * width + t : starts[b]! + t * width + line,
    );
  });
  const order = parts.order.map((position) => nodes[position]!);
  const positions = order.map((node, row) => node - starts[parts.sequenceOf[row]!]!);
  return { ...parts, order, edgeOrder: order, positions };
}

/** Nodes by their distance from a corner; in a level by their row, and then by grid, so that what a level reads lies side by side. */
function cornerParts(sizes: readonly GridSize[], from: Corner, examples: readonly number[]): StructureParts {
  const [fromBottom, fromRight] = [from.startsWith("bottom"), from.endsWith("right")];
  const starts = startsOf(sizes);
  const nodes = sizes.reduce((total, [h, w]) => total + h * w, 0);
  const tallest = sizes.reduce((most, [h]) => Math.max(most, h), 0);
  const depth = sizes.reduce((most, [h, w]) => (h * w > 0 ? Math.max(most, h + w - 1) : most), 0);
  /** The number of a node that is so many rows and columns away from the corner. */
  const nodeAt = (b: number, i: number, j: number) => {
    const [h, w] = sizes[b]!;
    return starts[b]! + (fromBottom ? h - 1 - i : i) * w + (fromRight ? w - 1 - j : j);
  };

  const sequenceOf = new Int32Array(nodes);
  const positions = new Int32Array(nodes);
  const clock = new Int32Array(nodes);
  const order = new Int32Array(nodes);
  const rowOf = new Int32Array(nodes);
  const count = 2 * nodes + sizes.length;
  const [source, to, toPort] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const edgeOrder = new Int32Array(2 * nodes);
  const levelBegin = new Int32Array(depth);
  const levelEnd = new Int32Array(depth);
  let row = 0;
  for (let level = 0; level < depth; level++) {
    levelBegin[level] = row;
    for (let i = 0; i <= Math.min(level, tallest - 1); i++)
      for (const [b, [h, w]] of sizes.entries()) {
        const j = level - i;
        if (i >= h || j >= w) continue;
        const node = nodeAt(b, i, j);
        sequenceOf[row] = b;
        positions[row] = node - starts[b]!;
        clock[row] = level;
        order[row] = node;
        rowOf[node] = row;
        const beyond = -(b + 1);
        source[2 * row] = i > 0 ? rowOf[nodeAt(b, i - 1, j)]! : beyond;
        source[2 * row + 1] = j > 0 ? rowOf[nodeAt(b, i, j - 1)]! : beyond;
        for (const port of [0, 1]) {
          to[2 * row + port] = row;
          toPort[2 * row + port] = port;
          edgeOrder[2 * row + port] = 2 * node + port;
        }
        row += 1;
      }
    levelEnd[level] = row;
  }
  for (const [b, [h, w]] of sizes.entries()) {
    source[2 * nodes + b] = h * w > 0 ? rowOf[nodeAt(b, h - 1, w - 1)]! : -(b + 1);
    to[2 * nodes + b] = -(b + 1);
  }
  return {
    nodes,
    sequences: sizes.length,
    sources: sizes.length,
    sinks: sizes.length,
    edges: { from: source, fromPort: new Int32Array(count), to, toPort },
    levelBegin,
    levelEnd,
    inPorts: ["vertical", "horizontal"],
    outPorts: ["out"],
    sequenceOf,
    examples: Int32Array.from(examples),
    positions,
    clock,
    order,
    edgeOrder,
    pushes: false,
  };
}
