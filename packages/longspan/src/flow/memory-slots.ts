import type { Cell, Shapes } from "../cell/index.js";
import { sizeOf } from "../tensor/index.js";

// Memories are known by the names of their slots, which nn/memory gives them and users may.

/** The slot of what a memory holds, and of what is read of it. */
export const [memorySlot, readSlot] = ["memory", "read"] as const;

/** Slots with a weight for each row of a memory. */
const weighted = ["readWeights", "writeWeights", "strengths", "usage"] as const;

/** Rows and width of a cell's memory, the rows of several heads one after the other; null if it has none. */
export function contents({ state }: Pick<Cell, "state">): { rows: number; width: number } | null {
  const shape = (state as Shapes)[memorySlot];
  if (shape === undefined || shape.length < 2) return null;
  return { rows: sizeOf(shape.slice(0, -1)), width: shape.at(-1)! };
}

/** The slots with weights for the rows of a cell's memory, [heads, rows] or [rows], in their order. */
export function weightSlots(cell: Pick<Cell, "state">): { slot: string; heads: number; rows: number }[] {
  const rows = contents(cell)?.rows;
  return weighted.flatMap((slot) => {
    const shape = (cell.state as Shapes)[slot];
    if (shape === undefined || shape.length > 2 || shape.at(-1) !== rows) return [];
    return [{ slot, heads: shape.length === 2 ? shape[0]! : 1, rows: rows! }];
  });
}
