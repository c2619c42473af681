import {
  addReadoutRows,
  chooseRidge,
  fromArray,
  linear,
  mergeReadoutSums,
  onCpu,
  type ReadoutMethod,
  readoutError,
  readoutSums,
  recursiveLeastSquares,
  ridgeReadout,
  solveReadout,
  type Tensor,
} from "longspan";
import { describe, expect, test } from "vitest";
import { distance, gaussian } from "../../linear-algebra/matrices.js";

const methods: readonly ReadoutMethod[] = ["orthogonal", "products"];
const numbers = (t: Tensor) => onCpu(t).toArray();
const [features, outputs, count] = [20, 2, 300];

/** Rows whose features are mixed, with means, and targets that no readout fits. */
const X = (() => {
  const [free, mix] = [gaussian(1, count * features), gaussian(2, features * features)];
  return Float64Array.from({ length: count * features }, (_, at) => {
    const [i, j] = [Math.floor(at / features), at % features];
    let x = 3 + j;
    for (let k = 0; k < features; k++) x += free[i * features + k]! * mix[k * features + j]!;
    return x;
  });
})();
const Y = gaussian(3, count * outputs).map((x, i) => x + 10 + X[Math.floor(i / outputs) * features]!);
const part = (from: number, to: number) =>
  [
    fromArray(X.subarray(from * features, to * features), [to - from, features], "float64"),
    fromArray(Y.subarray(from * outputs, to * outputs), [to - from, outputs], "float64"),
  ] as const;

/** The slopes of the regularised error in W and in b, by plain loops: zero at the solution and nowhere else. */
function slopes(W: ArrayLike<number>, b: ArrayLike<number>, ridge: number, weight = (_: number) => 1) {
  const inW = Float64Array.from(W, (w) => ridge * w);
  const inB = new Float64Array(outputs);
  for (let i = 0; i < count; i++)
    for (let q = 0; q < outputs; q++) {
      let error = b[q]! - Y[i * outputs + q]!;
      for (let j = 0; j < features; j++) error += X[i * features + j]! * W[j * outputs + q]!;
      error *= weight(i);
      inB[q]! += error;
      for (let j = 0; j < features; j++) inW[j * outputs + q]! += X[i * features + j]! * error;
    }
  return { inW, inB };
}
const largest = (a: Float64Array) => Math.max(...a.map(Math.abs));

describe("ridge regression in closed form", () => {
  for (const method of methods)
    for (const ridge of [0, 0.5, 100])
      test(`${method}, ridge ${ridge}: no slope is left in W, nor in b`, () => {
        const { W, b } = ridgeReadout(...part(0, count), { ridge, method });
        expect([W.dtype, W.shape, b.shape]).toEqual(["float64", [features, outputs], [outputs]]);
        const { inW, inB } = slopes(numbers(W), numbers(b), ridge);
        expect(largest(inW)).toBeLessThan(1e-8);
        expect(largest(inB)).toBeLessThan(1e-9);
      });

  for (const method of methods)
    test(`${method}, without bias: b is zero, and no slope is left in W`, () => {
      const { W, b } = ridgeReadout(...part(0, count), { ridge: 2, method, bias: false });
      expect([...numbers(b)]).toEqual([0, 0]);
      expect(largest(slopes(numbers(W), [0, 0], 2).inW)).toBeLessThan(1e-8);
    });

  test("it is parameters of linear, in float32 where asked for; float32 rows are computed in float64", () => {
    const [states, targets] = [fromArray([0, 1, 2, 3], [4, 1]), fromArray([1, 3, 5, 7], [4, 1])];
    const readout = ridgeReadout(states, targets, { dtype: "float32" });
    expect(numbers(readout.W)[0]).toBeCloseTo(2, 6);
    const y = linear({ input: 1, output: 1 }).apply(readout, states);
    expect(distance(onCpu(y).toArray(), [1, 3, 5, 7])).toBeLessThan(1e-6);
  });
});

