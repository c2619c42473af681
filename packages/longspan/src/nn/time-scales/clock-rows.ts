import { concat, gather, stopGradient } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { chain, indexTensor, Structure, StructureError } from "../../unfold/index.js";

/** Rows of a value, and which of them let no gradient through; null where all do. */
export interface ClockedRows {
  readonly index: Int32Array;
  readonly cut: Uint8Array | null;
}

/** What one group of a clockwork net runs over. */
export interface GroupRows {
  /** A node for each update. */
  readonly structure: Structure;
  /** The rows of x at its updates; null where that is all of them. */
  readonly x: Int32Array | null;
  /** For each slower group, the fastest first: what it held at the step before an update, among its starts and then its updates. */
  readonly reads: readonly ClockedRows[];
  /** What the group holds at each step, among its updates. */
  readonly held: ClockedRows;
  /** What it holds after each sequence's last step, among final states. */
  readonly final: ClockedRows;
}

/** The numbers of a chain's rows, by sequence and step. */
interface ChainRows {
  readonly structure: Structure;
  readonly lengths: readonly number[];
  readonly rows: readonly Int32Array[];
}

const known = new WeakMap<Structure, Map<string, readonly GroupRows[]>>();

/**
 * The rows of each group. A group of period p has a node for every p-th step, from the first on.
 *
 * @param structure sequences that begin at their first step: a forward chain
 * @param periods in rising order
 * @param every gradients do not cross multiples of so many steps; null where they cross all
 */
export function groupRows(
  structure: Structure,
  periods: readonly number[],
  every: number | null,
): readonly GroupRows[] {
  const all = known.get(structure) ?? new Map<string, readonly GroupRows[]>();
  known.set(structure, all);
  const key = `${periods.join()} ${every}`;
  const rows = all.get(key) ?? rowsOfGroups(structure, periods, every);
  all.set(key, rows);
  return rows;
}

/** Checks that a structure is a chain from first steps to last ones. @param what who asks @throws StructureError */
export function checkForward(what: string, { parts }: Structure): void {
  const { clock, positions, edges, nodes, sources, sinks, inPorts } = parts;
  const isForward =
    clock !== null &&
    inPorts.length === 1 &&
    edges.from.length === nodes + sources &&
    sources === sinks &&
    positions.every((t, row) => edges.to[row] === row && clock[row] === t) &&
    edges.from.every((from, e) => e >= nodes || positions[e] === (from < 0 ? 0 : positions[from]! + 1));
  if (!isForward)
    throw new StructureError(
      `${what}: the structure is no forward chain, made by chain(lengths); its groups keep time by the steps of sequences`,
    );
}

/**
 * Whether each sequence is one chain that begins with its first step, as far as is known: a stream goes on from any step, and in a search
 * several chains belong to one sequence.
 */
export function beginsAtOnce({ parts }: Structure): boolean {
  return parts.start === undefined && parts.sources === parts.sequences;
}

/** For each row of a chain the one before it, among starts and then rows. @param every gradients do not cross multiples of so many steps */
export function rowsBefore({ parts }: Structure, every: number | null): ClockedRows {
  const { edges, nodes, sources, positions } = parts;
  const before = Array.from(edges.from.subarray(0, nodes), (from) => (from < 0 ? -from - 1 : sources + from));
  return clockedRows(
    before,
    Array.from(positions, (t) => every !== null && t > 0 && t % every === 0),
  );
}

/** Rows of a table; those that are cut with their values, but without their gradient. */
export function clocked(table: Value, { index, cut }: ClockedRows): Value {
  if (cut === null) return gather(table, indexTensor(index));
  const stopped = index.map((row, i) => row + cut[i]! * table.shape[0]!);
  return gather(concat([table, stopGradient(table)], 0), indexTensor(stopped));
}

function rowsOfGroups(
  structure: Structure,
  periods: readonly number[],
  every: number | null,
): readonly GroupRows[] {
  const whole = rowsOf(structure);
  const chains = periods.map((period) => (period === 1 ? whole : everyNth(whole, period)));
  // Whether a multiple of `every` lies after one step, up to another.
  const crosses = (from: number, to: number) =>
    every !== null && Math.floor(to / every) > Math.floor(from / every);
  return periods.map((period, g) => {
    const own = chains[g]!;
    const reads = periods.slice(g + 1).map((slower, i) =>
      table(own, (b, k) => {
        if (k === 0) return [b, false];
        const update = Math.floor((k * period - 1) / slower);
        const row = chains[g + 1 + i]!.rows[b]![update]!;
        return [structure.sequences + row, crosses(update * slower, k * period)];
      }),
    );
    const held = table(whole, (b, t) => {
      const update = Math.floor(t / period);
      return [own.rows[b]![update]!, crosses(update * period, t)];
    });
    const last = whole.lengths.map((length) => Math.max(length - 1, 0));
    const final = clockedRows(
      last.map((_, b) => b),
      last.map((t) => crosses(t - (t % period), t)),
    );
    const x = table(own, (b, k) => [whole.rows[b]![k * period]!, false]).index;
    return { structure: own.structure, x: period === 1 ? null : x, reads, held, final };
  });
}

/** An entry for each row of a chain, by sequence and step. */
function table(
  { structure, rows }: ChainRows,
  entry: (sequence: number, step: number) => readonly [index: number, cut: boolean],
): ClockedRows {
  const index = new Array<number>(structure.nodes);
  const cut = new Array<boolean>(structure.nodes);
  rows.forEach((own, b) => {
    own.forEach((row, k) => {
      [index[row], cut[row]] = entry(b, k);
    });
  });
  return clockedRows(index, cut);
}

function clockedRows(index: ArrayLike<number>, cut: readonly boolean[]): ClockedRows {
  return { index: Int32Array.from(index), cut: cut.includes(true) ? Uint8Array.from(cut, Number) : null };
}

function rowsOf(structure: Structure): ChainRows {
  const lengths = structure.nodesPerSequence();
  const rows = lengths.map((length) => new Int32Array(length));
  const { sequenceOf, positions } = structure.parts;
  sequenceOf.forEach((b, row) => {
    rows[b]![positions[row]!] = row;
  });
  return { structure, lengths, rows };
}

/** The chain of every so many steps. Its positions are those of the steps, and so is its clock: what counts steps counts all of them. */
function everyNth({ structure, lengths }: ChainRows, period: number): ChainRows {
  const bare = chain(
    lengths.map((length) => Math.ceil(length / period)),
    { examples: Array.from(structure.parts.examples) },
  );
  const positions = bare.parts.positions.map((k) => k * period);
  const rows = rowsOf(bare).rows;
  return { structure: new Structure({ ...bare.parts, positions, clock: positions }), lengths, rows };
}
