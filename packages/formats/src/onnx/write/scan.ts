import type { Value } from "longspan";
import {
  type CellGraph,
  dependencies,
  dependents,
  type Equation,
  type Scope,
  setSpaces,
  type UnfoldAttrs,
  type Var,
} from "longspan/engine";
import type { Dim } from "./dims.js";
import { bodyGraph, type Port } from "./graph-parts.js";
import { GraphWriter } from "./graph-writer.js";
import { operations } from "./operations.js";
import { Region, type Written } from "./region.js";
import { overSetOf, setOperations } from "./set-operations.js";

/** Sequences as they lie in the file: padded, [time, batch]. */
export interface PaddedChain {
  /** The names of its sizes. */
  readonly time: string;
  readonly batch: string;
  /** Whether a step belongs to its sequence, bool [time, batch]; null where all sequences have the same length. */
  readonly mask: string | null;
  /** 0, 1, ... over the steps, int32 [time]. */
  readonly steps: string;
}

/** An unfold over padded sequences. */
export interface UnfoldCall {
  readonly attrs: UnfoldAttrs;
  /** The operands, rows in front. */
  readonly inputs: readonly Written[];
  /** Per result, whether somebody reads it. */
  readonly wanted: readonly boolean[];
  readonly chain: PaddedChain;
  readonly reverse: boolean;
  /** Where the members of the sets lie, in their order. */
  readonly sets: readonly PaddedChain[];
}

/** Writes an unfold: what does not depend on the state over all steps at once, the rest as a Scan. Returns the results, null where nobody reads them. */
export function writeUnfold(call: UnfoldCall, outer: Region): (Written | null)[] {
  const { attrs, chain, sets } = call;
  const { cell } = attrs;
  checkCell(cell, outer);
  const over = sets[0] ?? chain;
  const leads = [[], [chain.batch], [over.time, over.batch]];
  const around = new Region(outer.what, outer.graph, outer.size, leads, sets[0]?.mask ?? null);
  const known = new Map<Value, Written>();
  cell.values.forEach(({ variable }, i) => {
    known.set(variable, operandOf(variable.scope, call.inputs[i]!, call, around));
  });
  const { equations: all, old: oldVariables, next: nextValues, outputs: cellOutputs } = stepOf(cell);
  const wantedOutputs = cellOutputs.map((output, i) => (call.wanted[i] ? output : null));
  const live = dependencies(all, [...nextValues, ...wantedOutputs.flatMap((o) => (o ? [o.value] : []))]);
  const equations = all.filter((eq) => eq.outputs.some((v) => live.has(v)));
  // With sets, what each step makes of the members would be too much for all steps at once.
  const perStep = sets.length > 0 ? cell.values.filter(({ variable: v }) => isOfNodes(v.scope)) : [];
  const inLoop = dependents(equations, [...oldVariables, ...perStep.map(({ variable }) => variable)]);
  const isInLoop = (eq: Equation) => inLoop.has(eq.outputs[0]!);
  emit(
    cell.name,
    equations.filter((eq) => !isInLoop(eq)),
    around,
    known,
  );

  const body = new GraphWriter(outer.graph.names);
  const inside = new Region(outer.what, body, outer.size, leads, sets[0]?.mask ?? null);
  const before = new Map(known);
  const scanned: { readonly port: Port; readonly from: string }[] = [];
  const reads = new Set([...equations.filter(isInLoop).flatMap((eq) => eq.inputs), ...nextValues]);
  for (const value of reads) {
    const from = known.get(value);
    if (!from || from.lead < 2 || !isOfNodes((value as Var).scope)) continue;
    const name = body.names.fresh("step");
    scanned.push({ port: { name, type: from.dtype }, from: from.name });
    before.set(value, { ...from, name, lead: 1 });
  }
  const old = cell.sinkSlots.map((slot, s) => {
    const value: Written = {
      name: body.names.fresh(`old.${slot.name}`),
      dtype: slot.dtype,
      lead: 1,
      shape: slot.shape,
    };
    if (oldVariables[s]) before.set(oldVariables[s], value);
    return value;
  });
  emit(cell.name, equations.filter(isInLoop), inside, before);
  let mask: string | null = null;
  if (chain.mask !== null) {
    mask = body.names.fresh("isStep");
    scanned.push({ port: { name: mask, type: "bool" }, from: chain.mask });
  }
  const next = nextValues.map((value, s) => {
    const found = inside.spread(before.get(value)!, 1);
    if (mask === null) return body.op("Identity", [found.name]);
    const axes = found.shape.map((_, k) => 1 + k);
    const isStep = axes.length > 0 ? inside.unsqueeze(mask, axes) : mask;
    return body.op("Where", [isStep, found.name, old[s]!.name]);
  });
  const shown = wantedOutputs.map((output) => {
    if (output === null || !inLoop.has(output.value)) return null;
    if (output.scope !== "node")
      outer.refuse(`cell ${cell.name}`, `its output ${output.name} is no value per step`, "leave it out");
    return body.op("Identity", [inside.spread(before.get(output.value)!, 1).name]);
  });
  // A Scan needs something to run over.
  if (scanned.length === 0)
    scanned.push({ port: { name: body.names.fresh("step"), type: "int32" }, from: chain.steps });
  const direction = call.reverse ? 1 : 0;
  const shownNames = shown.filter((name): name is string => name !== null);
  const found = outer.graph.ops(
    "Scan",
    [...initialStates(call, around), ...scanned.map(({ from }) => from)],
    {
      body: bodyGraph(
        body,
        cell.name,
        [...old.map(({ name, dtype }) => ({ name, type: dtype })), ...scanned.map(({ port }) => port)],
        [
          ...next.map((name, s) => ({ name, type: old[s]!.dtype })),
          ...shownNames.map((name, i) => ({ name, type: shownTypes(wantedOutputs, shown)[i]! })),
        ],
      ),
      num_scan_inputs: scanned.length,
      scan_input_directions: scanned.map(() => direction),
      ...(shownNames.length > 0 ? { scan_output_directions: shownNames.map(() => direction) } : {}),
    },
    next.length + shownNames.length,
  );
  const overSteps = new Region(outer.what, outer.graph, outer.size, [
    [],
    [chain.batch],
    [chain.time, chain.batch],
  ]);
  let at = next.length;
  const outputs = wantedOutputs.map((output, i) => {
    if (output === null) return null;
    const name = shown[i] === null ? overSteps.spread(known.get(output.value)!, 2).name : found[at++]!;
    return asRows({ name, dtype: output.value.dtype, lead: 2, shape: output.value.shape }, chain, outer);
  });
  const batch: Dim = { text: chain.batch, times: 1, names: [chain.batch] };
  const finals = cell.sinkSlots.flatMap((slot, s) =>
    attrs.finals[s] ? [{ name: found[s]!, dtype: slot.dtype, lead: 0, shape: [batch, ...slot.shape] }] : [],
  );
  return [...outputs, ...finals];
}

