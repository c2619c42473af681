import {
  type CellGraph,
  type LinearizedCell,
  linearizeCell,
  type TransposedCell,
  transposeCell,
} from "../cell/index.js";

const linearCache = new WeakMap<CellGraph, Map<string, LinearizedCell>>();
const transposeCache = new WeakMap<CellGraph, Map<string, TransposedCell>>();

/** `linearizeCell`, remembered. */
export function linearized(
  cell: CellGraph,
  values: readonly boolean[],
  sources: readonly boolean[],
): LinearizedCell {
  return remembered(linearCache, cell, JSON.stringify([values, sources]), () =>
    linearizeCell(cell, values, sources),
  );
}

/** `transposeCell`, remembered. */
export function transposed(
  cell: CellGraph,
  linearFrom: number,
  outputs: readonly boolean[],
  sinks: readonly boolean[],
): TransposedCell {
  return remembered(transposeCache, cell, JSON.stringify([linearFrom, outputs, sinks]), () =>
    transposeCell(cell, linearFrom, outputs, sinks),
  );
}

/**
 * What `make` gives for a cell and a key, made once.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const cache = new WeakMap<CellGraph, Map<string, string>>();
 * remembered(cache, traced, "name", () => traced.name); // "rnn"
 */
export function remembered<T>(
  cache: WeakMap<CellGraph, Map<string, T>>,
  cell: CellGraph,
  key: string,
  make: () => T,
): T {
  let entries = cache.get(cell);
  if (!entries) {
    entries = new Map();
    cache.set(cell, entries);
  }
  let value = entries.get(key);
  if (value === undefined) {
    value = make();
    entries.set(key, value);
  }
  return value;
}
