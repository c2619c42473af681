import {
  add,
  chain,
  concat,
  defineCell,
  eraseAndAdd,
  fromArray,
  Key,
  lstm,
  machineTable,
  memoryReport,
  mul,
  normal,
  onCpu,
  readRows,
  recurrent,
  reshape,
  sigmoid,
  slice,
  softmax,
  square,
  stacked,
  sum,
  turingMemory,
  unfold,
  type Value,
  withMemory,
} from "longspan";
import { describe, expect, test } from "vitest";

const [rows, width] = [4, 3];
const told = 2 * rows + 2 * width;

/** A tape that is told where to read and where to write, what to erase and what to add; `first`: it reads what it has just written. */
const tape = ({ first = false, read = "read" }: { first?: boolean; read?: string } = {}) =>
  defineCell({
    name: "tape",
    inputs: () => ({ x: [told] }),
    state: () => ({
      memory: [rows, width],
      readWeights: [1, rows],
      writeWeights: [1, rows],
      [read]: [width],
    }),
    start: () => ({ memory: 0.25 }),
    params: () => ({}),
    step({ x, memory }) {
      const part = (from: number, size: number) => reshape(slice(x, 0, from, from + size), [1, size]);
      const [r, w] = [part(0, rows), part(rows, rows)];
      const next = eraseAndAdd(memory!, w, part(2 * rows, width), part(2 * rows + width, width));
      const answer = reshape(readRows(r, first ? next : memory!), [width]);
      return {
        state: { memory: next, readWeights: r, writeWeights: w, [read]: answer } as never,
        output: answer,
      };
    },
  })(undefined);

/** What a tape is told: shares that sum to 1, erasing between 0 and 1, any numbers to add. */
function orders(steps: number, key = 1): Value {
  const raw = normal(Key.of(key), [steps, told], "float64");
  const weights = (at: number) => softmax(mul(slice(raw, 1, at, at + rows), 2));
  return concat(
    [
      weights(0),
      weights(rows),
      sigmoid(slice(raw, 1, 2 * rows, 2 * rows + width)),
      slice(raw, 1, 2 * rows + width, told),
    ],
    1,
  );
}

const hot = (row: number) => Array.from({ length: rows }, (_, i) => (i === row ? 1 : 0));

/** The equations of a tape by hand: what is read, what is in the memory after each step, and what is told. */
function byHand(x: ArrayLike<number>, steps: number, first: boolean) {
  let m = Array.from({ length: rows }, () => Array<number>(width).fill(0.25));
  return Array.from({ length: steps }, (_, t) => {
    const at = (from: number, size: number) =>
      Array.from({ length: size }, (_, i) => x[t * told + from + i]!);
    const [r, w, e, a] = [at(0, rows), at(rows, rows), at(2 * rows, width), at(2 * rows + width, width)];
    const before = m;
    m = m.map((row, i) => row.map((v, j) => v * (1 - w[i]! * e[j]!) + w[i]! * a[j]!));
    const from = first ? m : before;
    const read = a.map((_, j) => r.reduce((total, weight, i) => total + weight * from[i]![j]!, 0));
    return { r, w, e, a, before, memory: m, from, read };
  });
}

