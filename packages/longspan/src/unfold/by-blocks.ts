import { dependencies, Var } from "../autodiff/index.js";
import { type CellGraph, type CellOutput, type LinearizedCell, simplify } from "../cell/index.js";
import { type Aval, add, type Linear, type Scope } from "../ops/index.js";
import { hasLevels, setNumber } from "../program/index.js";
import { full, scope, sizeOf, type Tensor, uninitialised } from "../tensor/index.js";
import { copyRows } from "./copy-rows.js";
import { remembered, transposed } from "./derived-cells.js";
import { type Block, blocksOf } from "./structures/blocks.js";
import { pairsOf } from "./structures/sets.js";
import type { Structure } from "./structures/structure.js";
import { positions, run, type UnfoldAttrs, unfoldOp } from "./unfold-op.js";

/** The results of an unfold, block by block and without residuals, and the states that enter each block. */
export function runByBlocks(
  attrs: UnfoldAttrs,
  inputs: readonly Tensor[],
): { outputs: Tensor[]; checkpoints: Tensor[] } {
  const { cell, structure, initials, finals } = attrs;
  const avals = unfoldOp.infer(attrs, inputs);
  const values = inputs.slice(0, cell.values.length);
  const sourceIndex = positions(initials);
  const destinations = cell.outputs.map((o, i) => destinationFor(o.scope, avals[i]!));
  let carried: Carried = {
    states: cell.sourceSlots.map((slot, s) =>
      carriedFrom(
        initials[s] ? inputs[values.length + sourceIndex[s]!] : undefined,
        structure.parts.sources,
        slot,
      ),
    ),
    sums: [],
  };
  const checkpoints: Tensor[] = [];
  for (const block of blocks(attrs)) {
    checkpoints.push(...carried.states.map((s) => checkpoint(s, block)));
    carried = runBlock(
      cell,
      block.structure,
      block,
      () => valuesOf(cell, values, block),
      carried,
      destinations,
      (o) => isOfNodes(cell, o),
    );
  }
  const wanted = carried.states.filter((_, s) => finals[s]);
  return { outputs: [...collect(destinations, carried), ...wanted], checkpoints };
}

/** An unfold, its derived cell, and the derivative as one linear unfold over the whole structure. */
interface Derivative {
  readonly unfold: UnfoldAttrs;
  readonly lin: LinearizedCell;
  readonly tangent: UnfoldAttrs;
}

/**
 * The transpose of a derivative, block by block from the last to the first: cotangents of its linear operands.
 *
 * @param held the operands of the unfold, then the checkpoints @param linear the shapes of the linear operands
 */
export function transposeByBlocks(
  { unfold: attrs, lin, tangent: { initials, finals } }: Derivative,
  held: readonly Tensor[],
  linear: readonly Aval[],
  cotangents: readonly (Tensor | undefined)[],
): Linear[] {
  const { cell, structure } = attrs;
  const { tangent } = lin;
  const finalIndex = positions(finals);
  const atSink = (s: number) => (finals[s] ? cotangents[tangent.outputs.length + finalIndex[s]!] : undefined);
  const t = transposed(
    tangent,
    lin.residuals.length,
    tangent.outputs.map((_, i) => cotangents[i] !== undefined),
    finals.map((_, s) => atSink(s) !== undefined),
  );

  const values = held.slice(0, cell.values.length);
  const slots = cell.sourceSlots.length;
  const all = blocks(attrs);
  const checkpoints = held.slice(held.length - all.length * slots);
  const forward = residualCell(lin);
  // What no node takes part in is taken once: the other blocks see no cotangent of it.
  const once = tangent.outputs.map((o) => !hasLevels(o.scope) && !isOfNodes(tangent, o));
  const cotangentOf = (i: number, b: number): Tensor | undefined => {
    const ct = cotangents[i];
    return ct && once[i] && b > 0 ? full(ct.shape, 0, ct.dtype) : ct;
  };
  const operands = (block: Block, b: number): Tensor[] => {
    const own = valuesOf(cell, values, block);
    const states = checkpoints.slice(b * slots, (b + 1) * slots).map((kept) => restore(kept, block));
    const saved =
      forward.outputs.length === 0
        ? []
        : run(blockAttrs(forward, block.structure, false), [...own, ...states]);
    let next = 0;
    return [
      ...lin.residuals.map((r) => (r.from === "value" ? own[r.index]! : saved[next++]!)),
      ...tangent.outputs.flatMap((o, i) => {
        const ct = cotangentOf(i, b);
        return ct ? rowsOf(ct, o.scope, block) : [];
      }),
    ];
  };

  const destinations = t.activeValues.map((i, k) => destinationFor(t.cell.outputs[k]!.scope, linear[i]!));
  let carried: Carried = {
    states: t.activeSlots.map((s) => carriedFrom(atSink(s), structure.parts.sinks, tangent.sinkSlots[s]!)),
    sums: [],
  };
  for (const [b, block] of [...all.entries()].reverse())
    carried = runBlock(
      t.cell,
      block.structure.transposed(),
      block,
      () => operands(block, b),
      carried,
      destinations,
      () => true,
    );

  const cts: Linear[] = linear.map(() => undefined);
  const results = collect(destinations, carried);
  t.activeValues.forEach((i, k) => {
    cts[i] = results[k];
  });
  const sourceIndex = positions(initials);
  t.activeSlots.forEach((s, k) => {
    if (initials[s]) cts[lin.activeValues.length + sourceIndex[s]!] = carried.states[k];
  });
  return cts;
}

