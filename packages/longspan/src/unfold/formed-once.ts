import { dependents, liveEquations, Var } from "../autodiff/index.js";
import { type CellGraph, entries, roots, usedValues } from "../cell/index.js";
import { applyAll } from "../ops/index.js";
import { hasLevels } from "../program/index.js";
import { ambient, type Value } from "../tensor/index.js";
import { type UnfoldAttrs, unfoldOp } from "./unfold-op.js";

/**
 * Who steps through sequences and may keep what depends on sequences and sets alone, such as the keys of attention, from one step to the
 * next. It gets what that is formed of, as it was supplied to the unfold, the unfold's own values apart, such as the numbers of members, and
 * what forms it, which may be called again; null where it is not to be kept.
 */
export type Keeper = (
  cell: CellGraph,
  operands: readonly Value[],
  own: readonly Value[],
  compute: () => readonly Value[],
) => readonly Value[] | null;

/** Whoever keeps what is formed once. */
export const keeper = ambient<Keeper | null>(null);

/** A cell in two: what depends on sequences and sets alone, and the rest, which has that among its values. */
interface InTwo {
  readonly once: CellGraph;
  readonly rest: CellGraph;
  /** The values of the whole cell that each reads. */
  readonly onceValues: readonly number[];
  readonly restValues: readonly number[];
}

/** Where the values of a cell come from, by number. */
export interface ValueOrigins {
  /** Whether the unfold makes it itself. */
  isOwn(value: number): boolean;
  /** The value as it was supplied, before its rows were arranged. */
  supplied(value: number): Value;
  /** The operand, made of that once more. */
  again(value: number): Value;
}

/** Runs an unfold; what depends on sequences and sets alone is left to the keeper. */
export function runKeeping(
  attrs: UnfoldAttrs,
  operands: readonly Value[],
  keep: Keeper,
  { isOwn, supplied, again }: ValueOrigins,
): readonly Value[] {
  const split = inTwo(attrs.cell);
  if (!split) return applyAll(unfoldOp, attrs, operands);
  const { once, rest, onceValues, restValues } = split;
  const formed = keep(
    once,
    onceValues.filter((i) => !isOwn(i)).map(supplied),
    onceValues.filter(isOwn).map((i) => operands[i]!),
    () =>
      applyAll(
        unfoldOp,
        { ...attrs, cell: once, initials: [], finals: [] },
        onceValues.map((i) => (isOwn(i) ? operands[i]! : again(i))),
      ),
  );
  if (formed === null) return applyAll(unfoldOp, attrs, operands);
  return applyAll(unfoldOp, { ...attrs, cell: rest }, [
    ...restValues.map((i) => operands[i]!),
    ...formed,
    ...operands.slice(attrs.cell.values.length),
  ]);
}

const known = new WeakMap<CellGraph, { readonly split: InTwo | null }>();

function inTwo(cell: CellGraph): InTwo | null {
  const found = known.get(cell) ?? { split: cutInTwo(cell) };
  known.set(cell, found);
  return found.split;
}

/** Null where nothing depends on sequences and sets alone. */
function cutInTwo(cell: CellGraph): InTwo | null {
  const changing = entries(cell).filter((v) => hasLevels(v.scope));
  const depends = dependents(cell.equations, changing);
  const isOnce = (v: Value): v is Var =>
    v instanceof Var && v.scope !== "one" && !hasLevels(v.scope) && !depends.has(v);
  const formed = cell.equations.filter((eq) => eq.outputs.every(isOnce));
  const others = cell.equations.filter((eq) => !formed.includes(eq));
  const made = new Set<Value>(formed.flatMap((eq) => eq.outputs));
  const wanted = [...others.flatMap((eq) => eq.inputs), ...roots(cell)];
  const cut = [...new Set(wanted.filter((v) => made.has(v)))] as Var[];
  if (cut.length === 0) return null;
  const bare = (ports: CellGraph["inPorts"]) => ports.map((port) => ({ ...port, slots: [] }));
  const without = (graph: CellGraph): { cell: CellGraph; values: number[] } => {
    const used = usedValues(graph);
    const kept = cell.values.map((_, i) => i).filter((i) => used.has(cell.values[i]!.variable));
    const added = graph.values.slice(cell.values.length);
    return { cell: { ...graph, values: [...kept.map((i) => cell.values[i]!), ...added] }, values: kept };
  };
  const once = without({
    ...cell,
    name: `${cell.name}, once`,
    inPorts: bare(cell.inPorts),
    outPorts: bare(cell.outPorts),
    sourceSlots: [],
    sinkSlots: [],
    stateIn: cell.stateIn.map(() => []),
    stateOut: cell.stateOut.map(() => []),
    edge: null,
    equations: liveEquations(cell.equations, cut),
    outputs: cut.map((value, i) => ({ name: `formed${i}`, value, scope: value.scope })),
  });
  const rest = without({
    ...cell,
    values: [...cell.values, ...cut.map((variable, i) => ({ name: `formed${i}`, variable }))],
    equations: liveEquations(others, roots(cell)),
  });
  return { once: once.cell, rest: rest.cell, onceValues: once.values, restValues: rest.values };
}
