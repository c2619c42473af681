import { Key, lorenz, mackeyGlass, narma } from "longspan";
import { describe, expect, test } from "vitest";

describe("Mackey-Glass", () => {
  test("Euler's method over the whole past, kept in one list", () => {
    const y = Array(171).fill(1.2);
    for (let n = 170; n < 170 + 10 * 400; n++) {
      const delayed = y[n - 170];
      y.push(y[n] + 0.1 * ((0.2 * delayed) / (1 + delayed ** 10) - 0.1 * y[n]));
    }
    const series = mackeyGlass({ length: 300 });
    series.forEach((x, i) => {
      expect(Math.abs(x - y[170 + 10 * (100 + i)])).toBeLessThan(1e-12);
    });
  });

  test("a key draws the history; another delay and step give another series", () => {
    const [a, b, again] = [1, 2, 1].map((seed) => mackeyGlass({ length: 2000, key: Key.of(seed) }));
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    for (const series of [a!, b!]) {
      const mean = series.reduce((s, x) => s + x, 0) / 2000;
      expect(mean).toBeCloseTo(0.93, 1);
      expect(Math.min(...series)).toBeGreaterThan(0.2);
      expect(Math.max(...series)).toBeLessThan(1.4);
    }
    // With a delay of 5 it settles: y = 1 is where 0.2 / (1 + y^10) = 0.1.
    expect(mackeyGlass({ length: 10, tau: 4, skip: 3000 })[9]).toBeCloseTo(1, 6);
  });

  test("a delay that is no whole number of steps", () => {
    expect(() => mackeyGlass({ length: 10, tau: 17.05 })).toThrow(
      "mackeyGlass: tau is 17.05, expected a whole number of steps of 0.1, since the method reads the value of one",
    );
  });
});

describe("NARMA", () => {
  test("the equation holds at every step, for orders 10 and 2", () => {
    for (const order of [10, 2]) {
      const { inputs: u, targets: y } = narma({ length: 500, key: Key.of(3), order });
      for (let t = 10; t < 500; t++) {
        let sum = 0;
        for (let i = 1; i <= order; i++) sum += y[t - i]!;
        const expected = 0.3 * y[t - 1]! + 0.05 * y[t - 1]! * sum + 1.5 * u[t - order]! * u[t - 1]! + 0.1;
        expect(y[t]).toBeCloseTo(expected, 13);
      }
      expect(Math.max(...u)).toBeLessThan(0.5);
      expect(u.reduce((s, x) => s + x, 0) / 500).toBeCloseTo(0.25, 1);
    }
  });

  test("series that grow without bound are drawn anew", () => {
    for (let seed = 0; seed < 20; seed++)
      expect(Math.max(...narma({ length: 5000, key: Key.of(seed) }).targets)).toBeLessThan(3);
  });
});

describe("Lorenz", () => {
  test("samples obey the equations: central differences, and halving the step changes little", () => {
    const step = 1e-3;
    const at = lorenz({ length: 400, step, substeps: 1, skip: 2000 });
    for (let n = 1; n < 399; n++) {
      const [x, y, z] = at.subarray(3 * n, 3 * n + 3) as unknown as [number, number, number];
      const slopes = [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z];
      slopes.forEach((slope, i) => {
        const difference = (at[3 * (n + 1) + i]! - at[3 * (n - 1) + i]!) / (2 * step);
        expect(Math.abs(difference - slope)).toBeLessThan(2e-4 * (1 + Math.abs(slope)) * 10);
      });
    }
    const [coarse, fine] = [4, 8].map((substeps) => lorenz({ length: 50, substeps, skip: 0 }));
    coarse!.forEach((x, i) => {
      expect(Math.abs(x - fine![i]!)).toBeLessThan(1e-4);
    });
  });

  test("a key draws the start", () => {
    const [a, b] = [1, 2].map((seed) => lorenz({ length: 100, key: Key.of(seed), skip: 0 }));
    expect(a).not.toEqual(b);
    expect(lorenz({ length: 100, key: Key.of(1), skip: 0 })).toEqual(a);
  });
});