describe("one pass over parts", () => {
  const splits: Readonly<Record<string, readonly number[]>> = {
    "two halves": [150],
    "single rows": Array.from({ length: count - 1 }, (_, i) => i + 1),
    "a few rows first": [3, 7, 299],
    "unequal parts": [1, 100, 101, 250],
  };
  for (const method of methods)
    for (const [name, cuts] of Object.entries(splits))
      for (const merged of [false, true])
        test(`${method}, ${name}, ${merged ? "summed apart and merged" : "one after the other"}: the closed form to 1e-10`, () => {
          const whole = solveReadout(
            addReadoutRows(readoutSums({ features, outputs, method }), ...part(0, count)),
            { ridge: 1e-3 },
          );
          const none = readoutSums({ features, outputs, method });
          let sums = none;
          [...cuts, count].forEach((to, k) => {
            const rows = part(k === 0 ? 0 : cuts[k - 1]!, to);
            sums = merged
              ? mergeReadoutSums(sums, addReadoutRows(none, ...rows))
              : addReadoutRows(sums, ...rows);
          });
          expect(sums.rows).toBe(count);
          const { W, b } = solveReadout(sums, { ridge: 1e-3 });
          expect(distance(numbers(W), numbers(whole.W))).toBeLessThan(1e-10);
          expect(distance(numbers(b), numbers(whole.b))).toBeLessThan(1e-10);
        });

  for (const method of methods)
    test(`${method}: more rows than are summed at once, in parts or whole`, () => {
      const [many, few] = [2600, 3];
      const x = fromArray(gaussian(8, many * few), [many, few], "float64");
      const y = fromArray(gaussian(9, many), [many, 1], "float64");
      const whole = ridgeReadout(x, y, { method });
      const none = readoutSums({ features: few, outputs: 1, method });
      const cut = (from: number, rows: number) =>
        [x.view([rows, few], from * few), y.view([rows, 1], from)] as const;
      const sums = addReadoutRows(addReadoutRows(none, ...cut(0, 1100)), ...cut(1100, 1500));
      expect(distance(numbers(solveReadout(sums).W), numbers(whole.W))).toBeLessThan(1e-14);
    });

  test("sums are plain data: a copy that went to another process is as good", () => {
    for (const method of methods) {
      const sums = addReadoutRows(readoutSums({ features, outputs, method }), ...part(0, count));
      expect(numbers(solveReadout(structuredClone(sums)).W)).toEqual(numbers(solveReadout(sums).W));
    }
  });
});

test("what squaring loses: at a condition number of 1e9, orthogonal sums find the weights and products refuse", () => {
  const rows = gaussian(5, 100 * 3);
  for (let i = 0; i < 100; i++) rows[i * 3 + 2] = rows[i * 3]! + 1e-9 * rows[i * 3 + 2]!;
  const states = fromArray(rows, [100, 3], "float64");
  const targets = fromArray(
    Array.from({ length: 100 }, (_, i) => rows[i * 3]! - rows[i * 3 + 1]! + 2 * rows[i * 3 + 2]!),
    [100, 1],
    "float64",
  );
  expect(distance(numbers(ridgeReadout(states, targets).W), [1, -1, 2])).toBeLessThan(1e-5);
  expect(() => ridgeReadout(states, targets, { method: "products" })).toThrow(
    'ridgeReadout: over the 100 rows, feature 2 of 3 is constant or a linear combination of those before it, to rounding, and no ridge parts them; give one, such as { ridge: 1e-6 }, or sums with { method: "orthogonal" }, which lose fewer digits',
  );
});

describe("the error over the rows of sums", () => {
  for (const method of methods)
    test(`${method}: the mean of the squared errors, of any readout`, () => {
      const [states, targets] = part(100, count);
      const sums = addReadoutRows(readoutSums({ features, outputs, method }), states, targets);
      const readout = ridgeReadout(...part(0, 100), { ridge: 1 });
      const y = onCpu(linear({ input: features, output: outputs }).apply(readout, states)).toArray();
      const plain = new Float64Array(outputs);
      const truth = numbers(targets);
      y.forEach((x, i) => {
        plain[i % outputs]! += (x - truth[i]!) ** 2 / (count - 100);
      });
      expect(distance(readoutError(sums, readout), plain)).toBeLessThan(1e-10 * largest(plain));
      const none = readoutSums({ features, outputs, method });
      const merged = mergeReadoutSums(
        addReadoutRows(none, ...part(100, 180)),
        addReadoutRows(none, ...part(180, count)),
      );
      expect(distance(readoutError(merged, readout), plain)).toBeLessThan(1e-10 * largest(plain));
    });
});

