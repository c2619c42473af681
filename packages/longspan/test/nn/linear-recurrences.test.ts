import { chain, Key, linearRecurrentUnit, mingru, minlstm, relu, unfold, type Value } from "longspan";
import { expect, test } from "vitest";
import { difference, normals, numbers, product, randomLike, rows, sigmoid, type Vector } from "./plain.js";

const sizes = { input: 3, hidden: 4 };
const units = [0, 1, 2, 3];
const lengths = [5, 2];
const structure = chain(lengths);
const x = normals(Key.of(1), 7, sizes.input);

/** Outputs of a cell, sequence after sequence. */
function outputsOf(cell: Parameters<typeof unfold>[0], params: object): Vector {
  const { output } = unfold(cell, params as never, { x: structure.pack(x) } as never, structure);
  return numbers(structure.unpack(output as Value));
}

/** What a step gives from the state before, for each sequence from zeros on; outputs one after the other. */
function stepByStep<S>(start: S, step: (at: Vector, state: S) => { state: S; output: Vector }): Vector {
  const inputs = rows(x);
  let at = 0;
  return lengths.flatMap((length) => {
    let state = start;
    return Array.from({ length }, () => {
      const made = step(inputs[at++]!, state);
      state = made.state;
      return made.output;
    }).flat();
  });
}

const squashes = [
  ["as it is", undefined, (v: number) => v],
  ["squashed", relu, (v: number) => Math.max(v, 0)],
] as const;

test.each(squashes)("minGRU: (1 - z) h + z h~, the candidate %s", (_, squash, plain) => {
  const cell = mingru({ ...sizes, ...(squash && { squash }) });
  const params = randomLike(cell.init(Key.of(2), "float64"), Key.of(3));
  const [U, b] = [rows(params.U), numbers(params.b)];
  const expected = stepByStep([0, 0, 0, 0], (at, h) => {
    const next = units.map((j) => {
      const z = sigmoid(b[j]! + product(at, U, j));
      return (1 - z) * h[j]! + z * plain(b[4 + j]! + product(at, U, 4 + j));
    });
    return { state: next, output: next };
  });
  expect(difference(outputsOf(cell, params), expected)).toBeLessThan(1e-14);
});

test("minLSTM: f' h + i' h~, with f' and i' the shares of f and i in their sum", () => {
  const cell = minlstm(sizes);
  const params = randomLike(cell.init(Key.of(2), "float64"), Key.of(3));
  const [U, b] = [rows(params.U), numbers(params.b)];
  const expected = stepByStep([0, 0, 0, 0], (at, h) => {
    const next = units.map((j) => {
      const [f, i] = [0, 4].map((gate) => sigmoid(b[gate + j]! + product(at, U, gate + j))) as [
        number,
        number,
      ];
      return (f / (f + i)) * h[j]! + (i / (f + i)) * (b[8 + j]! + product(at, U, 8 + j));
    });
    return { state: next, output: next };
  });
  expect(difference(outputsOf(cell, params), expected)).toBeLessThan(1e-13);
});

test("the linear recurrent unit turns and shrinks a complex number: powers of lambda", () => {
  const cell = linearRecurrentUnit(sizes);
  const params = randomLike(cell.init(Key.of(2), "float64"), Key.of(3));
  const [nu, theta] = [numbers(params.nu), numbers(params.theta)];
  const [B, C, D] = [rows(params.B), rows(params.C), rows(params.D)];
  // By its definition as a sum: s(t) = sum over k of |lambda|^k e^(i k angle) sqrt(1 - |lambda|^2) B x(t - k).
  const expected = stepByStep<Vector[]>([], (at, before) => {
    const seen = [at, ...before];
    const state = units.map((j) => {
      const [length, angle] = [Math.exp(-Math.exp(nu[j]!)), Math.exp(theta[j]!)];
      const size = Math.sqrt(1 - length ** 2);
      let [re, im] = [0, 0];
      for (const [k, input] of seen.entries()) {
        const [putRe, putIm] = [size * product(input, B, j), size * product(input, B, 4 + j)];
        const [cos, sin] = [length ** k * Math.cos(k * angle), length ** k * Math.sin(k * angle)];
        re += cos * putRe - sin * putIm;
        im += sin * putRe + cos * putIm;
      }
      return [re, im] as const;
    });
    const both = [...state.map(([re]) => re), ...state.map(([, im]) => im)];
    return { state: seen, output: units.map((j) => product(both, C, j) + product(at, D, j)) };
  });
  expect(difference(outputsOf(cell, params), expected)).toBeLessThan(1e-13);
});

test("lambda starts on the ring that is asked for", () => {
  const cell = linearRecurrentUnit({ input: 1, hidden: 500, smallest: 0.5, largest: 0.9, widest: 1 });
  const { nu, theta } = cell.init(Key.of(4), "float64");
  const lengths = numbers(nu).map((v) => Math.exp(-Math.exp(v)));
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(0.5);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(0.9);
  // Uniform on the ring: half of it lies beyond the square root of (.25 + .81) / 2; within four standard deviations of the share.
  const beyond = lengths.filter((v) => v ** 2 > 0.53).length / 500;
  expect(Math.abs(beyond - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 500));
  for (const v of numbers(theta)) expect(Math.exp(v)).toBeLessThanOrEqual(1);
});
