// How gradients fall with the lag where connections have delays (section 10.9.1): measured slopes beside the known ones, and delays.svg.
//
//     node reproductions/chapter-10-time-scales/delays.mjs

import { writeFileSync } from "node:fs";
import {
  add,
  chain,
  defineCell,
  flowReport,
  Key,
  matmul,
  mul,
  normal,
  onCpu,
  recurrent,
  slice,
  spectralRadius,
  sum,
  zeros,
} from "longspan";
import { lineChart } from "../line-chart.mjs";

const [n, T] = [6, 640];
const numbers = (v) => Array.from(onCpu(v).toArray());

/** A random matrix of this spectral radius. */
function matrixOf(seed, radius) {
  const raw = normal(Key.of(seed), [n, n], "float64");
  return mul(raw, radius / spectralRadius(onCpu(raw).toArray(), n));
}

/** h(t) = x(t) + the sum over ports of W_port h(t - d_port) */
const linear = (ports) =>
  defineCell({
    name: "linear",
    ports,
    inputs: () => ({ x: [n] }),
    state: () => ({ h: [n] }),
    params: () =>
      Object.fromEntries(
        ports.map((port) => [port, { shape: [n, n], initialise: () => zeros([n, n], "float64") }]),
      ),
    step({ x, ...read }, weights) {
      const h = ports.reduce((total, port) => add(total, matmul(read[port].h, weights[port])), x);
      return { state: { h }, output: h };
    },
  })(undefined);

/** |dL/dh(t)| by lag, L the sum of h(T). */
async function norms(delays, weights) {
  const layer = recurrent(linear(Object.keys(delays)), { delays });
  const loss = (p) =>
    sum(slice(layer.apply(p, zeros([T + 1, n], "float64"), chain([T + 1])).output, 0, T, T + 1));
  const report = await flowReport(loss, weights, { jacobians: 0, exponents: 0, weights: false });
  return Array.from(report.layers[0].norms[0]).reverse();
}

/** The slope of ln of the norm against the lag, by least squares over the lags at which anything arrives. */
function slopeOf(byLag, every, from) {
  const points = byLag.flatMap((norm, tau) =>
    tau >= from && tau % every === 0 ? [[tau, Math.log(norm)]] : [],
  );
  const mean = (of) => points.reduce((total, p) => total + of(p), 0) / points.length;
  const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
  return mean(([x, y]) => (x - mx) * (y - my)) / mean(([x]) => (x - mx) ** 2);
}

/** The net as one matrix over its last d steps. */
function companion(near, far, d) {
  const size = n * d;
  const whole = new Float64Array(size * size);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      whole[i * size + j] = near[i * n + j];
      whole[((d - 1) * n + i) * size + j] += far[i * n + j];
    }
    for (let k = 1; k < d; k++) whole[((k - 1) * n + i) * size + k * n + i] = 1;
  }
  return spectralRadius(whole, size);
}

const radius = 0.9;
const W = matrixOf(1, radius);
const lines = [];
let failed = false;
function report(name, measured, known) {
  const right = Math.abs(measured / known - 1) < 0.02;
  failed ||= !right;
  console.log(`${name}: slope ${measured.toFixed(5)}, known ${known.toFixed(5)}: ${right ? "ok" : "FAILED"}`);
}
for (const d of [1, 4, 16]) {
  const byLag = await norms({ in: d }, { in: W });
  report(`delay ${d}, per tau / d`, slopeOf(byLag, d, T / 4) * d, Math.log(radius));
  lines.push({ name: d === 1 ? "delay of 1 step" : `delay of ${d} steps`, byLag, every: d });
}
const [near, far] = [matrixOf(2, 0.6), matrixOf(3, 0.4)];
const both = await norms({ near: 1, far: 16 }, { near, far });
const known = Math.log(companion(numbers(near), numbers(far), 16));
report("delays 1 and 16, per step", slopeOf(both, 1, T / 4), known);
lines.push({ name: "both, of 1 and of 16 steps", byLag: both, every: 1 });

writeFileSync(
  new URL("delays.svg", import.meta.url),
  lineChart([
    {
      title: "Gradients against lag, with delays",
      across: "lag in steps; up: powers of ten by which |dh(T)/dh(t)| has fallen",
      ticks: [0, 160, 320, 480, 640],
      up: 30,
      lines: lines.map(({ name, byLag, every }) => ({
        name,
        points: byLag.flatMap((norm, tau) =>
          tau % every === 0 ? [[tau, Math.max(0, -Math.log10(norm / byLag[0]))]] : [],
        ),
      })),
    },
  ]),
);
if (failed) process.exitCode = 1;