function shownTypes(
  outputs: readonly (CellGraph["outputs"][number] | null)[],
  shown: readonly (string | null)[],
) {
  return outputs.flatMap((output, i) => (output && shown[i] !== null ? [output.value.dtype] : []));
}

/** A value per step as rows, [time * batch, ...]. */
export function asRows(x: Written, { time, batch }: PaddedChain, outer: Region): Written {
  const rows: Dim = { text: `${time}*${batch}`, times: 1, names: [time, batch] };
  const shape = [rows, ...x.shape];
  return { name: outer.reshape({ ...x, lead: 0 }, shape), dtype: x.dtype, lead: 0, shape };
}

/** @throws OnnxError for cells that no Scan can run */
function checkCell(cell: CellGraph, outer: Region): void {
  const where = `cell ${cell.name}`;
  if (cell.inPorts.length > 1 || cell.outPorts.length > 1)
    outer.refuse(
      where,
      "it reads several states",
      "cells of trees and grids have no form in ONNX; use one for chains",
    );
  if (cell.edge?.when === "push") outer.refuse(where, "it is a derivative", "write the model itself");
}

/** A step with what the edge step does in front of it: in a chain one edge leads to each node, and what it brings is what the node reads. */
function stepOf({ equations, edge, stateIn, stateOut, outputs }: CellGraph) {
  if (!edge) return { equations, old: stateIn[0]!, next: stateOut[0]!, outputs };
  const arriving = new Map<Value, Value>(edge.message.map((message, s) => [stateIn[0]![s]!, message]));
  const read = (v: Value) => arriving.get(v) ?? v;
  return {
    equations: equations.map((eq) => ({ ...eq, inputs: eq.inputs.map(read) })),
    old: edge.state,
    next: stateOut[0]!.map(read),
    outputs: outputs.map((output) => ({ ...output, value: read(output.value) })),
  };
}

/** The states before the first step. */
function initialStates({ attrs, inputs }: UnfoldCall, around: Region): string[] {
  const { cell, initials } = attrs;
  let at = cell.values.length;
  return cell.sourceSlots.map((slot, s) =>
    initials[s]
      ? inputs[at++]!.name
      : around.graph.op("Expand", [around.graph.scalar(0, slot.dtype), around.shapeOf(1, slot.shape)]),
  );
}

/** An operand with its rows as leading axes. */
function operandOf(scope: Scope, x: Written, { chain, sets }: UnfoldCall, around: Region): Written {
  const [, ...shape] = x.shape;
  if (scope === "one") return x;
  if (scope === "sequence") return { ...x, lead: 1, shape };
  if (isOfNodes(scope)) {
    const padded = [chain.time, chain.batch].map((name) => ({ text: name, times: 1, names: [name] }));
    return { ...x, name: around.reshape({ ...x, lead: 0 }, [...padded, ...shape]), lead: 2, shape };
  }
  const set = sets[setSpaces.findIndex(({ member }) => member === scope)]!;
  const padded = [set.batch, set.time].map((name) => ({ text: name, times: 1, names: [name] }));
  const perSequence = around.reshape({ ...x, lead: 0 }, [...padded, ...shape]);
  const perm = [1, 0, ...shape.map((_, k) => 2 + k)];
  return { ...x, name: around.graph.op("Transpose", [perSequence], { perm }), lead: 2, shape };
}

function isOfNodes(scope: Scope): boolean {
  return scope === "node" || scope === "edge";
}

/** Writes equations of a cell into a region. */
function emit(
  cell: string,
  equations: readonly Equation[],
  region: Region,
  known: Map<Value, Written>,
): void {
  for (const { op, attrs, inputs: operands, outputs } of equations) {
    const result = outputs[0]!;
    const inputs = operands.map((v) => known.get(v)!);
    const lead = overSetOf(op.name, attrs) ? 1 : Math.max(0, ...inputs.map((x) => x.lead));
    const out = { dtype: result.dtype, shape: result.shape, lead };
    const rule = setOperations[op.name] ?? operations[op.name];
    if (!rule)
      region.refuse(`cell ${cell}`, `the operation ${op.name} has no form in ONNX`, "use a cell without it");
    known.set(result, { name: rule!({ op: op.name, attrs, inputs, out }, region), ...out });
  }
}
