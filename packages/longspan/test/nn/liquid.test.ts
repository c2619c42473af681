import {
  chain,
  fromArray,
  Key,
  type LiquidConfig,
  liquid,
  normal,
  onCpu,
  recurrent,
  ridgeReadout,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { liquidWeights } from "../../src/nn/liquid/wiring.js";
import { distance } from "../linear-algebra/matrices.js";

const numbers = (v: Value) => onCpu(v).toArray();

/** The intervals between the spikes of one neuron under a constant current. */
function intervals(config: Partial<LiquidConfig>, steps: number): number[] {
  // With so short a trace the output is the spikes.
  const cell = liquid({ input: 1, column: [1, 1, 1], reach: 0, trace: 1e-3, ...config });
  const { output } = unfold(
    cell,
    cell.init(Key.of(1), "float64"),
    { x: zeros([steps, 1], "float64") },
    chain([steps]),
  );
  const spikes = [...numbers(output)].flatMap((z, t) => (z > 0.5 ? [t] : []));
  return spikes.slice(1).map((t, i) => t - spikes[i]!);
}

describe("a leaky neuron under constant current", () => {
  for (const [current, step, type] of [
    [14, 1, "excitatory"],
    [15.5, 1, "excitatory"],
    [16, 0.1, "excitatory"],
    [20, 0.25, "inhibitory"],
    [40, 0.5, "inhibitory"],
  ] as const) {
    const refractory = type === "excitatory" ? 3 : 2;
    test(`${current} nA, steps of ${step} ms, ${type}: the rate known in closed form`, () => {
      const found = intervals({ background: current, step, inhibitory: type === "inhibitory" ? 1 : 0 }, 4000);
      if (current < 15) {
        expect(found).toEqual([]);
        return;
      }
      const charging = 30 * Math.log((current - 13.5) / (current - 15));
      const exact = refractory / step + Math.ceil(charging / step);
      expect(found.length).toBeGreaterThan(5);
      expect(new Set(found)).toEqual(new Set([exact]));
      // Per second, within what the rounding to whole steps leaves.
      const rate = 1000 / (exact * step);
      expect(rate).toBeLessThanOrEqual(1000 / (refractory + charging));
      expect(rate).toBeGreaterThan(1000 / (refractory + charging + step));
    });
  }
});

test("the equations, in plain loops with the cell's own weights", () => {
  const config = {
    input: 2,
    column: [3, 3, 3],
    step: 0.5,
    delay: { base: 0.4, perDistance: 0.6 },
    reach: 3,
  } as const;
  const cell = liquid(config);
  const params = cell.init(Key.of(7), "float64");
  const [n, steps] = [27, 300];
  const x = numbers(normal(Key.of(8), [steps, 2], "float64")).map((u) => (u > 1.2 ? 1 : 0));
  const { output, final } = unfold(cell, params, { x: fromArray(x, [steps, 2], "float64") }, chain([steps]));
  const [U, W] = [numbers(params.U), numbers(params.W)];
  const delays = W.length / (n * n);
  expect(delays).toBe(Math.round((0.4 + 0.6 * Math.hypot(2, 2, 2)) / 0.5));
  const inhibitory = 5;
  const kept = (time: number) => Math.exp(-0.5 / time);
  const v = new Float64Array(n);
  const until = new Float64Array(n).fill(-1);
  const synapses: Float64Array[] = [];
  const arriving = [0, 0];
  const trace = new Float64Array(n);
  let spikes = 0;
  let worst = 0;
  const mine = numbers(output);
  for (let t = 0; t < steps; t++) {
    for (const i of [0, 1]) arriving[i] = arriving[i]! * kept(3) + x[t * 2 + i]!;
    const before = synapses.at(-1) ?? new Float64Array(n);
    const now = before.map((s, j) => s * kept(j < n - inhibitory ? 3 : 6));
    for (let i = 0; i < n; i++) {
      let current = 13.5 + arriving[0]! * U[i]! + arriving[1]! * U[n + i]!;
      for (let d = 1; d <= delays; d++)
        for (let j = 0; j < n; j++) current += (synapses.at(-d)?.[j] ?? 0) * W[((d - 1) * n + j) * n + i]!;
      v[i] = t <= until[i]! ? 13.5 : v[i]! * kept(30) + (1 - kept(30)) * current;
      trace[i] = trace[i]! * kept(30);
      if (v[i]! >= 15) {
        spikes += 1;
        v[i] = 13.5;
        until[i] = t + (i < n - inhibitory ? 6 : 4);
        now[i]! += 1;
        trace[i]! += 1 - kept(30);
      }
      worst = Math.max(worst, Math.abs(trace[i]! - mine[t * n + i]!));
    }
    synapses.push(now);
  }
  expect(spikes).toBeGreaterThan(200);
  expect(worst).toBeLessThan(1e-12);
  expect(
    numbers(final.recent)
      .slice(0, n)
      .every((s, j) => Math.abs(s - synapses.at(-1)![j]!) < 1e-12),
  ).toBe(true);
});

describe("wiring", () => {
  const wiring = { column: [5, 5, 8] as const, inhibitory: 40, reach: 1e9, weightScale: 2, delay: () => 1 };
  test("types decide how often neurons are connected, and how strongly", () => {
    const n = 200;
    const W = numbers(liquidWeights(wiring, 1).initialise(Key.of(1), [n, n], "float64"));
    const [frequency, strength] = [
      [
        [0.3, 0.2],
        [0.4, 0.1],
      ],
      [
        [60, 120],
        [-38, -38],
      ],
    ];
    const found = [0, 1].map((a) =>
      [0, 1].map((b) => {
        const weights: number[] = [];
        let pairs = 0;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++)
            if (Number(i >= 160) === a && Number(j >= 160) === b && i !== j) {
              pairs += 1;
              if (W[i * n + j] !== 0) weights.push(W[i * n + j]!);
            }
        return { pairs, weights };
      }),
    );
    for (const a of [0, 1])
      for (const b of [0, 1]) {
        const { pairs, weights } = found[a]![b]!;
        const p = frequency[a]![b]!;
        // Four standard deviations.
        expect(Math.abs(weights.length / pairs - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / pairs));
        const mean = weights.reduce((s, w) => s + w, 0) / weights.length;
        const expected = strength[a]![b]!;
        expect(Math.abs(mean - expected)).toBeLessThan((4 * Math.abs(expected)) / Math.sqrt(weights.length));
      }
    for (let i = 0; i < n; i++) expect(W[i * n + i]).toBe(0);
  });

  test("far neurons are seldom connected, by exp(-(D / reach)^2), and later where delays grow with the distance", () => {
    const line = {
      column: [1, 1, 5] as const,
      inhibitory: 0,
      reach: 2,
      weightScale: 1,
      delay: (d: number) => d,
    };
    const counts = [0, 0, 0, 0];
    const nets = 400;
    for (let seed = 0; seed < nets; seed++)
      numbers(liquidWeights(line, 4).initialise(Key.of(seed), [20, 5], "float64")).forEach((w, at) => {
        if (w !== 0) counts[Math.floor(at / 25)]! += 1;
      });
    counts.forEach((found, i) => {
      const [pairs, p] = [nets * 2 * (4 - i), 0.3 * Math.exp(-(((i + 1) / 2) ** 2))];
      expect(Math.abs(found / pairs - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / pairs));
    });
  });
});