describe.each([false, true])("a tape that is told where to read and write, read at once: %s", (first) => {
  const steps = 6;
  const x = orders(steps);
  const hand = byHand(onCpu(x).toArray(), steps, first);
  const cell = tape({ first });
  /** sum over t of (t + 1) |r(t)|^2, so that dL/dr(t) = 2 (t + 1) r(t). */
  const loss = (params: { x: Value }) => {
    const { output } = unfold(cell, {}, { x: params.x }, chain([steps]));
    return sum(
      mul(
        square(output),
        fromArray(
          Float64Array.from({ length: steps * width }, (_, k) => Math.floor(k / width) + 1),
          [steps, width],
          "float64",
        ),
      ),
    );
  };
  const report = memoryReport(loss as never, { x });
  const ofRead = (t: number) => hand[t]!.read.map((v) => 2 * (t + 1) * v);
  /** dr_j(t)/da_j(s): the weight with which a number that is written at s is read at t, in row i. */
  const share = (t: number, s: number, i: number, j: number) => {
    if (s > t || (s === t && !first)) return 0;
    let kept = hand[t]!.r[i]! * hand[s]!.w[i]!;
    for (let u = s + 1; u < (first ? t + 1 : t); u++) kept *= 1 - hand[u]!.w[i]! * hand[u]!.e[j]!;
    return kept;
  };

  test("contents and weights are those by hand", async () => {
    const { loss, layers } = await report;
    const [{ contents, weights, steps: n }] = layers[0]!.sequences as never as [
      (typeof layers)[0]["sequences"][0],
    ];
    expect([n, layers[0]!.rows, layers[0]!.width, layers[0]!.cell]).toEqual([steps, rows, width, "tape"]);
    expect(loss).toBeCloseTo(
      hand.reduce((total, { read }, t) => total + (t + 1) * read.reduce((a, v) => a + v * v, 0), 0),
      12,
    );
    hand.forEach(({ memory, r, w }, t) => {
      memory.flat().forEach((v, k) => {
        expect(contents[t * rows * width + k]).toBeCloseTo(v, 12);
      });
      expect(weights.map(({ slot, head }) => [slot, head])).toEqual([
        ["readWeights", 0],
        ["writeWeights", 0],
      ]);
      r.forEach((v, i) => {
        expect(weights[0]!.values[t * rows + i]).toBe(v);
        expect(weights[1]!.values[t * rows + i]).toBe(w[i]);
      });
    });
  });

  test("dL/dw(i) of reading is what stands in row i along dL/dr, and that of writing what a write does to later reads", async () => {
    const { weights, gradients } = (await report).layers[0]!.sequences[0]!;
    hand.forEach(({ from, before, e, a }, t) => {
      for (let i = 0; i < rows; i++) {
        const reading = ofRead(t).reduce((total, g, j) => total + g * from[i]![j]!, 0);
        expect(weights[0]!.gradients[t * rows + i]).toBeCloseTo(reading, 12);
        let writing = 0;
        for (let j = 0; j < width; j++) {
          // dL/dM(t)(i, j): by way of all later reads.
          let ofMemory = 0;
          for (let later = t; later < steps; later++) {
            if (later === t && !first) continue;
            let kept = hand[later]!.r[i]!;
            for (let u = t + 1; u < (first ? later + 1 : later); u++)
              kept *= 1 - hand[u]!.w[i]! * hand[u]!.e[j]!;
            ofMemory += kept * ofRead(later)[j]!;
          }
          expect(gradients[(t * rows + i) * width + j]).toBeCloseTo(ofMemory, 12);
          writing += ofMemory * (a[j]! - before[i]![j]! * e[j]!);
        }
        expect(weights[1]!.gradients[t * rows + i]).toBeCloseTo(writing, 12);
      }
    });
  });

  test("the path from a read to a write is the product of shares that are kept between them", async () => {
    const path = (await report).layers[0]!.sequences[0]!.path!;
    for (let t = 0; t < steps; t++) {
      const { read } = hand[t]!;
      const square = read.reduce((total, v) => total + v * v, 0);
      let whole = path.start[t]!;
      for (let s = 0; s < steps; s++) {
        let [of, length] = [0, 0];
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < width; j++) {
            const written = share(t, s, i, j) * hand[s]!.a[j]!;
            of += read[j]! * written;
            length += (ofRead(t)[j]! * written) ** 2;
          }
        expect(path.shares[t * steps + s]).toBeCloseTo(of / square, 12);
        expect(path.gradients[t * steps + s]).toBeCloseTo(Math.sqrt(length), 12);
        whole += path.shares[t * steps + s]!;
      }
      expect(whole).toBeCloseTo(1, 12);
    }
  });
});

