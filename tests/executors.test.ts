import { binaryTreeLstm, executorReport, gru, lstm } from "longspan";
import {
  castTree,
  chain,
  defaultExecutor,
  executor,
  fromArray,
  Key,
  leaves,
  max,
  mul,
  normal,
  onCpu,
  sum,
  tanh,
  trees,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
} from "longspan/engine";
import { afterAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { libraryCells } from "./library-cells.js";
import { lossOf, pointOf } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

/** The result of `f` with all tensors on an executor. */
function on<T>(name: string, f: () => T): T {
  const previous = defaultExecutor();
  useExecutor(executorOf(name));
  try {
    return f();
  } finally {
    useExecutor(previous);
  }
}

const numbers = (tree: unknown) => leaves(tree).map((v) => Array.from(onCpu(v as Value).toArray()));

/** Largest difference between lists, each relative to the larger of 1 and its largest entry. */
function distance(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  let worst = 0;
  a.forEach((list, i) => {
    const size = list.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
    list.forEach((x, j) => {
      const e = Math.abs(x - b[i]![j]!) / size;
      worst = Number.isNaN(e) ? Number.POSITIVE_INFINITY : Math.max(worst, e);
    });
  });
  return worst;
}

/** Structures of several hundred rows, over many levels. */
const lengths = Array.from({ length: 23 }, (_, i) => (i * 17) % 71);
const pair = { children: [[1, 2], [3, 4], [], [], [5, 6], [], []] };
const manyRows = {
  "sequences of different lengths": chain(lengths),
  "reversed sequences": chain(lengths, { reverse: true }),
  "one long sequence": chain([700]),
  "many trees": trees(new Array(90).fill(pair), { ports: ["left", "right"] }),
};

const cells = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 1000) / 10;

