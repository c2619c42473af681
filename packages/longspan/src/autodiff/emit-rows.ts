import { type Aval, type MapEmitter, withAmbient } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { liveEquations } from "./equations.js";
import { presentLevel } from "./linearised.js";
import { Trace } from "./trace.js";

/**
 * Writes a function of one row into a tile program: its ops one after the other, without those that its result does not need.
 * @param registers where the operands are
 * @returns the register of the result
 * @throws Error if an op is not row-local
 */
export function emitRows(
  name: string,
  f: (...row: readonly Value[]) => Value,
  registers: readonly number[],
  operands: readonly Aval[],
  map: MapEmitter,
): number {
  const trace = new Trace(presentLevel());
  const inputs = operands.map((a) => trace.variable(a));
  const result = withAmbient(trace, () => f(...inputs));
  const known = new Map<Value, number>(inputs.map((v, i) => [v, registers[i]!]));
  for (const eq of liveEquations(trace.equations, [result])) {
    const { lowering } = eq.op;
    const out = eq.outputs[0]!;
    const from = eq.inputs.map((v) => known.get(v)!);
    if (lowering.kind === "alias") known.set(out, reshaped(from[0]!, out, map));
    else if (lowering.kind === "map")
      known.set(out, map.expand(lowering.emit(eq.attrs, from, out, map), out.shape));
    else throw new Error(`${name}: ${eq.op.name} is not row-local`);
  }
  return known.get(result)!;
}

function reshaped(from: number, out: Aval, map: MapEmitter): number {
  if (out.shape.join() === map.shape(from).join()) return from;
  const r = map.register(out);
  map.push({ op: "reshape", out: r, a: from });
  return r;
}
