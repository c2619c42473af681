// A training step of cells with matrix states beside PyTorch's loops: a neural Turing machine, the delta rule, mLSTM.
// node benchmarks/memory-cells.mjs --python /path/to/python [--cells ntm,delta,mlstm --batches 32,1 --rounds 9]   (after npm run build)
//
// Both sides get the same numbers and compute the same equations, in float32 on so many threads. The value of the loss and the gradients of all
// parameters and inputs are compared first. Then the sides take turns, and the ratio is that of a round. On a machine that others use as well,
// processor time tells more than the clock; `--alone` gives ours without PyTorch.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { difference } from "./compare.mjs";
import { random } from "./jobs.mjs";
import {
  chain,
  executor,
  fromArray,
  mean,
  onCpu,
  scope,
  square,
  unfold,
  useExecutor,
  valueAndGrad,
} from "./longspan.mjs";
import { machine } from "./machine.mjs";
import { memoryCells } from "./memory-cell-jobs.mjs";
import { median, processorTime, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    cells: { type: "string", default: "ntm,delta,mlstm" },
    batches: { type: "string", default: "32,1" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
    alone: { type: "boolean", default: false },
  },
});
const [threads, rounds] = [values.threads, values.rounds].map(Number);

/** The numbers of a job: parameters, inputs [B, T, n], states at the start [B, ...]. */
function numbersOf(job, batch) {
  const draw = random(7);
  const numbers = (shape, size, middle = 0) => ({
    shape,
    data: Float32Array.from(
      { length: shape.reduce((p, n) => p * n, 1) },
      () => middle + size * (2 * draw() - 1),
    ),
  });
  const each = (shapes, make) => Object.fromEntries(Object.entries(shapes).map(([k, s]) => [k, make(s, k)]));
  return {
    params: each(job.cell.specs, ({ shape }) =>
      numbers(shape, 1 / Math.sqrt(shape.length > 1 ? shape[0] : 10)),
    ),
    inputs: each(job.inputs, (n) => numbers([batch, job.steps, n], 1)),
    initial: each(job.initial, (shape) => numbers([batch, ...shape], 0.1, 0.1)),
  };
}

function ourSide(job, batch, { params, inputs, initial }) {
  const structure = chain(new Array(batch).fill(job.steps));
  const tensor = ({ shape, data }) => fromArray(data, shape);
  const each = (o, f) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, f(v)]));
  const flat = ({ shape: [b, t, n], data }) => structure.pack(fromArray(data, [b * t, n]));
  const point = { params: each(params, tensor), inputs: each(inputs, flat) };
  const start = each(initial, tensor);
  const step = valueAndGrad((p) =>
    mean(square(unfold(job.cell, p.params, p.inputs, structure, { initial: start }).output)),
  );
  const run = (visit) => scope(() => visit(step(point)));
  return {
    results: () =>
      run(({ value, grads }) => ({
        loss: [onCpu(value).item()],
        ...each(grads.params, (g) => Array.from(onCpu(g).toArray())),
        ...each(grads.inputs, (g) => Array.from(onCpu(structure.unpack(g)).toArray())),
      })),
    time() {
      const begin = performance.now();
      const processor = processorTime(() => run(({ value }) => onCpu(value).item()));
      return { ms: performance.now() - begin, processor };
    },
  };
}

useExecutor(executor("native"));
const native = executor("native");
if ("threads" in native.inner) native.inner.threads = threads;
const { processor, cores } = machine();

if (values.alone) {
  for (const name of values.cells.split(","))
    for (const batch of values.batches.split(",").map(Number)) {
      const job = memoryCells[name]();
      const ours = ourSide(job, batch, numbersOf(job, batch));
      const times = Array.from({ length: rounds + 2 }, () => ours.time().processor).slice(2);
      console.log(
        `${name} B ${batch}: ${median(times).toFixed(2)} ms, least ${Math.min(...times).toFixed(2)}`,
      );
    }
  process.exit(0);
}

const python = spawn(values.python, [fileURLToPath(new URL("peers/memory_cells.py", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const ask = async (command) => {
  python.stdin.write(`${JSON.stringify(command)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error("PyTorch's side ended; see above");
  return JSON.parse(value);
};

const folder = mkdtempSync(join(tmpdir(), "longspan-memory-cells-"));
const rows = [];
try {
  const { version } = await ask({ do: "start", threads });
  if (!values.json) console.log(`${processor}, ${cores} cores, ${threads} thread(s); PyTorch ${version}`);
  for (const name of values.cells.split(","))
    for (const batch of values.batches.split(",").map(Number)) {
      const job = memoryCells[name]();
      const numbers = numbersOf(job, batch);
      const arrays = Object.entries(numbers).flatMap(([kind, group]) =>
        Object.entries(group).map(([key, { shape, data }]) => {
          const file = join(folder, key);
          writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
          return { name: key, kind, shape, file };
        }),
      );
      await ask({ do: "use", cell: name, arrays });
      const ours = ourSide(job, batch, numbers);
      const apart = difference(
        ours.results(),
        await ask({ do: "results" }),
        `${name}, B = ${batch}, PyTorch`,
      );
      const times = [];
      for (let r = 0; r < rounds + 2; r++) {
        const pair = {};
        const sides = [
          async () => {
            pair.ours = ours.time();
          },
          async () => {
            pair.torch = await ask({ do: "time" });
          },
        ];
        if (r % 2 === 1) sides.reverse();
        for (const side of sides) await side();
        if (r >= 2) times.push(pair);
      }
      const ratiosOf = (clock) => times.map((t) => t.torch[clock] / t.ours[clock]);
      const ratios = ratiosOf("ms");
      const of = (key) => median(times.map((t) => t[key].ms));
      const ofProcessor = median(ratiosOf("processor"));
      const row = {
        cell: name,
        batch,
        ours: of("ours"),
        torch: of("torch"),
        ratio: median(ratios),
        ofProcessor,
        apart,
      };
      rows.push(row);
      if (!values.json)
        console.log(
          `${job.name}, B = ${batch}: ours ${row.ours.toFixed(2)} ms, PyTorch ${row.torch.toFixed(1)} ms, ${row.ratio.toFixed(1)} times as fast (quartiles ${quantile(ratios, 0.25).toFixed(1)}, ${quantile(ratios, 0.75).toFixed(1)}; ${ofProcessor.toFixed(1)} by processor time); sides agree to ${apart.toExponential(1)}`,
        );
    }
  if (values.json) console.log(JSON.stringify({ processor, threads, rows }));
} finally {
  python.stdin.end();
  rmSync(folder, { recursive: true, force: true });
}