/** Whether any node takes part in an output: else it is the same in every block. */
function isOfNodes(cell: CellGraph, { value }: CellOutput): boolean {
  for (const v of dependencies(cell.equations, [value]))
    if (v instanceof Var && hasLevels(v.scope)) return true;
  return false;
}

/** What one block hands to the next: the states, and the sums over the blocks so far of what is not one row per node. */
interface Carried {
  readonly states: readonly Tensor[];
  readonly sums: readonly Tensor[];
}

/** Runs a cell over one block. Results with a row per node go to their rows of `destinations`; the states that came in are released. */
function runBlock(
  cell: CellGraph,
  structure: Structure,
  block: Block,
  operands: () => readonly Tensor[],
  carried: Carried,
  destinations: readonly (Tensor | undefined)[],
  /** Whether what the blocks give is added up; else all give the same. */
  combine: (o: CellOutput) => boolean,
): Carried {
  const next = scope(() => {
    const results = run(
      blockAttrs(cell, structure, true),
      [...operands(), ...carried.states],
      destinations.map((p, i) => p && rowsOf(p, cell.outputs[i]!.scope, block)),
    );
    const summed = cell.outputs.map((_, i) => i).filter((i) => destinations[i] === undefined);
    return {
      states: results.slice(cell.outputs.length),
      sums: summed.map((i, k) => {
        const [before, term] = [carried.sums[k], results[i]!];
        if (before === undefined) return term;
        return combine(cell.outputs[i]!) ? add(before, term) : before.view(before.shape);
      }),
    };
  });
  for (const t of [...carried.states, ...carried.sums]) t.dispose();
  return next;
}

function blockAttrs(cell: CellGraph, structure: Structure, finals: boolean): UnfoldAttrs {
  return {
    cell,
    structure,
    initials: cell.sourceSlots.map(() => true),
    finals: cell.sinkSlots.map(() => finals),
    backward: { kind: "full" },
  };
}

/** The outputs of a cell that was run over all blocks. */
function collect(destinations: readonly (Tensor | undefined)[], { sums }: Carried): Tensor[] {
  let at = 0;
  return destinations.map((p) => p ?? sums[at++]!);
}

/** The rows of a value that belong to a block. */
function rowsOf(t: Tensor, of: Scope, { begin, end, edgeBegin, edgeEnd, whole }: Block): Tensor {
  if (!hasLevels(of)) return t;
  const features = t.shape.slice(1);
  if (of === "edge") return t.view([edgeEnd - edgeBegin, ...features], edgeBegin * sizeOf(features));
  const set = setNumber(of);
  const row = (node: number) =>
    set < 0 ? node : pairsOf(whole.sets[set]!, whole.parts.sequenceOf).begin[node]!;
  return t.view([row(end) - row(begin), ...features], row(begin) * sizeOf(features));
}

function destinationFor(of: Scope, { shape, dtype }: Aval): Tensor | undefined {
  return hasLevels(of) ? uninitialised(shape, dtype) : undefined;
}

/** A tensor to carry along: it may be released without touching what was given. */
function carriedFrom(initial: Tensor | undefined, rows: number, slot: Aval): Tensor {
  return initial ? initial.view(initial.shape) : full([rows, ...slot.shape], 0, slot.dtype);
}

function blocks({ structure, backward }: UnfoldAttrs): readonly Block[] {
  return blocksOf(structure, backward.kind === "checkpointed" ? backward.blocks : undefined);
}

function valuesOf(cell: CellGraph, values: readonly Tensor[], block: Block): Tensor[] {
  return cell.values.map(({ variable }, i) => rowsOf(values[i]!, variable.scope, block));
}

/** The states that nodes of a block read: the others are not needed to run it again. */
function checkpoint(state: Tensor, { present }: Block): Tensor {
  if (present === null) return state.view(state.shape);
  const kept = uninitialised([present.sources.length, ...state.shape.slice(1)], state.dtype);
  copyRows(state, present.sources, kept);
  return kept;
}

/** The states at the sources of a block again. Rows that no node reads hold anything. */
function restore(kept: Tensor, { present }: Block): Tensor {
  if (present === null) return kept;
  const state = uninitialised([present.indices.length, ...kept.shape.slice(1)], kept.dtype);
  copyRows(kept, present.indices, state);
  return state;
}

const residualCells = new WeakMap<CellGraph, Map<string, CellGraph>>();

/** The forward cell that computes the residuals and nothing else. */
function residualCell({ forward, residuals }: LinearizedCell): CellGraph {
  return remembered(residualCells, forward, "", () =>
    simplify({
      ...forward,
      outputs: residuals.flatMap((r) => (r.from === "output" ? [forward.outputs[r.index]!] : [])),
    }),
  );
}
