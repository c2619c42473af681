import { evaluate, liveEquations } from "../autodiff/index.js";
import { readsAtEdges, type Slot } from "../cell/index.js";
import {
  add,
  concat,
  constant,
  isWithin,
  reshape,
  type Scope,
  slice,
  stopGradient,
  zerosLike,
} from "../ops/index.js";
import { hasLevels, setSpaces } from "../program/index.js";
import type { Shape, Value } from "../tensor/index.js";
import type { Layout } from "./layout.js";
import { parentRows, rowSpaces } from "./row-spaces.js";
import { layoutOf } from "./schedule.js";
import { isOverNodes, SetMembers } from "./set-members.js";
import { crosses } from "./structures/crosses.js";
import { zeroState } from "./structures/structure.js";
import type { UnfoldAttrs } from "./unfold-op.js";

/**
 * The slow definition of unfold: a loop over nodes in row order of the levels, each step evaluated with ordinary ops. It is what the
 * compiled form is tested against, derivatives included, since those come from the ops and not from derived cells.
 */
export function plainLoop(attrs: UnfoldAttrs, inputs: readonly Value[]): Value[] {
  const { cell, structure, initials, finals, backward } = attrs;
  const p = structure.parts;
  const { from, to, toPort } = p.edges;
  if (p.pushes) throw new Error("the plain loop runs cells as they are written, not transposed ones");
  const layout = layoutOf(structure, cell);
  const initial = (b: number): Value[] => {
    let at = cell.values.length;
    return cell.sourceSlots.map((slot, s) => (initials[s] ? rowOf(inputs[at++]!, b) : zerosLike(slot)));
  };
  const frozen =
    backward.kind === "truncated"
      ? (e: number) => crosses(p.clock!, from[e]!, to[e]!, backward.every)
      : () => false;

  const states: Value[][] = [];
  const outputs: Value[][] = cell.outputs.map(() => []);
  const levels = Array.from(p.levelBegin, (begin, l) => [begin, p.levelEnd[l]!] as const);
  const stateOf = (end: number) =>
    end === zeroState ? cell.sourceSlots.map(zerosLike) : end < 0 ? initial(-end - 1) : states[end]!;
  const readOf = (e: number) => stateOf(from[e]!).map((v) => (frozen(e) ? stopGradient(v) : v));
  // Edge by edge where nodes read so, or hand out what differs per edge.
  const byEdge = readsAtEdges(cell) || cell.outputs.some((o) => o.scope === "edge");
  const edgeNodes = byEdge ? layout.edgeNodes() : null;
  const into = (n: number) => Array.from(layout.stepped.keys()).filter((k) => edgeNodes![k] === n);
  for (const [begin, end] of levels) {
    for (let n = begin; n < end; n++) {
      const env = new Map<Value, Value>();
      const edges = byEdge ? into(n) : null;
      const members = new SetMembers(layout, p.sequenceOf[n]!, n, edges);
      cell.edge?.state.forEach((v, s) => {
        members.enterEach(v, edges?.map((k) => readOf(layout.stepped[k]!)[s]!) ?? []);
      });
      cell.values.forEach(({ variable }, i) => {
        if (isWithin("node", variable.scope))
          env.set(variable, readAt("node", n, inputs[i]!, variable.scope, layout));
        else if (members.has(variable.scope)) members.enter(variable, inputs[i]!);
      });
      cell.stateIn.forEach((port, q) => {
        const sums: (Value | undefined)[] = port.map(() => undefined);
        for (let e = 0; e < from.length; e++) {
          if (to[e] !== n || toPort[e] !== q) continue;
          arriving(attrs, inputs, readOf(e), layout.stepped.indexOf(e), layout).forEach((v, s) => {
            sums[s] = sums[s] === undefined ? v : add(sums[s], v);
          });
        }
        port.forEach((v, s) => {
          env.set(v, sums[s] ?? zerosLike(cell.inPorts[q]!.slots[s]!));
        });
      });
      for (const eq of cell.equations) {
        const { scope } = eq.outputs[0]!;
        if ((scope === "edge" && !byEdge) || isOverNodes(eq)) continue;
        if (members.takePart(eq)) members.evaluate(eq, env);
        else evaluate([eq], env);
      }
      states[n] = cell.stateOut[0]!.map((v) => env.get(v)!);
      cell.outputs.forEach((o, i) => {
        if (o.scope === "node") outputs[i]![n] = env.get(o.value)!;
        else if (members.has(o.scope)) {
          const sum = cell.equations.find((eq) => eq.outputs[0] === o.value);
          const over = sum && isOverNodes(sum);
          members.rowsOf(over ? sum.inputs[0]! : o.value, env).forEach((v, m) => {
            const row = members.rowAt(o.scope, m);
            const before = over ? outputs[i]![row] : undefined;
            outputs[i]![row] = before === undefined ? v : add(before, v);
          });
        } else {
          const sum = cell.equations.find((eq) => eq.outputs[0] === o.value)!;
          const [b, term] = [p.sequenceOf[n]!, env.get(sum.inputs[0]!)!];
          outputs[i]![b] = outputs[i]![b] === undefined ? term : add(outputs[i]![b], term);
        }
      });
    }
  }
  const finalRows = cell.sinkSlots.map(() => [] as Value[]);
  for (let k = 0; k < p.sinks; k++) {
    const e = to.indexOf(-(k + 1));
    stateOf(from[e]!).forEach((v, s) => {
      finalRows[s]![k] = v;
    });
  }
  const stack = (rows: Value[], slot: { shape: Shape; dtype: Slot["dtype"] }) =>
    rows.length === 0
      ? constant(0, [0, ...slot.shape], slot.dtype)
      : concat(
          rows.map((v) => reshape(v, [1, ...v.shape])),
          0,
        );
  addMembersWithoutNodes(attrs, inputs, layout, outputs);
  // What is summed over the nodes of a sequence without any is zero.
  cell.outputs.forEach((o, i) => {
    if (o.scope === "node" || o.scope === "sequence" || o.scope === "one") return;
    for (let r = 0; r < rowSpaces[o.scope].count(layout); r++)
      outputs[i]![r] ??= constant(0, o.value.shape, o.value.dtype);
  });
  // A sequence without nodes sums to zero.
  cell.outputs.forEach((o, i) => {
    if (o.scope === "sequence")
      for (let b = 0; b < p.sequences; b++) outputs[i]![b] ??= constant(0, o.value.shape, o.value.dtype);
  });
  return [
    ...outputs.map((rows, i) => stack(rows, cell.outputs[i]!.value)),
    ...finalRows
      .filter((_, s) => finals[s])
      .map((rows, i) => stack(rows, cell.sinkSlots.filter((_, s) => finals[s])[i]!)),
  ];
}

