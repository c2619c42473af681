import {
  bernoulliCrossEntropyMean,
  bernoulliCrossEntropySum,
  checkDerivatives,
  crossEntropyMean,
  crossEntropyPerRow,
  crossEntropySum,
  equal,
  fromArray,
  grad,
  hessianVectorProduct,
  iota,
  jvp,
  Key,
  logSumExp,
  meanSquaredErrorMean,
  meanSquaredErrorSum,
  natsToBits,
  perplexity,
  reshape,
  sub,
  sum,
  type Tensor,
  tensor,
  type Value,
  valueAndGrad,
  where,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, rows, sigmoid } from "./plain.js";

const item = (v: Value) => numbers(v)[0]!;

describe("cross-entropy", () => {
  const logits = normals(Key.of(1), 5, 4);
  const targets = tensor([3, 0, 1, 1, 2], "int32");
  const plain = rows(logits).map((row, t) => {
    const total = row.reduce((s, v) => s + Math.exp(v), 0);
    return -Math.log(Math.exp(row[numbers(targets)[t]!]!) / total);
  });
  const total = plain.reduce((s, v) => s + v, 0);

  test("per row, sum and mean", () => {
    expect(difference(numbers(crossEntropyPerRow(logits, targets)), plain)).toBeLessThan(1e-14);
    expect(item(crossEntropySum(logits, targets))).toBeCloseTo(total, 12);
    expect(item(crossEntropyMean(logits, targets))).toBeCloseTo(total / 5, 12);
  });

  test("one row, as inside a cell", () => {
    const row = tensor(rows(logits)[0]!, "float64");
    expect(item(crossEntropySum(row, tensor(3, "int32")))).toBeCloseTo(plain[0]!, 12);
  });

  test("the gradient is softmax - one-hot", () => {
    const { grads } = valueAndGrad(crossEntropySum)(logits, targets);
    const expected = rows(logits).flatMap((row, t) => {
      const sum = row.reduce((s, v) => s + Math.exp(v), 0);
      return row.map((v, c) => Math.exp(v) / sum - (c === numbers(targets)[t] ? 1 : 0));
    });
    expect(difference(numbers(grads), expected)).toBeLessThan(1e-14);
  });

  test("first and second derivatives", () => {
    const { first, second } = checkDerivatives((o: Value) => crossEntropyMean(o, targets), logits, {
      second: true,
    });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-7);
  });

  test("huge logits do not overflow", () => {
    const wild = tensor([[1e4, -1e4, 0]]);
    expect(item(crossEntropySum(wild, tensor([0], "int32")))).toBe(0);
    expect(item(crossEntropySum(wild, tensor([1], "int32")))).toBe(2e4);
  });

  test("errors", () => {
    expect(() =>
      crossEntropySum(logits, tensor([0, 1, 4, 0, 0], "int32")),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: crossEntropySum: target 4 at row 2 lies outside 0..3: the logits have 4 classes]`,
    );
    expect(() => crossEntropySum(logits, tensor([0, 1, -1, 0, 0], "int32"))).toThrow(RangeError);
    expect(() => crossEntropySum(logits, tensor([0, 1], "int32"))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropySum: logits are [5, 4] and targets [2], expected [n, classes] and [n]]`,
    );
    expect(() => crossEntropySum(logits, tensor([0, 1, 2, 0, 0]))).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: crossEntropySum: targets are class numbers, int32, got float32]`,
    );
    expect(() => crossEntropyMean(zeros([0, 4]), tensor([], "int32"))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: crossEntropyMean: the mean over no rows; is the batch empty?]`,
    );
    expect(item(crossEntropySum(zeros([0, 4]), tensor([], "int32")))).toBe(0);
  });
});

