import type { ParamSpec } from "../../cell/index.js";
import { check, checkSettings, finitePositive, optional, size } from "../../check/index.js";
import { threefry2x32 } from "../../program/index.js";
import { fromArray, type Key } from "../../tensor/index.js";
import { specOf } from "./spec.js";

/**
 * Random orthogonal matrices, uniform over all of them (Haar): a product with one keeps every length, so a
 * linear network of any depth or length starts without vanishing or exploding signals.
 *
 *     W = gain Q,  Q' Q = 1 if rows >= columns, else Q Q' = 1
 *
 * Gates that are stored side by side, [rows, gates * columns], are each orthogonal by themselves and differ.
 *
 * Made on the CPU in float64 as a product of Householder reflections (Stewart 1980), which is the Q of the QR
 * decomposition of a Gaussian matrix at half its cost: 4/3 n^3 operations a gate, about a second for n =
 * 1024. A function of the key alone: every executor gets the same matrix.
 *
 * @param rows units that the matrix reads
 * @param columns units that one gate has
 * @param options.gates matrices side by side; 1 by default
 * @param options.gain every singular value; 1 by default
 * @throws RangeError if a size is not a positive integer or the gain not positive
 * @see Saxe, McClelland, Ganguli (2013), "Exact solutions to the nonlinear dynamics of learning in deep
 * linear neural networks"
 * @example orthogonal(4, 4, { gates: 4 }).shape // [ 4, 16 ]
 */
export function orthogonal(
  rows: number,
  columns: number,
  options?: { gates?: number; gain?: number },
): ParamSpec {
  check("orthogonal", "rows", rows, size);
  check("orthogonal", "columns", columns, size);
  const { gates = 1, gain = 1 } = checkSettings("orthogonal", options, kinds);
  return specOf("orthogonal", [rows, gates * columns], (key, shape, dtype) => {
    const values = new Float64Array(rows * gates * columns);
    key.split(gates).forEach((gateKey, gate) => {
      const tall = rows >= columns;
      const q = orthonormalVectors(gateKey, Math.max(rows, columns), Math.min(rows, columns));
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++)
          values[(r * gates + gate) * columns + c] = gain * (tall ? q[c]![r]! : q[r]![c]!);
    });
    return fromArray(values, shape, dtype);
  });
}

const kinds = { gates: optional(size), gain: optional(finitePositive) };

/**
 * `count` orthonormal vectors of `size` elements: the columns of H(1) H(2) ... H(count) D, where H(j)
 * reflects a Gaussian vector in the last size - j + 1 elements onto an axis and D holds the signs that make
 * R's diagonal positive.
 */
function orthonormalVectors(key: Key, size: number, count: number): Float64Array[] {
  const vectors = Array.from({ length: count }, (_, j) => {
    const e = new Float64Array(size);
    e[j] = 1;
    return e;
  });
  for (let j = count - 1; j >= 0; j--) {
    const reflector = gaussian(key.fold(j), size - j);
    let squares = 0;
    for (const x of reflector) squares += x * x;
    const sign = reflector[0]! < 0 ? -1 : 1;
    // The reflector v = x + sign |x| e maps x to -sign |x| e.
    reflector[0]! += sign * Math.sqrt(squares);
    const scale = 1 / (Math.sqrt(squares) * Math.abs(reflector[0]!));
    vectors[j]![j] = -sign;
    for (let c = j; c < count; c++) {
      const vector = vectors[c]!;
      let along = 0;
      for (let i = j; i < size; i++) along += reflector[i - j]! * vector[i]!;
      along *= scale;
      for (let i = j; i < size; i++) vector[i]! -= along * reflector[i - j]!;
    }
  }
  return vectors;
}

/** Standard normal numbers by the Box-Muller transform, on the CPU whatever the executor. */
function gaussian(key: Key, count: number): Float64Array {
  const words = new Int32Array(2);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    threefry2x32(key.words[0], key.words[1], 0, i, words, 0);
    // Centred in its cell of width 2^-32, so never 0.
    const radius = Math.sqrt(-2 * Math.log(((words[0]! >>> 0) + 0.5) / 2 ** 32));
    const angle = (2 * Math.PI * (words[1]! >>> 0)) / 2 ** 32;
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}
