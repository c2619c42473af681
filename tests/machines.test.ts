import {
  type AnyCell,
  chain,
  checkDerivatives,
  differentiableNeuralComputer,
  executorReport,
  gru,
  neuralTuringMachine,
  recurrent,
  useThreads,
} from "longspan";
import {
  castTree,
  defaultExecutor,
  executor,
  fromArray,
  Key,
  leafEntries,
  leaves,
  mapTree,
  mul,
  normal,
  onCpu,
  scope,
  sum,
  type Tensor,
  tanh,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
} from "longspan/engine";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { libraryMachines } from "./library-cells.js";
import { compare, distance, innerProductError, lossOf, pointOf } from "./random-cells/compare.js";
import type { Subject } from "./random-cells/generate.js";

// What every cell with a memory is held to: one row of the table of machines enrols it.

const [input, hidden] = [3, 4];
const sizes = { input, hidden, rows: 5, width: 3 };
const corrections = { maskedKeys: true, deallocation: true, sharpenedLinks: true };

const machines: readonly (readonly [name: string, cell: AnyCell])[] = [
  ...libraryMachines(sizes),
  [
    "ntm with several heads, on a GRU",
    neuralTuringMachine(gru, { ...sizes, readHeads: 2, writeHeads: 2 }) as AnyCell,
  ],
  [
    "dnc with its corrections, on a GRU",
    differentiableNeuralComputer(gru, { ...sizes, readHeads: 2, ...corrections }) as AnyCell,
  ],
];

/**
 * A machine over sequences of different lengths; the memory starts from anything, what else it keeps from where it says. Where the memory
 * starts by itself, from 1e-6, cosines have derivatives of 1e6, and rounding is as much larger in them.
 */
function subjectOf(cell: AnyCell, structure = chain([5, 2, 0, 4])): Subject {
  const params = cell.init(Key.of(1), "float64") as Record<string, Tensor>;
  let i = 0;
  const { memory } = cell.state;
  return {
    seed: 7,
    cell,
    structure,
    params: mapTree(params, (v) => mul(normal(Key.of(2).fold(i++), v.shape, "float64"), 0.7)),
    inputs: { x: normal(Key.of(3), [structure.nodes, input], "float64") },
    initial: memory ? { memory: normal(Key.of(4), [structure.parts.sources, ...memory], "float64") } : {},
    smooth: true,
    features: [],
  };
}

const before = defaultExecutor();
const native = missing("native")
  ? undefined
  : (executor("native") as unknown as { inner: { leastShared: number } }).inner;
afterEach(() => {
  useThreads(1);
  useExecutor(before);
  if (native) native.leastShared = 50_000;
});
afterAll(() => useExecutor(before));
const numbers = (tree: unknown) => leaves(tree).map((v) => Array.from(onCpu(v as Value).toArray()));
const entries = (tree: unknown) => leafEntries(tree).map(([path, v]) => [path, numbers(v)]);