describe("a liquid is a cell of the engine", () => {
  const cell = liquid({ input: 3, column: [2, 2, 5] });
  const params = cell.init(Key.of(2), "float64");
  const x = fromArray(
    numbers(normal(Key.of(3), [70, 3])).map((u) => (u > 1 ? 1 : 0)),
    [70, 3],
    "float64",
  );
  test("over ragged sequences, in the plain loop, and step by step", () => {
    const layer = recurrent(cell);
    const structure = chain([40, 30]);
    const all = numbers(layer.apply(params, x, structure).output);
    const plain = unfold(cell, params, { x }, structure, { loop: "plain" }).output;
    expect(distance(all, numbers(plain))).toBeLessThan(1e-12);
    expect(Math.max(...all)).toBeGreaterThan(0.01);
    const rows = numbers(x);
    const stream = layer.stream(params);
    const alone = layer.apply(params, x.view([40, 3]), chain([40])).output;
    const steps = Array.from({ length: 40 }, (_, t) => [...stream.step(rows.slice(t * 3, t * 3 + 3))]);
    stream.dispose();
    expect(distance(steps.flat(), numbers(alone))).toBeLessThan(1e-12);
  });

  test("the readouts of reservoirs read it", () => {
    const { output } = unfold(cell, params, { x }, chain([70]));
    const { W } = ridgeReadout(output, x, { ridge: 1e-3 });
    expect(W.shape).toEqual([20, 3]);
  });
});

test("settings that fit no liquid", () => {
  expect(() => liquid({ input: 1, reset: 15 })).toThrow(
    "liquid: reset is 15 mV, expected less than the threshold of 15 mV, since a neuron would fire without end",
  );
  expect(() => liquid({ input: 1, column: [3, 3] as never })).toThrow(
    "liquid: column is a list of three positive integers, such as [3, 3, 15], got [3, 3]",
  );
  expect(() => liquid({ input: 1, synapse: { excitatory: 0 } })).toThrow(
    "liquid: synapse: excitatory is a finite positive number, got 0",
  );
  expect(() => liquid({ input: 1, delay: { bas: 1 } as never })).toThrow(
    "liquid: delay: there is no setting bas (did you mean base?); the settings are base, perDistance",
  );
});