describe("a ridge chosen by held-out rows", () => {
  for (const method of methods)
    test(`${method}: every readout and error is that of a factorisation of its own, and the least wins`, () => {
      const sums = (from: number, to: number) =>
        addReadoutRows(readoutSums({ features, outputs, method }), ...part(from, to));
      const [training, heldOut] = [sums(0, 40), sums(40, count)];
      const ridges = [1000, 0, 0.1, 10, 1, 100];
      const chosen = chooseRidge(training, heldOut, { ridges });
      expect([...chosen.ridges]).toEqual([0, 0.1, 1, 10, 100, 1000]);
      const own = [...chosen.ridges].map((ridge) => solveReadout(training, { ridge }));
      const errors = own.map((readout) => readoutError(heldOut, readout).reduce((a, x) => a + x, 0));
      expect(distance(chosen.errors, errors)).toBeLessThan(1e-9 * Math.max(...errors));
      const best = errors.indexOf(Math.min(...errors));
      expect(chosen.ridge).toBe(chosen.ridges[best]);
      expect(best).toBeGreaterThan(0);
      expect(distance(numbers(chosen.readout.W), numbers(own[best]!.W))).toBeLessThan(1e-11);
      expect(distance(numbers(chosen.readout.b), numbers(own[best]!.b))).toBeLessThan(1e-11);
    });

  test("where the least ridge is not zero, each is still what it says", () => {
    const sums = addReadoutRows(readoutSums({ features, outputs }), ...part(0, 40));
    const { readout } = chooseRidge(sums, sums, { ridges: [5] });
    expect(distance(numbers(readout.W), numbers(solveReadout(sums, { ridge: 5 }).W))).toBeLessThan(1e-12);
    // On the rows themselves the least ridge is best.
    const chosen = chooseRidge(sums, sums, { ridges: [50, 5] });
    const second = readoutError(sums, solveReadout(sums, { ridge: 50 })).reduce((a, x) => a + x, 0);
    expect(chosen.ridge).toBe(5);
    expect(chosen.errors[1]! / second).toBeCloseTo(1, 12);
  });

  test("by default, ridges follow the size of the states", () => {
    const sums = (scale: number, from: number, to: number) => {
      const [states, targets] = part(from, to);
      const scaled = fromArray(
        numbers(states).map((x) => x * scale),
        states.shape,
        "float64",
      );
      return addReadoutRows(readoutSums({ features, outputs }), scaled, targets);
    };
    const [a, b] = [1, 1000].map((scale) => chooseRidge(sums(scale, 0, 30), sums(scale, 30, count)));
    expect(a!.ridges.length).toBe(15);
    expect(b!.ridge / a!.ridge).toBeCloseTo(1e6, 0);
    expect(distance(a!.errors, b!.errors)).toBeLessThan(1e-6 * Math.max(...a!.errors));
  });
});

describe("recursive least squares", () => {
  test("after each row it is the batch solution over the rows so far", () => {
    const rls = recursiveLeastSquares({ features, outputs, ridge: 0.5 });
    let state = rls.start();
    for (let t = 0; t < count; t++) {
      state = rls.update(state, ...part(t, t + 1));
      if (![1, 5, 60, 299].includes(t)) continue;
      const batch = ridgeReadout(...part(0, t + 1), { ridge: 0.5 });
      const { W, b } = rls.readout(state);
      expect(distance(numbers(W), numbers(batch.W))).toBeLessThan(1e-10);
      expect(distance(numbers(b), numbers(batch.b))).toBeLessThan(1e-9);
    }
    const { W, b } = rls.readout(state);
    expect(largest(slopes(numbers(W), numbers(b), 0.5).inW)).toBeLessThan(1e-8);
  });

  test("forgetting weights the rows; several at once are as good as one by one", () => {
    const forgetting = 0.97;
    const rls = recursiveLeastSquares({ features, outputs, ridge: 0.1, forgetting });
    let state = rls.start();
    for (let t = 0; t < 100; t++) state = rls.update(state, ...part(t, t + 1));
    state = rls.update(state, ...part(100, count));
    const { W, b } = rls.readout(state);
    const { inW, inB } = slopes(
      numbers(W),
      numbers(b),
      0.1 * forgetting ** count,
      (i) => forgetting ** (count - 1 - i),
    );
    expect(largest(inW)).toBeLessThan(1e-9);
    expect(largest(inB)).toBeLessThan(1e-10);
  });

  test("a readout before the first row", () => {
    const rls = recursiveLeastSquares({ features: 2, outputs: 1 });
    expect(() => rls.readout(rls.start())).toThrow(
      "recursiveLeastSquares.readout: there is no row yet, so nothing determines the bias; update the state first",
    );
  });

  test("a state of another size", () => {
    const other = recursiveLeastSquares({ features: 3, outputs: 1 }).start();
    expect(() => recursiveLeastSquares({ features, outputs }).update(other, ...part(0, 1))).toThrow(
      "recursiveLeastSquares.update: the state is of 4 weights for each of 1 outputs, expected 21 for each of 2; begin with start() of this recursiveLeastSquares",
    );
  });
});

