import { concat, gather, reshape } from "../../ops/index.js";
import { formatShape, ShapeError, type Value, zeros } from "../../tensor/index.js";
import { indexTensor, type Structure } from "../../unfold/index.js";
import { chainRows } from "./chain-rows.js";

/** Which inputs a step reads, by their distance to it in steps: -1 is the one before, 1 the one after. The earliest first. */
export type Offsets = readonly number[];

/** What a step reads, and what the next part of a sequence reads of this one. */
export interface Tapped {
  /** The inputs at the offsets, joined: [nodes, offsets * features]. */
  readonly rows: Value;
  /** The last inputs of each sequence, as many as the earliest offset reaches back, oldest first: [chains, reach, features]. */
  readonly past: Value;
}

/**
 * The inputs at some distances from each step, over chains of any lengths: rows are looked up, nothing is padded. Before a sequence's start
 * it reads `past`, or zeros; after its end zeros.
 *
 * @param what who asks
 * @param x [nodes, features]
 * @param past [chains, reach, features]: inputs before the first one, the oldest first
 * @throws StructureError if the structure is not of chains @throws ShapeError for another past
 */
export function tapped(
  what: string,
  structure: Structure,
  x: Value,
  offsets: Offsets,
  past: Value | undefined,
): Tapped {
  const features = x.shape[1]!;
  const reach = reachBack(offsets);
  const chains = structure.parts.sources;
  const shape = [chains, reach, features];
  if (past && formatShape(past.shape) !== formatShape(shape))
    throw new ShapeError(
      `${what}.apply: initial.past is ${formatShape(past.shape)}, expected ${formatShape(shape)}: [sequences, steps before the first, features]`,
    );
  const { reads, kept } = tableOf(what, structure, offsets, past !== undefined);
  const before = past ? [reshape(past, [chains * reach, features])] : [];
  // Row 0 is what is read where there is no input.
  const table = concat([zeros([1, features], x.dtype), ...before, x], 0);
  return {
    rows: reshape(gather(table, indexTensor(reads)), [structure.nodes, offsets.length * features]),
    past: reshape(gather(table, indexTensor(kept)), shape),
  };
}

/** How many steps before it a step reads. */
export function reachBack(offsets: Offsets): number {
  return Math.max(0, -offsets[0]!);
}

interface Table {
  /** [nodes * offsets] */
  readonly reads: Int32Array;
  /** [chains * reach] */
  readonly kept: Int32Array;
}

const known = new WeakMap<Structure, Map<string, Table>>();

/** Rows of the table that stand for what each step reads, and for the past of what follows. */
function tableOf(what: string, structure: Structure, offsets: Offsets, withPast: boolean): Table {
  const tables = known.get(structure) ?? new Map<string, Table>();
  known.set(structure, tables);
  const name = `${offsets.join()} ${withPast}`;
  const found = tables.get(name);
  if (found) return found;
  const chains = chainRows(what, structure);
  const reach = reachBack(offsets);
  const firstInput = 1 + (withPast ? chains.length * reach : 0);
  const rowAt = (c: number, step: number): number => {
    const rows = chains[c]!;
    if (step >= 0) return step < rows.length ? firstInput + rows[step]! : 0;
    return withPast && step >= -reach ? 1 + c * reach + reach + step : 0;
  };
  const reads = new Int32Array(structure.nodes * offsets.length);
  const kept = new Int32Array(chains.length * reach);
  chains.forEach((rows, c) => {
    rows.forEach((row, step) => {
      offsets.forEach((offset, k) => {
        reads[row * offsets.length + k] = rowAt(c, step + offset);
      });
    });
    for (let k = 0; k < reach; k++) kept[c * reach + k] = rowAt(c, rows.length - reach + k);
  });
  const table = { reads, kept };
  tables.set(name, table);
  return table;
}
