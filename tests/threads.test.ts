import { execFileSync } from "node:child_process";
import {
  binaryTreeLstm,
  childSumTreeLstm,
  type ExecutorName,
  executorReport,
  glorot,
  gru,
  lstm,
  mingru,
  type TreeNodes,
  useThreads,
} from "longspan";
import {
  add,
  chain,
  cholesky,
  cumulativeProduct,
  defaultExecutor,
  defineCell,
  executor,
  Key,
  leaves,
  matmul,
  mul,
  normal,
  onCpu,
  permute,
  type RecordableExecutor,
  type Structure,
  setSoftmax,
  setSum,
  sort,
  sum,
  tanh,
  topK,
  trees,
  triangularSolve,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test as plainTest } from "vitest";
import { missing } from "./executors/rows.js";
import { lossOf, pointOf } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";

const entry = new URL("../packages/longspan/dist/index.js", import.meta.url).href;
const before = defaultExecutor();
const numbers = (tree: unknown) => leaves(tree).map((v) => Array.from(onCpu(v as Value).toArray()));

/** A tree of so many leaves, cut at places that look random. */
function tree(count: number, seed: number): TreeNodes {
  const children: number[][] = [];
  let state = seed;
  const grow = (n: number): number => {
    const node = children.push([]) - 1;
    if (n > 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const left = 1 + (state % (n - 1));
      children[node]!.push(grow(left), grow(n - left));
    }
    return node;
  };
  grow(count);
  return { children };
}

const [input, hidden] = [6, 10];
const forest = Array.from({ length: 7 }, (_, i) => tree(3 + 4 * i, i + 1));
/** Attention over sets, with a sum per member. */
const attending = defineCell({
  name: "attending",
  inputs: () => ({ x: [input] }),
  sets: () => ({ source: { key: [input] } }),
  state: () => ({ h: [hidden] }),
  params: () => ({ U: glorot(input, hidden), W: glorot(hidden, hidden), K: glorot(input, hidden) }),
  step({ x, source, h }, { U, W, K }) {
    const keys = matmul(source.key, K);
    const weights = setSoftmax(sum(tanh(add(matmul(h, W), keys))));
    const next = tanh(add(matmul(x, U), setSum(mul(weights, keys))));
    return { state: { h: next }, output: next };
  },
})(undefined);
/** Attention over the children of a node. */
const neighbours = defineCell({
  name: "neighbours",
  inputs: () => ({ x: [input] }),
  state: () => ({ h: [hidden] }),
  params: () => ({ U: glorot(input, hidden), W: glorot(hidden, hidden) }),
  edge: ({ h }, { W }) => ({ h: mul(setSoftmax(sum(tanh(matmul(h, W)))), h) }),
  step({ x, h }, { U }) {
    const next = tanh(add(matmul(x, U), h));
    return { state: { h: next }, output: next };
  },
})(undefined);
const sources = [5, 0, 17, 1, 30, 8, 2];

const subjects = {
  "an LSTM over sequences of different lengths": [lstm({ input, hidden }), chain([31, 4, 0, 12, 12, 30, 1])],
  "an LSTM over one sequence": [lstm({ input, hidden }), chain([40])],
  "a reversed GRU": [gru({ input, hidden }), chain([20, 20, 19, 3], { reverse: true })],
  "a binary tree-LSTM": [binaryTreeLstm({ input, hidden }), trees(forest, { ports: ["left", "right"] })],
  "attention over sets of different sizes": [
    attending,
    chain([31, 4, 0, 12, 12, 30, 1]).withSets({ source: sources }),
    () => ({ source: { key: normal(Key.of(4), [63, input]) } }),
  ],
  "attention over children": [neighbours, trees(forest)],
  "a child-sum tree-LSTM, with steps on edges": [childSumTreeLstm({ input, hidden }), trees(forest)],
} as const;

