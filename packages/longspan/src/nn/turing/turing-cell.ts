import type { Cell } from "../../cell/index.js";
import { check, checkSettings, kind, oneOf, optional } from "../../check/index.js";
import { type DType, type Shape, type Tensor, tensor, type Value } from "../../tensor/index.js";
import { type RnnSpecs, rnn } from "../cells/rnn.js";
import { type Rational, toNumber } from "./rational.js";
import type { TuringNetwork } from "./turing-network.js";

/** A Turing machine's net in floating point. */
export interface TuringCell {
  /** `rnn` with the saturated activation. */
  readonly cell: Cell<{ x: Shape }, { h: Shape }, RnnSpecs, Value>;
  /** U [2, units], W [units, units], b [units] */
  readonly params: { readonly U: Tensor; readonly W: Tensor; readonly b: Tensor };
  /** h(0): [1, units] */
  readonly initial: { readonly h: Tensor };
  /** What reads the outputs o(t) = h(t) V, [units, 2].*/
  readonly V: Tensor;
}

/**
 * The net of a Turing machine as a cell of the library, its weights and states rounded to floating point. It is the machine only as long as the
 * numbers hold a stack's digits: float64 has 53 bits, 26 digits in base 4.
 *
 * @param options.dtype float64 by default
 * @example
 * const { cell, params, initial, V } = turingCell(turingNetwork(palindromeChecker()));
 * // The input 11, and steps until the machine has halted, after 6 steps: 2 + 4 * 6 + 7.
 * const x = tensor(Array.from({ length: 33 }, (_, t) => (t < 2 ? [1, 1] : [0, 0])), "float64");
 * const { output } = unfold(cell, params, { x }, chain([33]), { initial });
 * sum(matmul(output, V), [0]) // [1, 1]: one bit was emitted, a 1
 */
export function turingCell(
  network: TuringNetwork,
  options?: { readonly dtype?: "float32" | "float64" },
): TuringCell {
  check("turingCell", "network", network, networkKind);
  const kinds = { dtype: optional(oneOf("float32", "float64")) };
  const { dtype = "float64" } = checkSettings("turingCell", options, kinds);
  const { U, W, b, V, initial } = network.weights;
  return {
    cell: rnn({ input: 2, hidden: b.length, activation: "saturated" }),
    params: { U: matrix(U, dtype), W: matrix(W, dtype), b: tensor(b.map(toNumber), dtype) },
    initial: { h: matrix([initial], dtype) },
    V: matrix(V, dtype),
  };
}

function matrix(rows: readonly (readonly Rational[])[], dtype: DType): Tensor {
  return tensor(
    rows.map((row) => row.map(toNumber)),
    dtype,
  );
}

const networkKind = kind(
  "a net, such as turingNetwork() gives",
  (value) => typeof value === "object" && value !== null && "weights" in value && "machine" in value,
);
