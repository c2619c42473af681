import { inspect } from "node:util";
import {
  add,
  defineCell,
  grad,
  less,
  type Operand,
  onCpu,
  read,
  sum,
  type Tensor,
  tensor,
  useExecutor,
  type Value,
  where,
  zeros,
} from "longspan";
import { defaultExecutor, type Executor, fromArray, iota } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "../../../../tests/executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const nothing = "float32 [2] is not a number";
const remedy = "choose with where(less(0, x), a, b), compute with ops such as add(x, 1)";

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(
    `looking at a tensor on ${name}${reason ? `: skipped, ${reason}` : ""}`,
    () => {
      beforeAll(() => useExecutor(executorOf(name)));

      test("what Node.js prints: type, shape and the first elements", () => {
        expect(
          inspect(
            tensor([
              [1, -2.5],
              [0.1, 1e-30],
            ]),
          ),
        ).toBe("Tensor float32 [2, 2]: [[1, -2.5], [0.1, 1e-30]]");
        expect(inspect(tensor([1 / 3, Number.NaN, -0], "float64"))).toBe(
          "Tensor float64 [3]: [0.3333333333333333, NaN, -0]",
        );
        expect(inspect(tensor([1 / 3, Number.NEGATIVE_INFINITY]))).toBe(
          "Tensor float32 [2]: [0.33333334, -Infinity]",
        );
        expect(inspect(tensor(7, "int32"))).toBe("Tensor int32 []: 7");
        expect(inspect(zeros([0, 3]))).toBe("Tensor float32 [0, 3]: []");
        expect(inspect(iota([2, 40]))).toBe(
          `Tensor int32 [2, 40]: [[${Array.from({ length: 32 }, (_, i) => i).join(", ")}, ...], ...]`,
        );
        expect(inspect({ w: tensor([1, 2]) })).toBe("{ w: Tensor float32 [2]: [1, 2] }");
        expect(String(tensor([1, 2]))).toBe("Tensor float32 [2]: [1, 2]");
        expect(`${tensor([1, 2])}`).toBe("Tensor float32 [2]: [1, 2]");
      });

      test("a released tensor is printed without its elements", () => {
        const t = tensor([1, 2]);
        t.dispose();
        expect(inspect(t)).toBe("Tensor float32 [2], released");
      });

      test("JSON holds the numbers in nested lists, which tensor() takes back", () => {
        const t = tensor([
          [1, 0.5],
          [3, 4],
        ]);
        const text = JSON.stringify({ loss: tensor(2), t, none: zeros([2, 0]), empty: zeros([0]) });
        expect(text).toBe('{"loss":2,"t":[[1,0.5],[3,4]],"none":[[],[]],"empty":[]}');
        expect(inspect(tensor(JSON.parse(text).t))).toBe(inspect(t));
      });
    },
  );
}

describe("a tensor is not a number", () => {
  beforeAll(() => useExecutor(before));
  const t = tensor([1, 2]) as unknown as number;
  const uses: Readonly<Record<string, () => unknown>> = {
    "t > 0": () => t > 0,
    "t + 1": () => t + 1,
    "+t": () => +t,
    // biome-ignore lint/suspicious/noDoubleEquals: what is tested
    "t == 1": () => t == 1,
    "Math.max(t, 0)": () => Math.max(t, 0),
  };
  for (const [name, use] of Object.entries(uses))
    test(`${name} throws, and says what to do`, () => {
      expect(use).toThrow(TypeError);
      expect(use).toThrow(
        `a tensor ${nothing}, so x > 0, x + 1 and x == y do not work on it: ${remedy}, or read it: onCpu(x).item(), await x.data()`,
      );
    });
});

describe("a value that stands in for a tensor", () => {
  beforeAll(() => useExecutor(before));
  const branching = (choose: (x: Value) => Operand) =>
    defineCell({
      name: "branching",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({}),
      step: ({ x, h }) => ({ state: { h: add(h, choose(x)) }, output: h }),
    })({});

  test("a step that branches on one is told so, by the cell's name", () => {
    const cell = branching((x) => ((x as unknown as number) > 0 ? x : 0));
    expect(() => cell.trace("float32")).toThrow(
      `cell branching: the step runs once, on stand-ins without data, to record its equations; a value ${nothing}, so x > 0, x + 1 and x == y do not work on it: ${remedy}`,
    );
    expect(() => branching((x) => onCpu(x).toArray()[0]!).trace("float32")).toThrow(
      "cell branching: the step runs once, on stand-ins without data, to record its equations; there is nothing to read: choose with where(less(0, x), a, b), return a value and read the result",
    );
    expect(branching((x) => where(less(0, x), x, 0)).trace("float32").graph.equations.length).toBeGreaterThan(
      0,
    );
  });

  test("so is a function that is differentiated", () => {
    const loss = (x: Value) => ((x as unknown as number) > 0 ? sum(x) : sum(add(x, 1)));
    expect(() => grad(loss)(tensor([1, 2]))).toThrow(
      `a value ${nothing}, so x > 0, x + 1 and x == y do not work on it: ${remedy}; it stands in for a tensor while a function is traced or differentiated`,
    );
    expect(() => grad((x: Value) => sum(x, onCpu(x).toArray().length))(tensor([1, 2]))).toThrow(
      "a value that is being traced or differentiated holds no data; return it and read the result",
    );
  });

  test("is printed as what it is; JSON has nothing to hold", () => {
    let inside = "";
    let json: unknown;
    grad((x: Value) => {
      inside = inspect(x);
      try {
        JSON.stringify({ x });
      } catch (error) {
        json = error;
      }
      return sum(x);
    })(tensor([1, 2]));
    expect(inside).toBe("Tensor float32 [2]: [1, 2], being differentiated");
    expect(String(json)).toBe(
      "TypeError: a value that is being traced or differentiated holds no data; return it and read the result",
    );
    let traced = "";
    branching((x) => {
      traced = inspect(x);
      return x;
    }).trace("float32");
    expect(traced).toBe("Value float32 [2], being traced");
  });
});

test("what is not a value at all is not read", async () => {
  expect(() => onCpu(3 as never)).toThrow("onCpu: value is a tensor, or a value made of tensors, got 3");
  await expect(read(undefined as never)).rejects.toThrow("read: v is missing; it is a tensor");
});

test("an executor that is not read at once: no elements are printed, and JSON says what to do", () => {
  const later: Executor = Object.create(before, {
    name: { value: "later" },
    capabilities: { value: { synchronous: false } },
  });
  useExecutor(later);
  const t: Tensor = fromArray([1, 2], [2]);
  useExecutor(before);
  expect(inspect(t)).toBe("Tensor float32 [2] on later");
  expect(() => JSON.stringify(t)).toThrow('the later executor is read with "await t.data()"');
});