/** Output, gradient of the inputs, gradients of the parameters. */
function compute(
  cell: unknown,
  structure: Structure,
  further: object = {},
): { rows: number[][]; sums: number[][] } {
  const made = cell as ReturnType<typeof lstm>;
  const params = made.init(Key.of(1));
  const x = normal(Key.of(2), [structure.nodes, input]);
  const weights = normal(Key.of(3), [structure.nodes, hidden]);
  const { output } = unfold(made, params, { x, ...further }, structure);
  const f = (p: { params: typeof params; x: Value }) =>
    sum(mul(unfold(made, p.params, { x: p.x, ...further }, structure).output, weights));
  const grads = valueAndGrad(f as never)({ params, x } as never).grads as unknown as {
    params: unknown;
    x: unknown;
  };
  return { rows: numbers([output, grads.x]), sums: numbers(grads.params) };
}

describe.each(["native", "wasm"] as const)("threads of %s", (name) => {
  const why = missing(name);
  const inner = why
    ? undefined
    : ((executor(name) as RecordableExecutor).inner as unknown as { leastShared: number; helped?: number });
  const test = (why ? plainTest.skip : plainTest) as typeof plainTest;
  beforeAll(() => {
    if (why) return;
    useExecutor(executor(name));
    // However little there is to do, it is shared.
    inner!.leastShared = 0;
  });
  afterAll(() => {
    if (why) return;
    inner!.leastShared = 50_000;
    useExecutor(before);
  });
  const on = <T>(threads: number, f: () => T): T => {
    useThreads(threads);
    try {
      return f();
    } finally {
      useThreads(1);
    }
  };

  for (const [what, [cell, structure, further]] of Object.entries(subjects))
    describe(what, () => {
      const run = () => compute(cell, structure, further?.());
      const alone = () => on(1, run);

      for (const threads of [2, 3, 16])
        test(`${threads} threads: rows have the bits of one thread's, sums are equal to rounding`, () => {
          const [one, many] = [alone(), on(threads, run)];
          expect(many.rows).toEqual(one.rows);
          many.sums.forEach((list, i) => {
            const size = Math.max(1, ...one.sums[i]!.map(Math.abs));
            list.forEach((x, j) => {
              expect(Math.abs(x - one.sums[i]![j]!) / size).toBeLessThan(1e-5);
            });
          });
        });

      test("the same number of threads gives the same bits", () => {
        const first = on(3, run);
        for (let i = 0; i < 3; i++) expect(on(3, run)).toEqual(first);
      });
    });

  test("several threads did share the work: sums have been formed in another order", () => {
    const [cell, structure] = subjects["an LSTM over sequences of different lengths"];
    const [one, two] = [1, 2].map((n) => on(n, () => compute(cell, structure)));
    expect(two!.sums).not.toEqual(one!.sums);
  });

  test("one sequence of a cell that is linear in its state: threads share its units", () => {
    for (const units of [50, 16, 3]) {
      const one = mingru({ input, hidden: units });
      const params = one.init(Key.of(1));
      for (const reverse of [false, true]) {
        const structure = chain([300], { reverse });
        const x = normal(Key.of(2), [structure.nodes, input]);
        const loss = (p: { params: typeof params; x: Value }) =>
          sum(tanh(unfold(one, p.params, { x: p.x }, structure).output));
        const run = () => {
          const { output, final } = unfold(one, params, { x }, structure);
          const grads = valueAndGrad(loss as never)({ params, x } as never).grads as unknown as {
            x: unknown;
          };
          return numbers([output, final.h, grads.x]);
        };
        const alone = on(1, run);
        const plain = numbers(unfold(one, params, { x }, structure, { loop: "plain" }).output)[0]!;
        for (const [i, y] of alone[0]!.entries()) expect(y).toBeCloseTo(plain[i]!, 5);
        for (const threads of [2, 3, 16]) expect(on(threads, run)).toEqual(alone);
      }
    }
  });

  test("large products outside a loop have the bits of one thread's in rows", () => {
    const a = normal(Key.of(4), [301, 70]);
    const b = normal(Key.of(5), [70, 90]);
    const product = () => numbers(matmul(a, b));
    const gradients = () =>
      numbers(valueAndGrad((p: { a: Value; b: Value }) => sum(tanh(matmul(p.a, p.b))))({ a, b }).grads);
    const [one, two] = [1, 2].map((n) => on(n, () => [product(), gradients()]));
    expect(two![0]).toEqual(one![0]);
    two![1]!.forEach((list, i) => {
      list.forEach((x, j) => {
        expect(x).toBeCloseTo(one![1]![i]![j]!, 4);
      });
    });
  });

  test("operations with instructions of their own have the bits of one thread's", () => {
    const stack = normal(Key.of(6), [61, 5, 5]);
    const all = () => {
      const l = cholesky(matmul(stack, permute(stack, [0, 2, 1])));
      return numbers([triangularSolve(l, stack), sort(stack, 1), topK(stack, 2), cumulativeProduct(stack)]);
    };
    const one = on(1, all);
    expect(on(3, all)).toEqual(one);
  });

  test("no rows at all", () => {
    const [cell] = subjects["a reversed GRU"];
    const { rows, sums } = on(4, () => compute(cell, chain([0, 0])));
    expect(rows).toEqual([[], []]);
    for (const x of sums.flat()) expect(x).toBe(0);
  });

  const cells = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 1000) / 10;
  test(`${cells} random cells on two threads: value and gradient are the reference's`, () => {
    for (let seed = 1; seed <= cells; seed++) {
      const run = (name: ExecutorName) => {
        useExecutor(executor(name));
        const subject = randomSubject(seed, { sets: seed % 2 === 0 });
        const f = lossOf(subject, "compiled") as (p: never) => Value;
        const { value, grads } = valueAndGrad(f)(pointOf(subject) as never);
        return numbers({ value, grads });
      };
      const wanted = run("reference");
      const got = on(2, () => run(name));
      got.forEach((list, i) => {
        const size = Math.max(1, ...wanted[i]!.map(Math.abs));
        list.forEach((x, j) => {
          expect(Math.abs(x - wanted[i]![j]!) / size, `seed ${seed}`).toBeLessThan(1e-12);
        });
      });
    }
  });

  test("the report tells the number", () => {
    const { detail, threads } = on(3, () => executorReport()).find((e) => e.name === name)!;
    expect(threads).toBe(3);
    expect(detail).toMatch(/, 3 threads(; this host has no relaxed simd)?$/);
  });

  test("a number that is none is an error", () => {
    for (const wrong of [0, -1, 1.5, 65, Number.NaN])
      expect(() => useThreads(wrong)).toThrow(`useThreads: count is an integer from 1 to 64, got ${wrong}`);
  });

  const run = (script: string, env: Record<string, string> = {}) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...process.env, LONGSPAN_EXECUTOR: name, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const training = `
    import { chain, defaultExecutor, executor, executorReport, Key, lstm, normal, sum, unfold, valueAndGrad } from ${JSON.stringify(entry)};
    const cell = lstm({ input: 8, hidden: 32 });
    const params = cell.init(Key.of(1));
    const x = normal(Key.of(2), [600, 8]);
    valueAndGrad((p) => sum(unfold(cell, p, { x }, chain([300, 300])).output))(params);
    export const threads = executorReport().find((e) => e.name === defaultExecutor().name).threads;`;

  test("LONGSPAN_THREADS sets the number, and the process ends by itself", () => {
    expect(run(`${training} console.log(threads);`, { LONGSPAN_THREADS: "4" }).trim()).toBe("4");
    expect(() => run(training, { LONGSPAN_THREADS: "many" })).toThrow(
      "LONGSPAN_THREADS: many threads; expected a whole number from 1 to 64",
    );
  });

  test("threads of Node have threads of their own, and end with them", () => {
    const script = `
      import { Worker } from "node:worker_threads";
      const code = ${JSON.stringify(`${training} (await import("node:worker_threads")).parentPort.postMessage(threads);`)};
      const url = new URL("data:text/javascript," + encodeURIComponent(code));
      const answers = await Promise.all([1, 2, 3].map(() => new Promise((done, failed) => {
        const worker = new Worker(url);
        let said;
        worker.on("message", (m) => { said = m; });
        worker.on("error", failed);
        worker.on("exit", () => done(said));
      })));
      console.log(answers.join());`;
    expect(run(script, { LONGSPAN_THREADS: "2" }).trim()).toBe("2,2,2");
  });
});
