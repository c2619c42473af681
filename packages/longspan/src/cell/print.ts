import { Var } from "../autodiff/index.js";
import { attrsKey } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import type { CellGraph, Slot } from "./graph.js";

/**
 * Prints a cell, one equation per line, in a form that depends on its structure only. It serves as the cache key too.
 * @example console.log(printCell(rnn({ input: 3, hidden: 4 }).trace("float32").graph)); // "cell rnn", operands, equations, results
 */
export function printCell(cell: CellGraph): string {
  const names = new Map<Value, string>();
  const name = (v: Value) => {
    let n = names.get(v);
    if (n === undefined) {
      n = `%${names.size}`;
      names.set(v, n);
    }
    return n;
  };
  const typed = (v: Value) =>
    `${name(v)}: ${v instanceof Var ? v.scope : "?"} ${v.dtype}[${v.shape.join(",")}]`;
  const lines = [`cell ${cell.name}`];
  for (const v of cell.values) lines.push(`  value ${v.name} = ${typed(v.variable)}`);
  cell.inPorts.forEach((p, i) => {
    lines.push(
      `  in ${p.name}: ${p.slots.map((s, j) => `${slot(s)} = ${name(cell.stateIn[i]![j]!)}`).join(", ")}`,
    );
  });
  if (cell.edge) {
    const { state, when } = cell.edge;
    lines.push(`  edge ${when}: ${state.map(typed).join(", ")}`);
  }
  for (const eq of cell.equations) {
    const attrs = attrsKey(eq.attrs);
    lines.push(
      `  ${eq.outputs.map(typed).join(", ")} = ${eq.op.name}${attrs === "{}" ? "" : attrs} ${eq.inputs.map(name).join(" ")}`,
    );
  }
  if (cell.edge) lines.push(`  message ${cell.edge.message.map(name).join(", ")}`);
  cell.outPorts.forEach((p, i) => {
    lines.push(
      `  out ${p.name}: ${p.slots.map((s, j) => `${slot(s)} = ${name(cell.stateOut[i]![j]!)}`).join(", ")}`,
    );
  });
  for (const o of cell.outputs) lines.push(`  output ${o.name}: ${o.scope} = ${name(o.value)}`);
  lines.push(
    `  source ${cell.sourceSlots.map(slot).join(", ")}; sink ${cell.sinkSlots.map(slot).join(", ")}`,
  );
  return lines.join("\n");
}

function slot(s: Slot): string {
  return `${s.name}:${s.dtype}[${s.shape.join(",")}]`;
}