describe.each(machines)("%s", (_, cell) => {
  test("first and second derivatives are central differences'", () => {
    const subject = subjectOf(cell);
    const { first, second } = checkDerivatives(
      lossOf(subject, "compiled") as never,
      pointOf(subject) as never,
      {
        second: true,
      },
    );
    expect(first).toBeLessThan(1e-6);
    expect(second).toBeLessThan(1e-6);
  });

  test("from where it starts by itself, too", () => {
    const subject = { ...subjectOf(cell), initial: {} };
    const { first, second } = checkDerivatives(
      lossOf(subject, "compiled") as never,
      pointOf(subject) as never,
      {
        second: true,
        epsilon: 1e-6,
      },
    );
    expect(first).toBeLessThan(1e-6);
    expect(second).toBeLessThan(1e-6);
  });

  test("compiled equals the plain loop in value, gradient and Hessian-vector product, in full and from checkpoints", () => {
    for (const c of compare(subjectOf(cell))) {
      expect(c.value, c.mode).toBeLessThan(1e-12);
      expect(c.gradient, `${c.mode} ${c.where}`).toBeLessThan(1e-11);
      expect(c.hessian, `${c.mode} ${c.where}`).toBeLessThan(1e-10);
    }
    expect(innerProductError(subjectOf(cell))).toBeLessThan(1e-11);
  });

  test("truncated, the gradients are the plain loop's", () => {
    const subject = subjectOf(cell);
    const run = (loop: "plain" | "compiled") =>
      valueAndGrad(lossOf(subject, loop, { kind: "truncated", every: 2 }) as never)(pointOf(subject) as never)
        .grads;
    expect(distance(run("plain"), run("compiled")).error).toBeLessThan(1e-11);
  });

  for (const { name } of executorRows.filter((r) => r.name !== "reference"))
    test.skipIf(missing(name) !== undefined)(`on ${name}: value and gradients are the reference's`, () => {
      // Numbers that both types and all executors can have exactly.
      useExecutor(executorOf("reference"));
      const { params, inputs, initial, structure } = subjectOf(cell, chain([9, 9, 4, 1, 0]));
      const { output } = unfold(cell, params as never, inputs as never, structure);
      const weights = normal(Key.of(3), output.shape);
      const here = castTree({ params, inputs, initial, weights }, "float32");
      const compute = (on: string, dtype: "float32" | "float64") => {
        useExecutor(executorOf(on));
        const there = mapTree(here, (v) => fromArray(onCpu(v).toArray(), v.shape));
        const { weights: w, ...point } = castTree(there, dtype);
        const f = ({ params: p, inputs: x, initial: from }: typeof point) =>
          sum(mul(unfold(cell, p as never, x as never, structure, { initial: from as never }).output, w));
        return numbers(valueAndGrad(f as never)(point as never));
      };
      const reference = compute("reference", "float64");
      const worst = (of: readonly number[][]) =>
        Math.max(
          ...reference.flatMap((list, i) => {
            const size = Math.max(1, ...list.map(Math.abs));
            return list.map((x, j) => Math.abs(x - of[i]![j]!) / size);
          }),
        );
      expect(worst(compute(name, "float64"))).toBeLessThan(1e-12);
      expect(worst(compute(name, "float32"))).toBeLessThan(1e-4);
    });

  test("a batch is its members alone, bit by bit, in outputs, last states and input gradients", () => {
    const lengths = [7, 4, 4, 1];
    const params = cell.init(Key.of(1)) as never;
    const sequences = lengths.map((n, i) => numbers(normal(Key.of(5 + i), [n, input]))[0]!);
    const run = (chosen: readonly number[]) => {
      const structure = chain(chosen.map((i) => lengths[i]!));
      const packed: number[] = [];
      const owner: number[] = [];
      // Time-major, longest first: the row order of a chain.
      for (let t = 0; t < 7; t++)
        for (const i of chosen)
          if (t < lengths[i]!) {
            packed.push(...sequences[i]!.slice(t * input, (t + 1) * input));
            owner.push(i);
          }
      const x = fromArray(packed, [owner.length, input]);
      const { output, final } = unfold(cell, params, { x }, structure);
      const { grads } = valueAndGrad((p: { x: Value }) =>
        sum(tanh(unfold(cell, params, { x: p.x }, structure).output)),
      )({ x });
      const rows = [output, (grads as { x: Value }).x].map((v) => [numbers(v)[0]!, v.shape[1]!] as const);
      const ends = leaves(final).map((v) => [numbers(v)[0]!, v.size / chosen.length] as const);
      const cut = ([all, n]: readonly [number[], number], r: number) => all.slice(r * n, (r + 1) * n);
      return new Map(
        chosen.map((i, k) => [
          i,
          [
            ...owner.flatMap((q, r) => (q === i ? rows.map((list) => cut(list, r)) : [])),
            ...ends.map((list) => cut(list, k)),
          ],
        ]),
      );
    };
    const together = run([0, 1, 2, 3]);
    for (const i of [0, 1, 2, 3]) expect(run([i]).get(i), `sequence ${i}`).toEqual(together.get(i));
  });

  test("each step of a stream has the bits of the whole sequence, and so has the last state", () => {
    const layer = recurrent(cell);
    const params = layer.init(Key.of(1));
    const x = scope(() => normal(Key.of(3), [6, input])) as Tensor;
    const whole = layer.apply(params as never, x, chain([6]));
    const expected = numbers(whole.output)[0]!;
    const stream = layer.stream(params as never);
    const width = expected.length / 6;
    const rows = onCpu(x).toArray();
    for (let t = 0; t < 6; t++)
      expect(Array.from(stream.step(rows.subarray(t * input, (t + 1) * input)))).toEqual(
        expected.slice(t * width, (t + 1) * width),
      );
    expect(entries(stream.state)).toEqual(entries(whole.final));
    stream.dispose();
  });

  test.skipIf(missing("native") !== undefined)(
    "two threads: rows have the bits of one thread's, sums are equal to rounding",
    () => {
      useExecutor(executor("native"));
      // However little there is to do, it is shared.
      native!.leastShared = 0;
      const structure = chain([5, 5, 3, 2, 1]);
      const params = cell.init(Key.of(1));
      const x = normal(Key.of(2), [structure.nodes, input]);
      const run = (threads: number) => {
        useThreads(threads);
        const { output, final } = unfold(cell, params as never, { x }, structure);
        const f = (p: { params: unknown; x: Value }) =>
          sum(tanh(unfold(cell, p.params as never, { x: p.x }, structure).output));
        const { grads } = valueAndGrad(f as never)({ params, x } as never);
        const { params: sums, x: rows } = grads as unknown as { params: unknown; x: Value };
        return { rows: numbers([output, final, rows]), sums };
      };
      expect(executorReport().find((e) => e.name === "native")?.available).toBe(true);
      const [one, two] = [run(1), run(2)];
      expect(two.rows).toEqual(one.rows);
      expect(distance(one.sums, two.sums).error).toBeLessThan(1e-5);
    },
  );
});
