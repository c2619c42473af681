import { type Equation, Var } from "../autodiff/index.js";
import { attrsKey } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import type { CellGraph, Slot } from "./graph.js";

/**
 * Prints a cell, one equation per line, in a form that depends on its structure only. It serves as the cache key too.
 * @example console.log(printCell(rnn({ input: 3, hidden: 4 }).trace("float32").graph)); // "cell rnn", operands, equations, results
 */
export function printCell(cell: CellGraph): string {
  return printCellAs(cell, valueNames());
}

/**
 * Names of values: %0, %1, ... in the order in which they are asked for.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const name = valueNames();
 * traced.values.map((v) => name(v.variable)) // [ "%0", "%1", "%2", "%3" ]
 */
export function valueNames(): (v: Value) => string {
  const names = new Map<Value, string>();
  return (v) => {
    let n = names.get(v);
    if (n === undefined) {
      n = `%${names.size}`;
      names.set(v, n);
    }
    return n;
  };
}

/**
 * One equation on a line, its values by name.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const name = valueNames();
 * printEquation(traced.equations.at(-1)!, name) // "%0: node float32[4] = tanh %1"
 */
export function printEquation({ op, attrs, inputs, outputs }: Equation, name: (v: Value) => string): string {
  const key = attrsKey(attrs);
  const results = outputs.map((v) => printTyped(v, name)).join(", ");
  return `${results} = ${op.name}${key === "{}" ? "" : key} ${inputs.map(name).join(" ")}`;
}

function printTyped(v: Value, name: (v: Value) => string): string {
  return `${name(v)}: ${v instanceof Var ? v.scope : "?"} ${v.dtype}[${v.shape.join(",")}]`;
}

/**
 * `printCell` with names that other prints of the same cell can share.
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * printCellAs(traced, valueNames()) === printCell(traced) // true
 */
export function printCellAs(cell: CellGraph, name: (v: Value) => string): string {
  const typed = (v: Value) => printTyped(v, name);
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
  for (const eq of cell.equations) lines.push(`  ${printEquation(eq, name)}`);
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
