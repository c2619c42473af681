import { onCpu, Tensor, type Value } from "longspan";
import type { NodeCall } from "./run-graph.js";

/** An input of a node. @throws Error if it is absent */
export function need({ inputs }: NodeCall, at: number): Value {
  const found = inputs[at];
  if (!found) throw new Error(`its input ${at} (from 0) is missing`);
  return found;
}

/** The numbers of a value that say a shape, axes or the like. @throws Error if they are not known while the model runs */
export function numbersOf(value: Value, what: string): number[] {
  if (!(value instanceof Tensor))
    throw new Error(`its ${what} follows from the model's numbers; it has to follow from shapes`);
  return Array.from(onCpu(value).toArray());
}

/** Whole numbers of a node: an attribute in older versions, an input in newer ones; null where there are none. */
export function listOf(call: NodeCall, attribute: string, at: number): number[] | null {
  const own = call.node.attributes.ints(attribute);
  if (own) return own;
  const input = call.inputs[at];
  return input ? numbersOf(input, attribute) : null;
}

/** An axis counted from the front. @throws Error if there is none */
export function axisIn(rank: number, axis: number): number {
  const from = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(from) || from < 0 || from >= rank)
    throw new Error(`it has axis ${axis} for a value of ${rank} axes`);
  return from;
}

/** Elements that a result may have: more is taken for a damaged file. */
const most = 2 ** 27;

/** A shape that is asked for. @throws Error if it is none, or beyond what a model can be meant to hold */
export function checkedShape(shape: readonly number[]): readonly number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  if (shape.every((n) => Number.isInteger(n) && n >= 0) && size <= most) return shape;
  throw new Error(`it asks for the shape [${shape.join(", ")}], of which at most ${most} elements are made`);
}

/** The shape that two broadcast to. */
export function joinedShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, d) => {
    const [p, q] = [a[d - rank + a.length] ?? 1, b[d - rank + b.length] ?? 1];
    if (p !== q && p !== 1 && q !== 1)
      throw new Error(`shapes [${a.join(", ")}] and [${b.join(", ")}] do not broadcast`);
    return p === 1 ? q : p;
  });
}
