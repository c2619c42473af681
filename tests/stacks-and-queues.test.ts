import {
  actionStacks,
  chain,
  checkDerivatives,
  concat,
  dequeMemory,
  fromArray,
  Key,
  lstm,
  type Memory,
  mul,
  normal,
  onCpu,
  perceptron,
  queueMemory,
  slice,
  stackMemory,
  sum,
  type Tensor,
  unfold,
  uniform,
  type Value,
  withMemory,
} from "longspan";
import { describe, expect, test } from "vitest";
import { type ListTwin, mix, orderOf, twins } from "./memory/strengths-twin.js";
import { toldCell } from "./memory/told.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const width = 3;
const lists = { stackMemory, queueMemory, dequeMemory };
const names = Object.keys(lists) as (keyof typeof lists)[];

/** What a twin reads over steps of emitted numbers. */
function readByTwin(name: keyof typeof lists, emitted: readonly number[], rows: number) {
  const twin: ListTwin = { rows: [] };
  const ends = name === "dequeMemory" ? 2 : 1;
  const reads: number[] = [];
  for (let at = 0; at < emitted.length; ) {
    const orders = Array.from({ length: ends }, () => {
      at += width + 2;
      return orderOf(emitted.slice(at - width - 2, at), width);
    });
    reads.push(...twins[name](twin, orders, rows));
  }
  return { reads, twin };
}

function expectClose(actual: readonly number[], expected: readonly number[], digits = 12) {
  expect(actual.length).toBe(expected.length);
  for (const [i, v] of actual.entries()) expect(v, `number ${i}`).toBeCloseTo(expected[i]!, digits);
}

describe.each(names)("%s", (name) => {
  test.each([
    { rows: 12, loop: "compiled" },
    { rows: 12, loop: "plain" },
    // Fewer rows than steps: the oldest push of an end is gone.
    { rows: 4, loop: "compiled" },
    { rows: 1, loop: "compiled" },
  ] as const)("is its equations with $rows rows over 12 steps, $loop", ({ rows, loop }) => {
    for (const seed of [1, 2, 3]) {
      const memory = lists[name]({ rows, width });
      const x = mul(normal(Key.of(seed), [12, memory.emits], "float64"), 2);
      const { output, final } = unfold(toldCell(memory), {}, { x }, chain([12]), { loop });
      const { reads, twin } = readByTwin(name, numbers(x), rows);
      expectClose(numbers(output), reads);
      expect(numbers(final.strengths).reduce((a, b) => a + b)).toBeCloseTo(
        twin.rows.reduce((total, { strength }) => total + strength, 0),
        12,
      );
    }
  });

  test("is an ordinary one where strengths are 0 or 1", () => {
    const steps = 60;
    const memory = lists[name]({ rows: steps, width, pushBias: 0, popBias: 0 });
    for (const seed of [1, 2, 3, 4]) {
      const drawn = numbers(uniform(Key.of(seed), [steps * 2 * (width + 2)]));
      const below = (n: number) => Math.floor(n * drawn.pop()!);
      const ordinary: number[][] = [];
      const expected: number[] = [];
      const emitted: number[] = [];
      const empty = Array<number>(width).fill(0);
      for (let t = 0; t < steps; t++) {
        const orders = Array.from({ length: name === "dequeMemory" ? 2 : 1 }, () => ({
          value: Array.from({ length: width }, () => below(1000) / 500 - 1),
          push: below(3) > 0,
          pop: below(2) > 0,
        }));
        emitted.push(
          ...orders.flatMap(({ value, push, pop }) => [...value, push ? 1000 : -1000, pop ? 1000 : -1000]),
        );
        const [top, bottom] = orders;
        if (top!.pop) name === "queueMemory" ? ordinary.shift() : ordinary.pop();
        if (bottom?.pop) ordinary.shift();
        if (top!.push) ordinary.push(top!.value.map(Math.tanh));
        if (bottom?.push) ordinary.unshift(bottom.value.map(Math.tanh));
        if (name !== "queueMemory") expected.push(...(ordinary.at(-1) ?? empty));
        if (name !== "stackMemory") expected.push(...(ordinary[0] ?? empty));
      }
      const x = fromArray(emitted, [steps, memory.emits], "float64");
      const { output, final } = unfold(toldCell(memory), {}, { x }, chain([steps]));
      expectClose(numbers(output), expected, 14);
      // Rows that are there count wholly, all others not at all.
      const strengths = numbers(final.strengths);
      expect(strengths.every((s) => s === 0 || s === 1)).toBe(true);
      expect(strengths.filter((s) => s === 1).length).toBe(ordinary.length);
    }
  });
});

describe.each([
  { noOperation: false, top: 2, rounded: false },
  { noOperation: true, top: 1, rounded: false },
  { noOperation: true, top: 3, rounded: true },
])("action stacks, no operation $noOperation, top $top, rounded $rounded", (settings) => {
  const [stacks, depth, steps] = [3, 4, 15];
  const memory = actionStacks({ stacks, depth, ...settings });

  test.each(["compiled", "plain"] as const)("are their equations, %s", (loop) => {
    const x = normal(Key.of(5), [steps, memory.emits], "float64");
    const { output, final } = unfold(toldCell(memory), {}, { x }, chain([steps]), { loop });
    const twin = Array.from({ length: stacks }, () => Array<number>(depth).fill(-1));
    const emitted = numbers(x);
    const reads = Array.from({ length: steps }, (_, t) =>
      mix(twin, emitted.slice(t * memory.emits, (t + 1) * memory.emits), {
        actions: settings.noOperation ? 3 : 2,
        empty: -1,
        ...settings,
      }),
    );
    expectClose(numbers(output), reads.flat());
    expectClose(
      numbers(final.memory),
      Array.from({ length: depth }, (_, i) => twin.map((stack) => stack[i]!)).flat(),
    );
  });
});

