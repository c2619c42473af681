// Measures checkpointed back-propagation against full: memory for saved values, memory in all, time.
// node benchmarks/checkpointed.mjs [--length 4096 --hidden 256 --input 64 --batch 1,4 --rounds 5]   (after npm run build)
//
// The gradient is that of the sum of all outputs with respect to parameters and inputs. Memory is measured in a process
// per mode and batch: "saved" is what is in use between the forward and the backward run beyond what was there before
// and beyond the output itself; "reserved" is what the executor took from the system for the whole gradient. Time is
// measured with both modes in one process, one after the other; the ratio is that of a round, the median of rounds. On a
// machine with other work, go by the processor time.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chain, defaultExecutor, Key, leaves, lstm, normal, onCpu, ones, unfold, vjp } from "./longspan.mjs";

const { values } = parseArgs({
  options: {
    length: { type: "string", default: "4096" },
    hidden: { type: "string", default: "256" },
    input: { type: "string", default: "64" },
    batch: { type: "string", default: "1,4" },
    rounds: { type: "string", default: "5" },
    memory: { type: "string" },
  },
});
const [T, H, I] = [values.length, values.hidden, values.input].map(Number);
const kinds = ["full", "checkpointed"];

const megabytes = (bytes) => (bytes / 1e6).toFixed(2).padStart(8);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const release = (tree) => {
  for (const t of leaves(tree)) t.dispose();
};

function subject(batch) {
  const cell = lstm({ input: I, hidden: H });
  const structure = chain(new Array(batch).fill(T));
  const at = { cell: cell.init(Key.of(1)), x: normal(Key.of(2), [structure.nodes, I]) };
  const seed = ones([structure.nodes, H]);
  const forward = (kind) =>
    vjp((p) => unfold(cell, p.cell, { x: p.x }, structure, { backward: { kind } }).output, at);
  return { forward, seed };
}

/** The memory of one gradient, in a process that has done nothing else. */
function memory(kind, batch) {
  const { forward, seed } = subject(batch);
  const before = defaultExecutor().statistics;
  const { value, pullback } = forward(kind);
  const output = value.size * 4;
  const saved = defaultExecutor().statistics.bytesInUse - before.bytesInUse - output;
  pullback(seed);
  const reserved = defaultExecutor().statistics.bytesReserved - before.bytesReserved;
  return { saved, reserved, output };
}

function time(batch, rounds) {
  const { forward, seed } = subject(batch);
  const once = (kind) => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const { value, pullback, dispose } = forward(kind);
    const gradient = pullback(seed);
    const { user, system } = process.cpuUsage(cpu);
    const taken = { wall: performance.now() - start, processor: (user + system) / 1000 };
    dispose();
    value.dispose();
    return { taken, gradient };
  };
  let difference = 0;
  const [a, b] = kinds.map((kind) => once(kind).gradient);
  leaves(a).forEach((v, i) => {
    const [p, q] = [v, leaves(b)[i]].map((t) => onCpu(t).toArray());
    const size = p.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    p.forEach((x, j) => {
      difference = Math.max(difference, Math.abs(x - q[j]) / size);
    });
  });
  release([a, b]);
  const rows = [];
  for (let i = 0; i < rounds; i++) {
    // Every other round in the other order.
    const order = i % 2 === 0 ? kinds : [...kinds].reverse();
    const row = {};
    for (const kind of order) {
      const { taken, gradient } = once(kind);
      row[kind] = taken;
      release(gradient);
    }
    rows.push(row);
  }
  return { rows, difference };
}

if (values.memory !== undefined) {
  console.log(JSON.stringify(memory(values.memory, Number(values.batch))));
} else {
  console.log(
    `node ${process.version}, executor ${defaultExecutor().name}, LSTM ${H}, ${I} inputs, tau = ${T}`,
  );
  for (const batch of values.batch.split(",").map(Number)) {
    const inProcess = (kind) =>
      JSON.parse(
        execFileSync(process.execPath, [
          fileURLToPath(import.meta.url),
          ...["--memory", kind, "--batch", `${batch}`],
          ...["--length", `${T}`, "--hidden", `${H}`, "--input", `${I}`],
        ]).toString(),
      );
    const [full, checkpointed] = kinds.map(inProcess);
    const { rows, difference } = time(batch, Number(values.rounds));
    const timeLine = (of) => {
      const ratios = rows.map((r) => r.checkpointed[of] / r.full[of]).sort((p, q) => p - q);
      const times = kinds.map((kind) =>
        median(rows.map((r) => r[kind][of]))
          .toFixed(0)
          .padStart(8),
      );
      return `${of.padEnd(10)} ms   ${times.join("      ")}   ${median(ratios).toFixed(3)}   (${ratios.map((r) => r.toFixed(2)).join(", ")})`;
    };
    console.log(`
batch ${batch}                full  checkpointed   ratio
saved      MB   ${megabytes(full.saved)}      ${megabytes(checkpointed.saved)}   ${(checkpointed.saved / full.saved).toFixed(3)}   (the output: ${megabytes(full.output).trim()} MB)
reserved   MB   ${megabytes(full.reserved)}      ${megabytes(checkpointed.reserved)}   ${(checkpointed.reserved / full.reserved).toFixed(3)}
${timeLine("wall")}
${timeLine("processor")}
gradients differ by ${difference.toExponential(1)} of their largest entry`);
  }
}
