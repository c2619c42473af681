import { Var } from "../autodiff/index.js";
import { isWithin } from "../ops/index.js";
import { formatShape, sameShape, type Value } from "../tensor/index.js";
import { type CellGraph, entries, roots } from "./graph.js";

/** A cell whose graph breaks its own rules. */
export class CellError extends Error {
  override name = "CellError";
}

/**
 * Checks that everything is defined before it is used, that every equation's result has the shape its op gives, and that
 * ports, slots and scopes agree.
 * @throws CellError
 * @example
 * const { graph: traced } = lstm({ input: 3, hidden: 4 }).trace("float32");
 * verifyCell(traced); // passes; without its first equation, "... uses a value that is not defined before it"
 */
export function verifyCell(cell: CellGraph): void {
  const known = new Set<Value>(entries(cell));
  for (const eq of cell.equations) {
    for (const v of eq.inputs)
      if (!known.has(v)) fail(cell, `${eq.op.name} uses a value that is not defined before it`);
    const avals = eq.op.infer(eq.attrs, eq.inputs);
    eq.outputs.forEach((v, i) => {
      const a = avals[i]!;
      if (!sameShape(a.shape, v.shape) || a.dtype !== v.dtype)
        fail(
          cell,
          `${eq.op.name} gives ${a.dtype} ${formatShape(a.shape)}, recorded as ${v.dtype} ${formatShape(v.shape)}`,
        );
      if (known.has(v)) fail(cell, `${eq.op.name} defines a value twice`);
      known.add(v);
    });
  }
  for (const ports of [cell.inPorts, cell.outPorts])
    for (const p of ports)
      if (JSON.stringify(p.slots) !== JSON.stringify(ports[0]!.slots))
        fail(cell, `ports ${ports[0]!.name} and ${p.name} have different slots`);
  for (const v of roots(cell)) if (!known.has(v)) fail(cell, "a result is not defined by any equation");
  cell.outPorts.forEach((p, i) => {
    p.slots.forEach((s, j) => {
      const v = cell.stateOut[i]![j]!;
      if (!sameShape(s.shape, v.shape) || s.dtype !== v.dtype)
        fail(
          cell,
          `slot ${s.name} of port ${p.name} is ${formatShape(s.shape)}, its new value ${formatShape(v.shape)}`,
        );
    });
  });
  for (const o of cell.outputs)
    if (o.value instanceof Var && !isWithin(o.scope, o.value.scope))
      fail(cell, `output ${o.name} is declared per ${o.scope} but differs per ${o.value.scope}`);
}

function fail(cell: CellGraph, message: string): never {
  throw new CellError(`cell ${cell.name}: ${message}`);
}
