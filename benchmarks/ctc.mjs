// Measures the CTC loss and its gradient, beside PyTorch's where --python names a Python that has it.
// node benchmarks/ctc.mjs [--python PYTHON --frames 100 --batch 32 --labels 20 --classes 30 --rounds 9]   (after npm run build)
//
// Both sides get the same logits and labels, on one thread, and take the log-softmax too. Losses and gradients are compared before anything is
// timed. The sides take turns, as in `rounds.mjs`; times are those of the processor, so that other work on the machine counts for less. "laid out" includes `ctcTargets`: what a batch with new labels costs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  chain,
  ctcLossSum,
  ctcTargets,
  Key,
  normal,
  onCpu,
  scope,
  uniform,
  valueAndGrad,
} from "./longspan.mjs";
import { interleaved } from "./rounds.mjs";
import { median, processorTime, quantile } from "./timing.mjs";

process.env.LONGSPAN_THREADS = "1";
const { values } = parseArgs({
  options: {
    python: { type: "string" },
    frames: { type: "string", default: "100" },
    batch: { type: "string", default: "32" },
    labels: { type: "string", default: "20" },
    classes: { type: "string", default: "30" },
    rounds: { type: "string", default: "9" },
  },
});
const [T, B, L, V, rounds] = ["frames", "batch", "labels", "classes", "rounds"].map((name) =>
  Number(values[name]),
);
const logits = normal(Key.of(1), [T * B, V]);
const drawn = onCpu(uniform(Key.of(2), [B * L])).toArray();
const labels = Array.from({ length: B }, (_, b) =>
  Array.from(drawn.subarray(b * L, (b + 1) * L), (u) => 1 + Math.floor(u * (V - 1))),
);
const frames = chain(new Array(B).fill(T));
const targets = ctcTargets(frames, labels);

const gradient = (t) => valueAndGrad((o) => ctcLossSum(o, t))(logits);
const ours = (run) => ({
  time: async (repetitions) =>
    Array.from({ length: repetitions + 1 }, () => processorTime(() => scope(run))).slice(1),
});
const read = (v) => onCpu(v).item();
const sides = [
  ["longspan, loss", ours(() => read(ctcLossSum(logits, targets)))],
  ["longspan, loss and gradient", ours(() => read(gradient(targets).value))],
  ["longspan, laid out, loss and gradient", ours(() => read(gradient(ctcTargets(frames, labels)).value))],
];

let child = null;
if (values.python !== undefined) {
  child = spawn(values.python, ["-u", fileURLToPath(new URL("peers/ctc.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ask = async (command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const [line] = await once(lines, "line");
    return JSON.parse(line);
  };
  const data = Array.from(onCpu(logits).toArray());
  const theirs = await ask({ do: "prepare", shape: [T, B, V], logits: data, labels });
  const { value, grads } = gradient(targets);
  const found = onCpu(grads).toArray();
  const apart = theirs.gradient.reduce((m, v, i) => Math.max(m, Math.abs(v - found[i])), 0);
  const losses = Math.abs(theirs.loss / read(value) - 1);
  console.log(
    `torch ${theirs.version}: losses differ by ${losses.toExponential(1)}, gradients by ${apart.toExponential(1)}`,
  );
  // In float32 PyTorch's gradient is off by 1e-4 of its largest entry at these sizes, ours by a quarter of that.
  if (!(losses < 1e-5 && apart < 3e-4)) throw new Error("the sides differ");
  for (const [name, withGradient] of [
    ["torch, loss", false],
    ["torch, loss and gradient", true],
  ])
    sides.push([
      name,
      { time: async (repetitions) => (await ask({ do: "time", repetitions, gradient: withGradient })).times },
    ]);
}

const times = await interleaved(
  sides.map(([, side]) => side),
  rounds,
);
console.log(
  `T = ${T}, B = ${B}, ${L} labels, ${V} classes, ${targets.impossible.length} impossible; ms, median of ${rounds} rounds`,
);
times.forEach((list, i) => {
  const spread = (quantile(list, 0.75) - quantile(list, 0.25)) / median(list);
  console.log(
    `${sides[i][0].padEnd(40)}${median(list).toFixed(2).padStart(8)}  spread ${(100 * spread).toFixed(0)} %`,
  );
});
child?.stdin.end();
