import {
  checkDerivatives,
  grad,
  hessianVectorProduct,
  jvp,
  Key,
  logSumExp,
  mul,
  normal,
  onCpu,
  sub,
  sum,
  tanh,
  tensor,
  type Value,
  valueAndGradPerExample,
} from "longspan";
import { defaultExecutor, linearize, type PerRow, rowFunction } from "longspan/engine";
import { describe, expect, it } from "vitest";

const list = (v: Value) => Array.from(onCpu(v).toArray());
const runsOf = (f: () => void) => {
  const before = defaultExecutor().statistics.executions;
  f();
  return defaultExecutor().statistics.executions - before;
};

const close = (ours: Value, plain: Value) => {
  expect([ours.shape, ours.dtype]).toEqual([plain.shape, plain.dtype]);
  const expected = list(plain);
  list(ours).forEach((x, i) => {
    expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected[i]!)));
  });
};

const functions: Record<string, { operands: PerRow[]; gives: PerRow; f: (...values: Value[]) => Value }> = {
  "two vectors and a number to a number": {
    operands: ["vector", "vector", "number"],
    gives: "number",
    f: (a, b, s) => mul(logSumExp(mul(a, b)), tanh(s!)),
  },
  "a vector to a vector": {
    operands: ["vector"],
    gives: "vector",
    f: (a) => mul(tanh(a!), a!),
  },
};

describe.each(Object.entries(functions))(
  "a function of rows as one program: %s",
  (name, { operands, gives, f }) => {
    for (const rows of [[], [3]] as const) {
      const fused = rowFunction(name, operands, gives, f);
      const draw = (seed: number) =>
        operands.map((o, i) =>
          normal(Key.of(seed).fold(i), [...rows, ...(o === "vector" ? [4] : [])], "float64"),
        );
      const [at, along, other] = [draw(1), draw(2), draw(3)];
      const scalar = (g: typeof f) => (values: Value[]) => sum(tanh(g(...values)));

      it(`is one run, and so is its derivative along a direction and the transpose of that: rows [${rows}]`, () => {
        expect(runsOf(() => fused(...at))).toBe(1);
        const lin = linearize((values: Value[]) => fused(...values), at);
        expect(runsOf(() => lin.pushforward(along))).toBe(1);
        expect(runsOf(() => lin.pullback(lin.value))).toBe(operands.length);
        lin.dispose();
      });

      it(`agrees with differences to second order: rows [${rows}]`, () => {
        const { first, second } = checkDerivatives(scalar(fused), at, { second: true });
        expect(first).toBeLessThan(1e-8);
        expect(second).toBeLessThan(1e-7);
      });

      // The ops themselves take no rows.
      if (rows.length === 0)
        it("gives what its ops give, to third order", () => {
          close(fused(...at), f(...at));
          const third = (g: typeof f) => {
            const second = (values: Value[]) =>
              hessianVectorProduct(scalar(g))(values as never, other as never) as Value[];
            return jvp(second)(at as never, along as never).tangent as Value[];
          };
          third(fused).forEach((v, i) => {
            close(v, third(f)[i]!);
          });
          (grad(scalar(fused))(at as never) as Value[]).forEach((v, i) => {
            close(v, (grad(scalar(f))(at as never) as Value[])[i]!);
          });
        });
    }
  },
);

describe("a function of rows", () => {
  const energy = rowFunction("energy", ["vector", "number"], "number", (v: Value, s: Value) =>
    mul(sum(mul(v, v), -1), s),
  );

  it("has a gradient per example", () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      "float64",
    );
    const s = tensor([1, 10], "float64");
    const losses = (p: { w: Value }) => energy(mul(x, p.w), s);
    const { grads } = valueAndGradPerExample(losses)({ w: tensor([1, 1], "float64") });
    expect(grads.map(({ w }) => list(w))).toEqual([
      [2, 8],
      [180, 320],
    ]);
  });

  it("is not differentiated with respect to integers", () => {
    const picked = rowFunction("picked", ["vector", "number"], "number", (v: Value, _: Value) => sum(v, -1));
    const g = grad((v: Value) => sum(sub(picked(v, tensor([0, 1], "int32")), 1)));
    expect(
      list(
        g(
          tensor([
            [1, 2],
            [3, 4],
          ]),
        ),
      ),
    ).toEqual([1, 1, 1, 1]);
  });

  it("names an operand that does not fit", () => {
    expect(() => energy(tensor([[1, 2]]), tensor([1, 2]))).toThrow("energy: operand 1 is [2], expected [1]");
  });
});