describe("rows that determine nothing", () => {
  const [states, targets] = part(0, count);
  test("NaN in a row of the data is named by row", () => {
    const broken = fromArray(numbers(targets), targets.shape, "float64");
    const data = numbers(broken);
    data[2 * 17 + 1] = Number.NaN;
    broken.write(data);
    expect(() => ridgeReadout(states, broken)).toThrow(
      "ridgeReadout: row 17 of targets holds NaN in column 1; every number must be finite: leave the row out, or see why the data overflow",
    );
    const far = numbers(states);
    far[5 * features] = Number.POSITIVE_INFINITY;
    const sums = readoutSums({ features, outputs });
    expect(() => addReadoutRows(sums, fromArray(far, states.shape, "float64"), targets)).toThrow(
      "addReadoutRows: row 5 of states holds Infinity in column 0; every number must be finite: leave the row out, or see why the states overflow",
    );
  });

  test("fewer rows than weights, without ridge", () => {
    expect(() => ridgeReadout(...part(0, 20))).toThrow(
      "ridgeReadout: 20 rows do not determine 21 weights per output (20 features and the bias); give more rows, or a ridge such as { ridge: 1e-6 }",
    );
    expect(numbers(ridgeReadout(...part(0, 20), { ridge: 1e-6 }).W).every(Number.isFinite)).toBe(true);
  });

  for (const method of methods) {
    test(`${method}: a feature that others give, or that is constant, without ridge`, () => {
      const twice = fromArray(
        Array.from({ length: 50 * 3 }, (_, i) => {
          const x = X[Math.floor(i / 3) * features]!;
          return [x, X[Math.floor(i / 3) * features + 1]!, 2 * x][i % 3]!;
        }),
        [50, 3],
        "float64",
      );
      const some = targets.view([50, 2]);
      expect(() => ridgeReadout(twice, some, { method })).toThrow(
        "ridgeReadout: over the 50 rows, feature 2 of 3 is constant or a linear combination of those before it, to rounding, and no ridge parts them; give one, such as { ridge: 1e-6 }",
      );
      const flat = fromArray(Array(50).fill(7), [50, 1], "float64");
      expect(() => ridgeReadout(flat, some, { method })).toThrow(
        "ridgeReadout: over the 50 rows, feature 0 of 1 is constant",
      );
      // Without a bias the constant is the bias.
      expect(numbers(ridgeReadout(flat, some, { method, bias: false }).W).length).toBe(2);
      expect(numbers(ridgeReadout(twice, some, { method, ridge: 1e-3 }).W).every(Number.isFinite)).toBe(true);
    });
  }

  test("no rows, and rows of other sizes", () => {
    const sums = readoutSums({ features, outputs });
    expect(() => solveReadout(sums)).toThrow(
      "solveReadout: the sums hold no rows; add some with addReadoutRows(sums, states, targets)",
    );
    expect(() => addReadoutRows(sums, targets, targets)).toThrow(
      "addReadoutRows: states is [300, 2], expected [rows, 20]: 20 features in each row",
    );
    expect(() => addReadoutRows(sums, states, part(0, 5)[1])).toThrow(
      "addReadoutRows: states [300, 20] and targets [5, 2] have different numbers of rows; there is a row of targets for each row of states",
    );
    expect(() => mergeReadoutSums(sums, readoutSums({ features, outputs, method: "products" }))).toThrow(
      'mergeReadoutSums: a has method "orthogonal", b has "products"; both are made by readoutSums with the same settings',
    );
    const filled = addReadoutRows(sums, states, targets);
    expect(() => chooseRidge(filled, sums)).toThrow("chooseRidge: heldOut holds no rows");
    expect(() => readoutError(filled, ridgeReadout(targets, targets, { ridge: 1 }))).toThrow(
      "readoutError: W of the readout is [2, 2], expected [20, 2] as the sums have it",
    );
  });
});