describe("cross-entropy over a large vocabulary", () => {
  const [n, classes] = [6, 300];
  /** The ops of the loss one by one, each with its result in memory. */
  const plain = (o: Value, y: Value) => {
    const isTarget = equal(iota([classes]), reshape(y, [n, 1]));
    return sum(sub(logSumExp(o), sum(where(isTarget, o, 0), -1)));
  };
  const [o, v, w] = [4, 5, 6].map((seed) => normals(Key.of(seed), n, classes)) as [Tensor, Tensor, Tensor];
  const y = fromArray(
    Int32Array.from({ length: n }, (_, i) => (i * 97) % classes),
    [n],
    "int32",
  );
  type Loss = (o: Value, y: Value) => Value;
  const third = (loss: Loss) =>
    jvp((at: Value) => hessianVectorProduct(loss)(at as Tensor, v, y) as Value)(o, w).tangent;

  test("value and derivatives to third order are those of its ops one by one", () => {
    const loss: Loss = (at, of) => crossEntropySum(at, of);
    expect(Math.abs(item(loss(o, y)) - item(plain(o, y)))).toBeLessThan(1e-10);
    expect(difference(numbers(grad(loss)(o, y)), numbers(grad(plain)(o, y)))).toBeLessThan(1e-14);
    expect(
      difference(numbers(hessianVectorProduct(loss)(o, v, y)), numbers(hessianVectorProduct(plain)(o, v, y))),
    ).toBeLessThan(1e-14);
    expect(difference(numbers(third(loss)), numbers(third(plain)))).toBeLessThan(1e-14);
  });

  test("a class whose logit is -Infinity has no share and no gradient", () => {
    const o = tensor([[0, Number.NEGATIVE_INFINITY, 0]], "float64");
    const { value, grads } = valueAndGrad(crossEntropySum)(o, tensor([0], "int32"));
    expect(item(value)).toBeCloseTo(Math.LN2, 14);
    expect(numbers(grads)).toEqual([-0.5, 0, 0.5]);
  });
});

describe("squared error", () => {
  const outputs = tensor(
    [
      [1, 3],
      [0, 2],
    ],
    "float64",
  );
  const targets = tensor(
    [
      [0, 0],
      [0, 0],
    ],
    "float64",
  );

  test("sum over rows of the mean over features; mean over both", () => {
    expect(item(meanSquaredErrorSum(outputs, targets))).toBe(7);
    expect(item(meanSquaredErrorMean(outputs, targets))).toBe(3.5);
    expect(item(meanSquaredErrorSum(tensor([1, 2]), tensor([0, 0])))).toBe(5);
    expect(item(meanSquaredErrorMean(tensor([1, 2]), tensor([0, 0])))).toBe(2.5);
  });

  test("derivatives and errors", () => {
    const { first, second } = checkDerivatives((o: Value) => meanSquaredErrorMean(o, targets), outputs, {
      second: true,
    });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-8);
    expect(() => meanSquaredErrorSum(outputs, tensor([0, 0]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: meanSquaredErrorSum: outputs are [2, 2] and targets [2], expected [n, ...features] twice]`,
    );
  });
});

describe("Bernoulli cross-entropy", () => {
  const logits = normals(Key.of(1), 3, 4);
  const targets = tensor(
    [
      [1, 0, 0, 1],
      [0, 0, 0.5, 1],
      [1, 1, 1, 0],
    ],
    "float64",
  );

  test("against the definition", () => {
    const y = numbers(targets);
    const plain = numbers(logits).reduce(
      (s, o, i) => s - y[i]! * Math.log(sigmoid(o)) - (1 - y[i]!) * Math.log(1 - sigmoid(o)),
      0,
    );
    expect(item(bernoulliCrossEntropySum(logits, targets))).toBeCloseTo(plain, 12);
    expect(item(bernoulliCrossEntropyMean(logits, targets))).toBeCloseTo(plain / 3, 12);
  });

  test("at o = 0 the slope is 1/2 - y and the curvature 1/4", () => {
    const f = (o: Value) => bernoulliCrossEntropySum(o, tensor([[0, 1]], "float64"));
    const at = tensor([[0, 0]], "float64");
    expect(numbers(valueAndGrad(f)(at).grads)).toEqual([0.5, -0.5]);
    expect(numbers(hessianVectorProduct(f)(at, tensor([[1, 2]], "float64")))).toEqual([0.25, 0.5]);
  });

  test("huge logits", () => {
    const wild = tensor([[1e4, -1e4]]);
    expect(item(bernoulliCrossEntropySum(wild, tensor([[1, 0]])))).toBe(0);
    expect(item(bernoulliCrossEntropySum(wild, tensor([[0, 1]])))).toBe(2e4);
    const f = (o: Value) => bernoulliCrossEntropySum(o, tensor([[0, 1]]));
    expect(numbers(valueAndGrad(f)(wild).grads)).toEqual([1, -1]);
  });

  test("first and second derivatives; errors", () => {
    const f = (o: Value) => bernoulliCrossEntropyMean(o, targets);
    const { first, second } = checkDerivatives(f, logits, { second: true });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-7);
    expect(() => bernoulliCrossEntropySum(logits, tensor([1]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: bernoulliCrossEntropySum: logits are [3, 4] and targets [1], expected [n, ...features] twice]`,
    );
  });
});

test("units", () => {
  expect(natsToBits(Math.log(8))).toBeCloseTo(3, 12);
  expect(perplexity(Math.log(50))).toBeCloseTo(50, 10);
});