for (const { name } of executorRows.filter((r) => r.name !== "reference"))
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    test(`${cells} random cells: value and gradient are the reference's`, () => {
      const runs = executorOf(name).statistics.executions;
      for (let seed = 1; seed <= cells; seed++) {
        const compute = () => {
          const subject = randomSubject(seed, { sets: seed % 2 === 0 });
          const f = lossOf(subject, "compiled") as (p: never) => Value;
          const { value, grads } = valueAndGrad(f)(pointOf(subject) as never);
          return numbers({ value, grads });
        };
        expect(distance(on("reference", compute), on(name, compute)), `seed ${seed}`).toBeLessThan(1e-12);
      }
      expect(executorOf(name).statistics.executions - runs).toBeGreaterThan(10 * cells);
    });

    for (const [cellName] of libraryCells("chains", { input: 1, hidden: 1 }))
      for (const [input, hidden] of [
        [1, 1],
        [3, 5],
        [7, 16],
        [20, 33],
      ] as const)
        test(`${cellName} ${input} to ${hidden} in float32: the reference's in float64, to rounding`, () => {
          const lengths = [9, 9, 4, 1, 0];
          const compute = (dtype: "float32" | "float64") => () => {
            const nodes = lengths.reduce((a, n) => a + n, 0);
            const made = new Map(libraryCells("chains", { input, hidden })).get(cellName)!;
            const params = castTree(made.init(Key.of(1), "float32"), dtype);
            const x = normal(Key.of(2), [nodes, input], "float32");
            const f = (p: { params: typeof params; x: Value }) => {
              const { output } = unfold(made, p.params, { x: p.x }, chain(lengths));
              return sum(mul(output, castTree(normal(Key.of(3), output.shape, "float32"), dtype)));
            };
            const { value, grads } = valueAndGrad(f as never)({ params, x: castTree(x, dtype) } as never);
            return numbers({ value, grads });
          };
          const ours = on(name, compute("float32"));
          expect(distance(on("reference", compute("float64")), ours)).toBeLessThan(2e-5);
        });

    for (const [what, structure] of Object.entries(manyRows))
      test(`${what}: more rows than one chunk holds, in float64, are the reference's`, () => {
        const [input, hidden] = [3, 4];
        const compute = () => {
          const branches = structure.parts.inPorts.length > 1;
          const made = (branches
            ? binaryTreeLstm({ input, hidden })
            : gru({ input, hidden })) as unknown as ReturnType<typeof gru>;
          const params = made.init(Key.of(1), "float64");
          const x = normal(Key.of(2), [structure.nodes, input], "float64");
          const weights = normal(Key.of(3), [structure.nodes, hidden], "float64");
          const f = (p: { params: typeof params; x: Value }) =>
            sum(mul(unfold(made, p.params, { x: p.x }, structure).output, weights));
          const { value, grads } = valueAndGrad(f as never)({ params, x } as never);
          return numbers({ value, grads });
        };
        expect(distance(on("reference", compute), on(name, compute))).toBeLessThan(1e-12);
      });

    test("a batch is its members alone, bit by bit, in outputs and input gradients", () => {
      on(name, () => {
        const [input, hidden] = [5, 19];
        const lengths = [11, 8, 8, 3, 1];
        const cell = lstm({ input, hidden });
        const params = cell.init(Key.of(1));
        const sequences = lengths.map((n, i) =>
          Array.from(onCpu(normal(Key.of(5 + i), [n, input])).toArray()),
        );
        const run = (chosen: readonly number[]) => {
          const structure = chain(chosen.map((i) => lengths[i]!));
          const packed: number[] = [];
          const owner: number[] = [];
          // Time-major, longest first: the row order of a chain.
          for (let t = 0; t < 11; t++)
            for (const i of chosen)
              if (t < lengths[i]!) {
                packed.push(...sequences[i]!.slice(t * input, (t + 1) * input));
                owner.push(i);
              }
          const x = fromArray(packed, [owner.length, input]);
          const { output } = unfold(cell, params, { x }, structure);
          const { grads } = valueAndGrad((p: { x: Value }) =>
            sum(tanh(unfold(cell, params, { x: p.x }, structure).output)),
          )({ x });
          const [o, g] = [onCpu(output).toArray(), onCpu((grads as { x: Value }).x).toArray()];
          return new Map(
            chosen.map((i) => {
              const rows = owner.flatMap((q, r) => (q === i ? [r] : []));
              return [
                i,
                rows.flatMap((r) => [
                  ...o.slice(r * hidden, (r + 1) * hidden),
                  ...g.slice(r * input, (r + 1) * input),
                ]),
              ];
            }),
          );
        };
        const together = run([0, 1, 2, 3, 4]);
        for (const i of [0, 1, 2, 3, 4]) expect(run([i]).get(i), `sequence ${i}`).toEqual(together.get(i));
      });
    });

    test("the largest of a row is found wherever it stands, at any length; a NaN is kept", () => {
      for (const n of [1, 7, 16, 17, 63, 64, 65, 130, 200])
        for (const special of [1000, Number.NaN]) {
          // Row r has it at place r.
          const rows = Array.from({ length: n * n }, (_, k) =>
            k % (n + 1) === 0 ? special : -1 - Math.sin(k) / 2,
          );
          const largest = on(name, () => numbers(max(fromArray(rows, [n, n]), 1))[0]!);
          expect(largest).toEqual(new Array(n).fill(special));
        }
    });

    test("sums over many rows keep their digits", () => {
      const rows = 5000;
      const x = Array.from({ length: 3 * rows }, (_, i) => Math.fround(Math.sin(i) + 1));
      const total = on(name, () => onCpu(sum(fromArray(x, [rows, 3]), 0)).toArray());
      for (let c = 0; c < 3; c++) {
        let exact = 0;
        for (let r = 0; r < rows; r++) exact += x[3 * r + c]!;
        expect(Math.abs(total[c]! - exact) / exact).toBeLessThan(1e-6);
      }
    });
  });

test("an executor that is missing, or that nobody knows, is an error that says why", () => {
  expect(() => executor("gpu")).toThrow('executor: name is one of native, wasm, reference, got "gpu"');
  for (const { name, available, detail } of executorReport())
    if (!available)
      expect(() => executorOf(name)).toThrow(`the ${name} executor is not available here: ${detail}`);
});
