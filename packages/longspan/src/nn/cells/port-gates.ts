import { add, matmul, mul, sigmoid, split, tanh } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";

/** The state that comes in by a port. */
export interface PortState {
  readonly h: Value;
  readonly s: Value;
}

/**
 * What the gates of an LSTM with several ports get from the states: each port's h through the matrix of that port, added up; a value for the
 * forget gate of each port, then those for g, i and q.
 */
export function fromPorts(states: readonly PortState[], W: readonly Value[]) {
  const added = states.map(({ h }, k) => matmul(h, W[k]!)).reduce((a, b) => add(a, b));
  const parts = split(added, states.length + 3);
  const [g, i, q] = parts.slice(-3) as [Value, Value, Value];
  return { forget: parts.slice(0, -3), g, i, q };
}

/** The new state and output of what enters the gates: s = g i + the sum over ports of f s, h = q tanh(s). */
export function portStep(
  states: readonly PortState[],
  forget: readonly Value[],
  [g, i, q]: readonly [g: Value, i: Value, q: Value],
): { state: { h: Value; s: Value }; output: Value } {
  const kept = states.map(({ s }, k) => mul(sigmoid(forget[k]!), s));
  const written = mul(sigmoid(g), tanh(i));
  const s = add(
    written,
    kept.reduce((a, b) => add(a, b)),
  );
  const h = mul(sigmoid(q), tanh(s));
  return { state: { h, s }, output: h };
}
