import {
  type AddressPart,
  type AnyCell,
  addressAsBefore,
  addressByContent,
  addressByPlace,
  allocationWeights,
  chain,
  checkDerivatives,
  concat,
  cosineScores,
  eraseAndAdd,
  followLinks,
  gatedAddress,
  hessianVectorProduct,
  interpolate,
  Key,
  leaves,
  linearize,
  mul,
  namedCell,
  nextLinks,
  nextPrecedence,
  nextUsage,
  normal,
  onCpu,
  readRows,
  reshape,
  retainedUsage,
  rowMembers,
  sharpen,
  sharpenedAddress,
  shiftedAddress,
  shiftWeights,
  sigmoid,
  slice,
  softmax,
  sum,
  type Tensor,
  tanh,
  tensor,
  turingMemory,
  unfold,
  type Value,
  valueAndGrad,
  weightsOfScores,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { toldCell } from "./memory/told.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const [N, W, H] = [5, 3, 2];
const random = (seed: number, ...shape: number[]) => normal(Key.of(seed), shape, "float64");
/** A distribution over rows for each head. */
const weights = (seed: number, ...shape: number[]) => softmax(random(seed, ...shape));
const oneHot = (place: number) =>
  tensor([Array.from({ length: N }, (_, i) => (i === place ? 1 : 0))], "float64");

type Point = Readonly<Record<string, Value>>;
/** Parts of memories, each with points where its derivatives are looked at. */
const parts: Readonly<Record<string, { f: (p: never) => Value; at: Readonly<Record<string, Point>> }>> = {
  "content, through a softmax": {
    f: ({ k, M, beta }: { k: Value; M: Value; beta: Value }) =>
      weightsOfScores(cosineScores(k, M, beta), rowMembers),
    at: {
      "random values": { k: random(1, H, 1, W), M: random(2, N, W), beta: random(3, H, 1) },
    },
  },
  "content, with a row of zeros that stays": {
    f: ({ k, M, beta }: { k: Value; M: Value; beta: Value }) =>
      weightsOfScores(cosineScores(k, concat([zeros([1, W], "float64"), M], 0), beta), rowMembers),
    at: {
      "random values": { k: random(1, H, 1, W), M: random(2, N, W), beta: random(3, H, 1) },
    },
  },
  "content, with a key of zeros": {
    f: ({ M, beta }: { M: Value; beta: Value }) =>
      weightsOfScores(cosineScores(zeros([1, 1, W], "float64"), M, beta), rowMembers),
    at: { "random values": { M: random(2, N, W), beta: random(3, H, 1) } },
  },
  interpolate: {
    f: ({ w, p, g }: { w: Value; p: Value; g: Value }) => interpolate(w, p, g),
    at: {
      "random values": { w: weights(1, H, N), p: weights(2, H, N), g: random(3, H, 1) },
      "one-hot weights and a gate of 0": { w: oneHot(1), p: oneHot(2), g: tensor([[0]], "float64") },
    },
  },
  shiftWeights: {
    f: ({ w, s }: { w: Value; s: Value }) => shiftWeights(w, s),
    at: {
      "random values": { w: weights(1, H, N), s: weights(2, H, 3) },
      "one-hot weights": { w: oneHot(1), s: tensor([[0, 1, 0]], "float64") },
    },
  },
  sharpen: {
    f: ({ w, gamma }: { w: Value; gamma: Value }) => sharpen(w, gamma, rowMembers),
    at: {
      "random values": { w: weights(1, H, N), gamma: tensor([[1.5], [7]], "float64") },
      "one-hot weights": { w: oneHot(3), gamma: tensor([[6]], "float64") },
    },
  },
  readRows: {
    f: ({ w, M }: { w: Value; M: Value }) => readRows(w, M),
    at: {
      "random values": { w: weights(1, H, N), M: random(2, N, W) },
      "a memory of zeros": { w: oneHot(2), M: zeros([N, W], "float64") },
    },
  },
  eraseAndAdd: {
    f: ({ M, w, e, a }: { M: Value; w: Value; e: Value; a: Value }) => eraseAndAdd(M, w, e, a),
    at: {
      "random values": {
        M: random(1, N, W),
        w: weights(2, H, N),
        e: sigmoid(random(3, H, W)),
        a: random(4, H, W),
      },
      "a memory of zeros and one-hot weights": {
        M: zeros([N, W], "float64"),
        w: oneHot(0),
        e: tensor([[1, 1, 0]], "float64"),
        a: random(4, 1, W),
      },
    },
  },
  retainedUsage: {
    f: ({ f, w }: { f: Value; w: Value }) => retainedUsage(f, w),
    at: {
      "random values": { f: sigmoid(random(1, H)), w: weights(2, H, N) },
      "one-hot weights, freed wholly": { f: tensor([1], "float64"), w: oneHot(3) },
    },
  },
  nextUsage: {
    f: ({ u, w, psi }: { u: Value; w: Value; psi: Value }) => nextUsage(u, w, psi),
    at: {
      "random values": { u: sigmoid(random(1, N)), w: weights(2, 1, N), psi: sigmoid(random(3, N)) },
      "nothing in use": { u: zeros([N], "float64"), w: oneHot(0), psi: zeros([N], "float64") },
    },
  },
  allocationWeights: {
    f: ({ u }: { u: Value }) => allocationWeights(u),
    at: {
      "random usages": { u: sigmoid(random(1, 12)) },
      "usages of which one is 0 and one is 1": { u: tensor([0.3, 1, 0.7, 0, 0.2], "float64") },
    },
  },
  nextPrecedence: {
    f: ({ p, w }: { p: Value; w: Value }) => nextPrecedence(p, w),
    at: { "random values": { p: weights(1, N), w: weights(2, N) } },
  },
  nextLinks: {
    f: ({ L, p, w }: { L: Value; p: Value; w: Value }) => nextLinks(L, p, w),
    at: {
      "random values": { L: sigmoid(random(1, N, N)), p: weights(2, N), w: weights(3, N) },
      "no links": { L: zeros([N, N], "float64"), p: zeros([N], "float64"), w: weights(3, N) },
    },
  },
  followLinks: {
    f: ({ w, L }: { w: Value; L: Value }) => {
      const { forward, backward } = followLinks(w, L);
      return mul(tanh(forward), backward);
    },
    at: { "random values": { w: weights(1, H, N), L: sigmoid(random(2, N, N)) } },
  },
};

describe("derivatives of first and second order", () => {
  for (const [name, { f, at }] of Object.entries(parts))
    for (const [where, point] of Object.entries(at))
      test(`${name} at ${where}`, () => {
        const loss = (p: Point) => {
          const y = (f as (p: Point) => Value)(p);
          return sum(mul(tanh(y), random(50, ...y.shape)));
        };
        const { first, second } = checkDerivatives(loss as never, point as never, { second: true });
        expect(first).toBeLessThan(1e-6);
        expect(second).toBeLessThan(1e-6);
      });
});

test("nothing is NaN where a cosine has no derivative: rows and keys of zeros that are differentiated", () => {
  const f = ({ k, M }: { k: Value; M: Value }) =>
    sum(mul(weightsOfScores(cosineScores(k, M, tensor(2, "float64")), rowMembers), random(9, N)));
  const point = { k: zeros([W], "float64"), M: zeros([N, W], "float64") };
  const direction = { k: random(1, W), M: random(2, N, W) };
  const { value, grads } = valueAndGrad(f as never)(point as never);
  for (const v of leaves([
    value,
    grads,
    hessianVectorProduct(f as never)(point as never, direction as never),
  ]))
    for (const x of numbers(v as Value)) expect(Number.isFinite(x)).toBe(true);
});

/** The weights of two heads over some steps, beside what they begin from. */
function headsOf(address: readonly AddressPart[], memory: Tensor): { weights: number[]; read: number[] } {
  const made = turingMemory({ rows: N, width: W, address });
  const x = random(5, 4, made.emits);
  const { output, final } = unfold(toldCell(made as never), {}, { x }, chain([4]), { initial: { memory } });
  return { weights: [final.readWeights!, final.writeWeights!].flatMap(numbers), read: numbers(output) };
}

describe("parts of an addressing, alone and together", () => {
  const lists: Readonly<Record<string, readonly AddressPart[]>> = {
    "by place": [addressByPlace()],
    "by the past alone": [addressAsBefore()],
    "along the tape": [addressAsBefore(), shiftedAddress(1), sharpenedAddress()],
    "by place, between places": [addressByPlace(), gatedAddress(addressAsBefore())],
  };
  const overwritten = (seed: number) => mul(random(seed, 1, N, W), 3);
  for (const [name, address] of Object.entries(lists))
    test(`${name}: the weights have the same bits after M is overwritten, and what is read has not`, () => {
      const [a, b] = [headsOf(address, overwritten(1)), headsOf(address, overwritten(2))];
      expect(b.weights).toEqual(a.weights);
      expect(b.read).not.toEqual(a.read);
    });
  for (const [name, address] of Object.entries({
    "by content": [addressByContent()],
    "by content, by a gate": [addressByPlace(), gatedAddress(addressByContent())],
  }))
    test(`${name}: the weights follow M`, () => {
      const [a, b] = [headsOf(address, overwritten(1)), headsOf(address, overwritten(2))];
      expect(b.weights).not.toEqual(a.weights);
    });
  test("the four parts of a Turing machine are the default", () => {
    const memory = overwritten(1);
    const parts = [
      addressByContent(),
      gatedAddress(addressAsBefore()),
      shiftedAddress(1),
      sharpenedAddress(),
    ];
    const made = turingMemory({ rows: N, width: W });
    const x = random(5, 4, made.emits);
    const { output } = unfold(toldCell(made as never), {}, { x }, chain([4]), { initial: { memory } });
    expect(headsOf(parts, memory).read).toEqual(numbers(output));
  });
  test("lists that make no weights are errors that say so", () => {
    const make = (address: readonly AddressPart[], farthest?: number) => () =>
      turingMemory({ rows: N, width: W, address, ...(farthest === undefined ? {} : { farthest }) });
    expect(make([])).toThrow(
      "turingMemory: address is a list of parts of an addressing, such as [addressByContent(), sharpenedAddress()], got []",
    );
    expect(make([shiftedAddress(1)])).toThrow(
      "turingMemory: address begins with shiftedAddress, which works on the weights of the part before it; begin with addressByContent(), addressByPlace() or addressAsBefore()",
    );
    expect(make([addressByContent(), addressByPlace()])).toThrow(
      "turingMemory: address has addressByPlace after addressByContent, whose weights it would not look at; use gatedAddress(addressByPlace())",
    );
    expect(make([addressByContent()], 1)).toThrow(
      "turingMemory: farthest is 1, and address says itself how heads move; give shiftedAddress(1) in address alone",
    );
    expect(() => gatedAddress(sharpenedAddress())).toThrow(
      "gatedAddress: other is sharpenedAddress, which works on the weights of the part before it; it takes one that makes weights by itself, such as addressAsBefore()",
    );
  });
});

describe("how far the past reaches: dS(t+k)/dS(t) after k steps", () => {
  const k = 40;
  /** Singular values of the Jacobian of a slot's last value to its first, a row of it per unit of the last. */
  function singularValues(last: (first: Value) => Value, first: Tensor): number[] {
    const { value, pullback } = linearize(last, first);
    const n = value.size;
    const J = Array.from({ length: n }, (_, i) => {
      const unit = reshape(
        tensor(
          Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)),
          "float64",
        ),
        value.shape,
      );
      return numbers(pullback(unit) as Value);
    });
    // One-sided Jacobi rotations: rows become orthogonal, their lengths are the singular values.
    for (let sweep = 0; sweep < 30; sweep++)
      for (let p = 0; p < n; p++)
        for (let q = p + 1; q < n; q++) {
          const dots = (a: number[], b: number[]) => a.reduce((s, x, i) => s + x * b[i]!, 0);
          const [a, b] = [J[p]!, J[q]!];
          const [aa, bb, ab] = [dots(a, a), dots(b, b), dots(a, b)];
          if (Math.abs(ab) < 1e-300 || Math.abs(ab) <= 1e-16 * Math.sqrt(aa * bb)) continue;
          const zeta = (bb - aa) / (2 * ab);
          const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
          const c = 1 / Math.sqrt(1 + t * t);
          for (let i = 0; i < a.length; i++)
            [a[i], b[i]] = [c * (a[i]! - t * b[i]!), c * (b[i]! + t * a[i]!)];
        }
    return J.map((row) => Math.sqrt(row.reduce((s, x) => s + x * x, 0))).sort((a, b) => b - a);
  }

  test("cells of a memory that are not written to keep singular values of exactly 1", () => {
    // One head writes to the last row again and again; the rows before it are not touched, and nothing looks at what they hold.
    const memory = turingMemory({ rows: 4, width: 3, address: [addressAsBefore()] });
    const onLast = tensor([[[0, 0, 0, 1]]], "float64");
    const x = random(3, k, memory.emits);
    const first = random(4, 1, 4, 3);
    const values = singularValues((M) => {
      const initial = { memory: M, writeWeights: onLast, readWeights: onLast };
      const { final } = unfold(toldCell(memory as never), {}, { x }, chain([k]), { initial });
      return slice(final.memory!, 1, 0, 3);
    }, first);
    expect(values).toEqual(new Array(9).fill(1));
  });

  test("an LSTM and an RNN, as they start, forget: their largest is far below", () => {
    const x = random(3, k, 3);
    const largest = (cell: AnyCell, slot: string) =>
      singularValues(
        (h) =>
          unfold(cell, cell.init(Key.of(1), "float64") as never, { x }, chain([k]), {
            initial: { [slot]: h },
          }).final[slot]!,
        random(4, 1, 12),
      )[0]!;
    expect(largest(namedCell("rnn", { input: 3, hidden: 12 }), "h")).toBeLessThan(0.1);
    expect(largest(namedCell("lstm", { input: 3, hidden: 12 }), "s")).toBeLessThan(0.1);
  });
});
