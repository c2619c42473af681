import type { Cell } from "../cell/index.js";
import { read, type Value } from "../tensor/index.js";
import { keepGate } from "./keep-gate.js";

/** How far a sigmoid or tanh of a step is driven to its ends. */
export interface Saturation {
  /** The op and its place among those of its kind in the step's equations, counted from 1: `sigmoid 2`. */
  readonly name: string;
  /** Shares of values within a twentieth of the range of its lower and of its upper end. */
  readonly low: number;
  readonly high: number;
  /** Counts in twenty equal parts of the range: (0, 1) for a sigmoid, (-1, 1) for a tanh. */
  readonly histogram: readonly number[];
}

/** The sigmoids and tanhs of a step, in its order, with their values at all nodes. */
type Activations = readonly { readonly op: string; readonly value: Value }[];

/** How far each of them is driven to its ends. */
export async function saturationOf(activations: Activations): Promise<Saturation[]> {
  const seen = new Map<string, number>();
  const out: Saturation[] = [];
  for (const { op, value } of activations) {
    const number = (seen.get(op) ?? 0) + 1;
    seen.set(op, number);
    const data = await read(value);
    const histogram = new Array<number>(20).fill(0);
    for (let k = 0; k < data.length; k++) {
      const share = op === "tanh" ? (data[k]! + 1) / 2 : data[k]!;
      const bin = Math.min(19, Math.max(0, Math.floor(share * 20)));
      if (!Number.isNaN(bin)) histogram[bin]! += 1;
    }
    const n = Math.max(1, data.length);
    out.push({ name: `${op} ${number}`, low: histogram[0]! / n, high: histogram[19]! / n, histogram });
  }
  return out;
}

/** The mean of the gate that keeps the state; null where the step has none. */
export async function keptShare(cell: Cell, activations: Activations): Promise<number | null> {
  const gate = keepGate(cell);
  if (gate === null) return null;
  const values = await read(activations[gate]!.value);
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]!;
  return values.length === 0 ? null : sum / values.length;
}