test("what was written and erased before it was read: shares of 0 and 1", async () => {
  // Written to row 0 at step 0, to row 1 at step 1, over row 0 at step 2; then row 1 is read, row 0, and row 3, which holds its start.
  const at = (read: number, write: number | null, value: number) => [
    ...hot(read),
    ...(write === null ? Array<number>(rows).fill(0) : hot(write)),
    ...Array<number>(width).fill(1),
    ...Array<number>(width).fill(value),
  ];
  const x = Float64Array.from(
    [at(3, 0, 5), at(3, 1, 7), at(3, 0, 9), at(1, null, 0), at(0, null, 0), at(3, null, 0)].flat(),
  );
  const report = await memoryReport(
    ((params: { x: Value }) => sum(unfold(tape(), {}, { x: params.x }, chain([6])).output)) as never,
    { x: fromArray(x, [6, told], "float64") },
  );
  const { path, steps } = report.layers[0]!.sequences[0]!;
  const row = (of: Float64Array, t: number) =>
    Array.from(of.subarray(t * steps, (t + 1) * steps), (v) => Math.round(v * 1e9) / 1e9);
  expect(row(path!.shares, 3)).toEqual([0, 1, 0, 0, 0, 0]);
  expect(row(path!.shares, 4)).toEqual([0, 0, 1, 0, 0, 0]);
  expect(row(path!.shares, 5)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(Array.from(path!.start)).toEqual([1, 1, 1, 0, 0, 1]);
  // dL/dr = 1 in each of three features, of which 9 was written.
  expect(row(path!.gradients, 4)[2]).toBeCloseTo(9 * Math.sqrt(3), 9);
});

test("a Turing machine in a stack of layers: shares of what is read sum to 1, dL/dw as finite differences say", async () => {
  const cell = withMemory(lstm, { input: 3, hidden: 4, memory: turingMemory({ rows, width, readHeads: 2 }) });
  const layer = stacked([
    recurrent(lstm({ input: 2, hidden: 3 })),
    recurrent(cell),
    recurrent(lstm({ input: 10, hidden: 2 })),
  ] as never);
  const x = normal(Key.of(2), [12, 2], "float64");
  const params = layer.init(Key.of(1), "float64");
  const structure = chain([5, 7]);
  const loss = ((p: never) => sum(square(layer.apply(p, x, structure).output))) as never;
  const { layers } = await memoryReport(loss, params);
  expect(layers.map(({ layer: k, cell: name }) => [k, name])).toEqual([[1, "lstm with turingMemory"]]);
  const { sequences } = layers[0]!;
  expect(sequences.map(({ steps }) => steps)).toEqual([5, 7]);
  for (const { steps, path } of sequences)
    for (let t = 0; t < steps; t++) {
      const whole = path!.shares
        .subarray(t * steps, (t + 1) * steps)
        .reduce((a, v) => a + v, path!.start[t]!);
      expect(whole).toBeCloseTo(1, 12);
      // What is read was written at an earlier step.
      expect(path!.shares.subarray(t * steps + t, (t + 1) * steps).every((v) => v === 0)).toBe(true);
    }
  // Weights of the second read head, at step 3 of the second sequence, as probes move them.
  const { slot, head, gradients } = sequences[1]!.weights[1]!;
  expect([slot, head]).toEqual(["readWeights", 1]);
  const inner = (params as unknown[])[1] as Parameters<typeof unfold>[1];
  const { output: below } = recurrent(lstm({ input: 2, hidden: 3 })).apply(
    (params as never[])[0]!,
    x,
    structure,
  );
  const above = (by: number, row: number) => {
    const moved = new Float64Array(12 * 2 * rows);
    const node = structure.rowsOf(1)[3]!;
    moved[node * 2 * rows + rows + row] = by;
    const probes = { formed: { readWeights: fromArray(moved, [12, 2, rows], "float64") } };
    const { output } = unfold(cell, inner as never, { x: below }, structure, { probes });
    const top = recurrent(lstm({ input: 10, hidden: 2 })).apply((params as never[])[2]!, output, structure);
    return onCpu(sum(square(top.output))).toArray()[0]!;
  };
  for (let i = 0; i < rows; i++)
    expect((above(1e-5, i) - above(-1e-5, i)) / 2e-5 / gradients[3 * rows + i]!).toBeCloseTo(1, 5);
});

test.each(Object.entries(machineTable))(
  "%s: what is read is made of what was written, and of what was there from the start",
  async (_, { make }) => {
    const cell = make({ input: 2, hidden: 5, rows: 6, width: 3 });
    const x = normal(Key.of(4), [8, 2], "float64");
    const { layers } = await memoryReport(
      ((p: never) => sum(square(unfold(cell, p, { x }, chain([8])).output as Value))) as never,
      cell.init(Key.of(5), "float64"),
    );
    const { path, steps, weights, gradients } = layers[0]!.sequences[0]!;
    for (const w of weights) expect(w.gradients.some((g) => g !== 0)).toBe(true);
    expect(gradients.some((g) => g !== 0)).toBe(true);
    for (let t = 0; t < steps; t++) {
      const row = path!.shares.subarray(t * steps, (t + 1) * steps);
      expect(row.reduce((a, v) => a + v, path!.start[t]!)).toBeCloseTo(1, 10);
      // Nothing is read before it is written.
      expect(row.subarray(t + 1).every((v) => v === 0)).toBe(true);
    }
  },
);

test("without a slot of what is read there is no path; the rest is there", async () => {
  const { layers } = await memoryReport(
    ((p: { x: Value }) =>
      sum(unfold(tape({ read: "answer" }), {}, { x: p.x }, chain([3, 2])).output)) as never,
    { x: orders(5) },
    { sequences: 1 },
  );
  expect(layers[0]!.sequences.length).toBe(1);
  expect(layers[0]!.sequences[0]).toMatchObject({ steps: 3, path: null });
  expect(layers[0]!.sequences[0]!.weights.length).toBe(2);
});

test("a loss without a memory is refused", async () => {
  const cell = lstm({ input: 2, hidden: 3 });
  const run = (p: never) => sum(unfold(cell, p, { x: add(normal(Key.of(1), [4, 2]), 0) }, chain([4])).output);
  await expect(memoryReport(run as never, cell.init(Key.of(1)))).rejects.toThrow(
    'memoryReport: none of the 1 recurrent layers that the loss runs has a memory, which is a slot "memory" [rows, width] of its state',
  );
});