/** Outputs per member of sequences that have no nodes, where no node takes part in them. */
function addMembersWithoutNodes(
  { cell }: UnfoldAttrs,
  inputs: readonly Value[],
  layout: Layout,
  outputs: readonly Value[][],
): void {
  const { sequenceOf, sequences } = layout.structure.parts;
  const taken = new Set(sequenceOf);
  const wanted = cell.outputs.filter((o) => setSpaces.some(({ member }) => member === o.scope));
  const equations = liveEquations(
    cell.equations,
    wanted.map((o) => o.value),
  ).filter((eq) => !hasLevels(eq.outputs[0]!.scope) && !isOverNodes(eq));
  if (wanted.length === 0) return;
  for (let s = 0; s < sequences; s++) {
    if (taken.has(s)) continue;
    const env = new Map<Value, Value>();
    const members = new SetMembers(layout, s, null, null);
    cell.values.forEach(({ variable }, i) => {
      if (isWithin("sequence", variable.scope))
        env.set(variable, readAt("sequence", s, inputs[i]!, variable.scope, layout));
      else if (setSpaces.some(({ member }) => member === variable.scope)) members.enter(variable, inputs[i]!);
    });
    for (const eq of equations) {
      if (members.takePart(eq)) members.evaluate(eq, env);
      else evaluate([eq], env);
    }
    cell.outputs.forEach((o, i) => {
      if (!wanted.includes(o) || cell.equations.some((eq) => eq.outputs[0] === o.value && isOverNodes(eq)))
        return;
      members.rowsOf(o.value, env).forEach((v, m) => {
        outputs[i]![members.rowAt(o.scope, m)] = v;
      });
    });
  }
}

function rowOf(v: Value, r: number): Value {
  return reshape(slice(v, 0, r, r + 1), v.shape.slice(1));
}

/** What row `row` of the scope `at` reads of an operand with rows of `scope`. */
function readAt(at: Scope, row: number, operand: Value, scope: Scope, layout: Layout): Value {
  if (scope === "one") return operand;
  return rowOf(operand, at === scope ? row : parentRows(layout, at, scope)[row]!);
}

/** What an edge brings: the state at its source, or the message that the edge step makes of it. */
function arriving(
  attrs: UnfoldAttrs,
  inputs: readonly Value[],
  state: readonly Value[],
  edge: number,
  layout: Layout,
): readonly Value[] {
  const { cell } = attrs;
  if (!cell.edge) return state;
  const env = new Map<Value, Value>();
  cell.values.forEach(({ variable: v }, i) => {
    if (isWithin("edge", v.scope)) env.set(v, readAt("edge", edge, inputs[i]!, v.scope, layout));
  });
  cell.edge.state.forEach((v, s) => {
    env.set(v, state[s]!);
  });
  evaluate(liveEquations(cell.equations, cell.edge.message), env);
  return cell.edge.message.map((v) => env.get(v)!);
}