test("rounded action stacks count without loss, however deep", () => {
  const memory = actionStacks({ stacks: 1, depth: 100, rounded: true });
  // Even a weak preference is carried out wholly.
  const orders = [...Array(90).fill([0.1, 0, 3]), ...Array(90).fill([0, 0.1, 3])].flat();
  const { output } = unfold(
    toldCell(memory),
    {},
    { x: fromArray(orders, [180, 3], "float64") },
    chain([180]),
  );
  const tops = numbers(output).filter((_, i) => i % 2 === 0);
  const pushed = 1 / (1 + Math.exp(-3));
  expect(tops.slice(0, 179).every((v) => Math.abs(v - pushed) < 1e-14)).toBe(true);
  expect(tops[179]).toBe(-1);
});

test("more of a stack than there is cannot be seen", () => {
  expect(() => actionStacks({ stacks: 2, depth: 3, top: 4 })).toThrow(
    "actionStacks: top is 4 and depth is 3; the controller cannot see more of a stack than there is",
  );
});

const memories: readonly (readonly [string, Memory])[] = [
  ["stackMemory", stackMemory({ rows: 7, width }) as unknown as Memory],
  ["queueMemory", queueMemory({ rows: 7, width }) as unknown as Memory],
  ["dequeMemory", dequeMemory({ rows: 4, width }) as unknown as Memory],
  ["actionStacks", actionStacks({ stacks: 3, depth: 4 }) as unknown as Memory],
  [
    "actionStacks with no operation",
    actionStacks({ stacks: 2, depth: 3, noOperation: true }) as unknown as Memory,
  ],
];

describe.each(memories)("%s", (_, memory) => {
  const cell = toldCell(memory);
  // Fractions of every size, some of which take all that there is.
  const drawn = (steps: number, seed: number) =>
    mul(normal(Key.of(seed), [steps, memory.emits], "float64"), 1.5);

  test("has right first and second derivatives, of what it is told and of where it starts", () => {
    const c = normal(Key.of(8), [7, memory.reads], "float64");
    const loss = (x: Value) => sum(mul(c, unfold(cell, {}, { x }, chain([7])).output));
    const found = checkDerivatives(loss, drawn(7, 2) as Tensor, { second: true });
    expect(found.first).toBeLessThan(1e-6);
    expect(found.second).toBeLessThan(1e-6);
    const x = drawn(7, 3);
    const initial = Object.fromEntries(
      Object.entries(memory.state).map(([slot, shape], i) => [
        slot,
        // Above 0, and no sum of them 1: there are kinks.
        slot === "strengths"
          ? uniform(Key.of(i), [1, ...shape], "float64")
          : normal(Key.of(i), [1, ...shape], "float64"),
      ]),
    );
    const fromStart = checkDerivatives(
      (start: typeof initial) =>
        sum(mul(c, unfold(cell, {}, { x }, chain([7]), { initial: start as never }).output)),
      initial as never,
      { second: true },
    );
    expect(fromStart.first).toBeLessThan(1e-6);
    expect(fromStart.second).toBeLessThan(1e-6);
  });

  test.each([
    ["lstm", lstm],
    ["perceptron", perceptron],
  ] as const)("has right derivatives of the parameters of its controller, %s", (_, controller) => {
    const machine = withMemory(controller as typeof lstm, { input: 2, hidden: 3, memory });
    const x = normal(Key.of(4), [10, 2], "float64");
    const c = normal(Key.of(8), [10, 3 + memory.reads], "float64");
    const loss = (params: unknown) =>
      sum(mul(c, unfold(machine, params as never, { x }, chain([6, 4])).output as Value));
    const found = checkDerivatives(loss, machine.init(Key.of(6), "float64") as never, { second: true });
    expect(found.first).toBeLessThan(1e-6);
    expect(found.second).toBeLessThan(1e-6);
  });

  test("gives each sequence of a batch what it gives it alone", () => {
    const lengths = [5, 2, 7];
    const structure = chain(lengths);
    const apart = lengths.map((steps, i) => drawn(steps, 10 + i));
    const { output, final } = unfold(cell, {}, { x: structure.pack(concat(apart, 0)) }, structure);
    const alone = apart.map((x, i) => unfold(cell, {}, { x }, chain([lengths[i]!])));
    expect(numbers(structure.unpack(output))).toEqual(alone.flatMap((one) => numbers(one.output)));
    for (const [slot, value] of Object.entries(final))
      expect(numbers(value)).toEqual(alone.flatMap((one) => numbers(one.final[slot]!)));
  });

  test("goes on where it was broken off", () => {
    const x = drawn(9, 4);
    const whole = unfold(cell, {}, { x }, chain([9]));
    const first = unfold(cell, {}, { x: slice(x, 0, 0, 4) }, chain([4]));
    const second = unfold(cell, {}, { x: slice(x, 0, 4, 9) }, chain([5]), { initial: first.final as never });
    expect([...numbers(first.output), ...numbers(second.output)]).toEqual(numbers(whole.output));
  });
});
