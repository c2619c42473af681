import {
  type Addressing,
  type AddressingSpecs,
  add,
  additiveAddressing,
  additiveScores,
  chain,
  checkDerivatives,
  concat,
  cosineAddressing,
  cosineScores,
  defineCell,
  dotAddressing,
  dotScores,
  fromArray,
  glorot,
  grad,
  hessianVectorProduct,
  Key,
  leaves,
  logWeightsOfScores,
  matmul,
  moveWindow,
  mul,
  multiplicativeAddressing,
  multiplicativeScores,
  reshape,
  rowMembers,
  type Shapes,
  type Structure,
  scaledDotScores,
  scope,
  setMembers,
  sharpen,
  sum,
  tanh,
  tensor,
  unfold,
  type Value,
  valueAndGrad,
  weightsOfScores,
  windowAddressing,
  windowWeights,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

const rows = (list: number[][]) => tensor(list, "float64");
const row = (list: number[]) => tensor(list, "float64");
const close = (actual: Value, expected: number[]) =>
  expect(difference(numbers(actual), expected)).toBeLessThan(1e-14);

describe("scores of the rows of a matrix, by hand", () => {
  const keys = rows([
    [1, 0],
    [3, 4],
    [0, 0],
  ]);
  test("inner products, scaled ones, and by way of a matrix", () => {
    close(dotScores(row([1, 2]), keys), [1, 11, 0]);
    close(scaledDotScores(row([1, 2]), keys), [1 / Math.SQRT2, 11 / Math.SQRT2, 0]);
    close(multiplicativeScores(row([2]), keys, { W: rows([[1], [10]]) }), [2, 86, 0]);
  });
  test("a small net", () => {
    const params = {
      W: rows([[1, -1]]),
      U: rows([
        [0.5, 0],
        [0, 0.25],
      ]),
      v: row([2, 3]),
    };
    const score = (a: number, b: number) => 2 * Math.tanh(a) + 3 * Math.tanh(b);
    close(additiveScores(row([0.5]), keys, params), [score(1, -0.5), score(2, 0.5), score(0.5, -0.5)]);
  });
  test("cosines: a row of zeros has none, and gives no NaN to derivatives", () => {
    close(cosineScores(row([4, 3]), keys, tensor(10, "float64")), [8, 9.6, 0]);
    const of = (p: { q: Value; k: Value }) => sum(cosineScores(p.q, p.k, tensor(1, "float64")));
    for (const q of [row([4, 3]), row([0, 0])])
      for (const v of leaves(grad(of)({ q, k: keys }))) expect(numbers(v).every(Number.isFinite)).toBe(true);
  });
  test("several queries at once", () => {
    const queries = fromArray([1, 0, 0, 1], [2, 1, 2], "float64");
    close(dotScores(queries, keys), [1, 3, 0, 0, 4, 0]);
    close(rowMembers.weightedSum(weightsOfScores(dotScores(queries, keys), rowMembers), keys), [
      ...numbers(matmul(weightsOfScores(row([1, 3, 0]), rowMembers), keys)),
      ...numbers(matmul(weightsOfScores(row([0, 4, 0]), rowMembers), keys)),
    ]);
  });
});

describe("weights", () => {
  const scores = row([0, Math.log(3), 7]);
  const mask = (...list: number[]) => tensor(list, "int32");
  test("are a softmax over the members that count", () => {
    close(weightsOfScores(scores, rowMembers, mask(1, 1, 0)), [0.25, 0.75, 0]);
    const logs = numbers(logWeightsOfScores(scores, rowMembers, mask(1, 1, 0)));
    expect(difference(logs.slice(0, 2), [Math.log(0.25), Math.log(0.75)])).toBeLessThan(1e-15);
    expect(logs[2]).toBe(Number.NEGATIVE_INFINITY);
    close(logWeightsOfScores(row([1000, 0]), rowMembers), [0, -1000]);
  });
  test("are zeros where nothing counts, with derivatives of zero", () => {
    const none = mask(0, 0, 0);
    const f = (s: Value) => weightsOfScores(s, rowMembers, none);
    expect(numbers(f(scores))).toEqual([0, 0, 0]);
    expect(numbers(grad((s: Value) => sum(mul(f(s), row([1, 2, 3]))))(scores))).toEqual([0, 0, 0]);
    expect(numbers(logWeightsOfScores(scores, rowMembers, none))).toEqual(new Array(3).fill(-Infinity));
  });
  test("of members that do not count take no part, however large their scores", () => {
    for (const score of [1e308, -1e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      const wild = row([0, Math.log(3), score]);
      close(weightsOfScores(wild, rowMembers, mask(1, 1, 0)), [0.25, 0.75, 0]);
      const g = grad((s: Value) => sum(mul(weightsOfScores(s, rowMembers, mask(1, 1, 0)), row([1, 2, 3]))))(
        wild,
      );
      close(g, [-0.1875, 0.1875, 0]);
    }
  });
  test("grow sharper by a power", () => {
    close(sharpen(row([0.2, 0.4, 0]), tensor(2, "float64"), rowMembers), [0.2, 0.8, 0]);
    close(sharpen(row([0.2, 0.3, 0.5]), tensor(1, "float64"), rowMembers), [0.2, 0.3, 0.5]);
    close(sharpen(row([0.2, 0.3, 0.5]), tensor(1e6, "float64"), rowMembers), [0, 0, 1]);
    close(sharpen(row([0, 0]), tensor(2, "float64"), rowMembers), [0, 0]);
    const of = (p: { w: Value; gamma: Value }) =>
      sum(mul(sharpen(p.w, p.gamma, rowMembers), row([1, 2, 3, 4])));
    const grads = grad(of)({ w: row([0.2, 0.3, 0, 0.5]), gamma: tensor(1.5, "float64") });
    expect(numbers(grads.w)[2]).toBe(0);
    expect(numbers(grads.gamma).every(Number.isFinite)).toBe(true);
    const check = checkDerivatives(of, { w: row([0.2, 0.3, 0.4, 0.5]), gamma: tensor(1.5, "float64") });
    expect(check.first).toBeLessThan(1e-7);
  });
});

describe("the window", () => {
  test("weighs by place, the first member at 1", () => {
    const window = { alpha: row([1, 2]), beta: row([Math.LN2, 1]), kappa: row([2, 0]) };
    close(windowWeights(window, zeros([3, 5], "float64"), rowMembers), [
      0.5 + 2 * Math.exp(-1),
      1 + 2 * Math.exp(-4),
      0.5 + 2 * Math.exp(-9),
    ]);
  });
  test("moves forward only", () => {
    close(moveWindow(row([0, 2, 3]), row([0, Math.log(0.5), -800])), [1, 2.5, 3]);
  });
  test("starts with the step that was asked for", () => {
    const window = windowAddressing({ components: 2, step: 0.05 });
    expect(window.state).toEqual({ kappa: [2] });
    const { P, p } = window.specs({ query: 3, key: 4 });
    const values = {
      P: P.initialise(Key.of(1), P.shape, "float64"),
      p: p.initialise(Key.of(2), p.shape, "float64"),
    };
    const keys = zeros([2, 4], "float64");
    const { state } = window.address({
      query: row([0, 0, 0]),
      keys,
      params: values,
      state: { kappa: row([0, 0]) },
      members: rowMembers,
    });
    close(state.kappa, [0.05, 0.05]);
  });
});

const [features, hidden] = [3, 3];
const addressings: readonly Addressing<AddressingSpecs, Shapes>[] = [
  dotAddressing(),
  dotAddressing({ scaled: true }),
  multiplicativeAddressing(),
  additiveAddressing({ size: 4 }),
  cosineAddressing(),
  windowAddressing({ components: 2, step: 0.5 }),
] as never;

/** A cell that attends over a set, and one that keeps as many members as rows of its state. */
function cells(addressing: Addressing<AddressingSpecs, Shapes>, members: number) {
  const params = () => ({
    U: glorot(2, hidden),
    R: glorot(hidden + features, hidden),
    address: addressing.specs({ query: hidden, key: features }),
  });
  const next = (x: Value, h: Value, read: Value, U: Value, R: Value) =>
    tanh(add(matmul(x, U), matmul(concat([h, read]), R)));
  const overSet = defineCell({
    name: `${addressing.name}OverSet`,
    inputs: () => ({ x: [2] }),
    sets: () => ({ source: { k: [features] } }),
    state: (): Shapes => ({ h: [hidden], ...addressing.state }),
    params,
    step({ x, source, h, ...state }, { U, R, address }) {
      const { weights, state: kept } = addressing.address({
        query: h!,
        keys: source.k,
        params: address,
        state: state as never,
        members: setMembers,
      });
      const to = next(x, h!, setMembers.weightedSum(weights, source.k), U, R);
      return { state: { h: to, ...kept }, output: to };
    },
  })(undefined);
  const overRows = defineCell({
    name: `${addressing.name}OverRows`,
    inputs: () => ({ x: [2] }),
    sequenceInputs: () => ({ memory: [members, features] }),
    state: (): Shapes => ({ h: [hidden], ...addressing.state }),
    params,
    step({ x, memory, h, ...state }, { U, R, address }) {
      const { weights, state: kept } = addressing.address({
        query: h!,
        keys: memory,
        params: address,
        state: state as never,
        members: rowMembers,
      });
      const to = next(x, h!, rowMembers.weightedSum(weights, memory), U, R);
      return { state: { h: to, ...kept }, output: to };
    },
  })(undefined);
  return { overSet, overRows };
}

const totalOf = (output: Value) => sum(mul(tanh(output), normals(Key.of(9), ...output.shape)));

describe.each(addressings.map((a, i) => [`${a.name} ${i}`, a] as const))("%s", (_, addressing) => {
  test("over sets of 0 to 4 members: compiled is the plain loop in value, gradient and Hessian-vector product", () => {
    scope(() => {
      const { overSet } = cells(addressing, 1);
      const structure = chain([3, 2, 0, 4, 1]).withSets({ source: [2, 1, 3, 0, 4] });
      const point = {
        params: randomLike(overSet.init(Key.of(1), "float64"), Key.of(2), 0.5),
        x: normals(Key.of(3), structure.nodes, 2),
        k: normals(Key.of(4), 10, features),
      };
      const loss = (loop: "plain" | "compiled") => (p: typeof point) =>
        totalOf(
          unfold(overSet, p.params, { x: p.x, source: { k: p.k } } as never, structure, { loop })
            .output as Value,
        );
      const direction = randomLike(point, Key.of(5), 1);
      const [plain, compiled] = (["plain", "compiled"] as const).map((loop) => [
        ...leaves(valueAndGrad(loss(loop))(point)).flatMap(numbers),
        ...leaves(hessianVectorProduct(loss(loop))(point as never, direction as never)).flatMap(numbers),
      ]);
      expect(difference(compiled!, plain!)).toBeLessThan(1e-12);
      expect(checkDerivatives(loss("compiled") as never, point as never).first).toBeLessThan(1e-6);
    });
  });
  test("the members of a set and the rows of a matrix are one and the same", () => {
    scope(() => {
      const members = 3;
      const { overSet, overRows } = cells(addressing, members);
      const structure = chain([3, 2]);
      const params = randomLike(overSet.init(Key.of(1), "float64"), Key.of(2), 0.5);
      const x = normals(Key.of(3), structure.nodes, 2);
      const k = normals(Key.of(4), 2 * members, features);
      const run = (cell: unknown, inputs: object, over: Structure) => {
        const f = (p: { params: typeof params; k: Value }) => {
          const given =
            "source" in inputs
              ? { x, source: { k: p.k } }
              : { x, memory: reshape(p.k, [2, members, features]) };
          return totalOf(unfold(cell as never, p.params as never, given as never, over).output as Value);
        };
        return leaves(valueAndGrad(f)({ params, k })).flatMap(numbers);
      };
      const set = run(overSet, { source: true }, structure.withSets({ source: [members, members] }));
      expect(difference(run(overRows, {}, structure), set)).toBeLessThan(1e-12);
    });
  });
});

test("addressings by comparison refuse queries and keys of different widths", () => {
  expect(() => dotAddressing().specs({ query: 3, key: 4 })).toThrow(
    "dotAddressing: queries have 3 features and keys 4, and it compares them one by one; make them of one width, or use multiplicativeAddressing() or additiveAddressing({ size })",
  );
  expect(() => cosineAddressing().specs({ query: 3, key: 4 })).toThrow("cosineAddressing: queries have 3");
});
