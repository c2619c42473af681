import { type GridStart, grid, Structure, StructureError } from "../../unfold/index.js";

/** A grid run through from somewhere else, and where each of its rows lies among the rows of the first. */
export interface TurnedGrid {
  readonly structure: Structure;
  /** Per row of `structure`, the row of the first. */
  readonly into: Int32Array;
  /** Per row of the first, the row of `structure`. */
  readonly back: Int32Array;
}

const known = new WeakMap<Structure, Map<GridStart, TurnedGrid>>();

/** The same grids from another corner or side, with the sets and the start of the first. @throws StructureError for what is no grid */
export function turnedGrid(what: string, structure: Structure, from: GridStart): TurnedGrid {
  let byStart = known.get(structure);
  if (!byStart) {
    byStart = new Map();
    known.set(structure, byStart);
  }
  let turned = byStart.get(from);
  if (!turned) {
    turned = turn(what, structure, from);
    byStart.set(from, turned);
  }
  return turned;
}

function turn(what: string, first: Structure, from: GridStart): TurnedGrid {
  const { examples, start, sets } = first.parts;
  const bare = grid(gridSizesOf(what, first), { from, examples: Array.from(examples) });
  const structure = new Structure({ ...bare.parts, ...(start ? { start } : {}), ...(sets ? { sets } : {}) });
  const [into, back] = [rowsOf(first, structure), rowsOf(structure, first)];
  return { structure, into, back };
}

/** The sizes of the grids that a structure is made of. @throws StructureError for what is no grid */
export function gridSizesOf(what: string, { parts: { gridSizes } }: Structure) {
  if (!gridSizes)
    throw new StructureError(
      `${what}: the structure is no grid; make one of the sizes with grid([[height, width], ...])`,
    );
  return gridSizes;
}

/** Per row of one structure, the row of another that is the same node. */
function rowsOf(of: Structure, by: Structure): Int32Array {
  const rowAt = new Int32Array(of.nodes);
  of.parts.order.forEach((node, row) => {
    rowAt[node] = row;
  });
  return by.parts.order.map((node) => rowAt[node]!);
}
