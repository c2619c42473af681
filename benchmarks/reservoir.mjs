// The states of a reservoir beside a straightforward one in NumPy, and a step of its stream.
// node benchmarks/reservoir.mjs --python /path/to/python [--shapes "500,10;2000,20" --steps 10000 --executors native --rounds 5]   (after npm run build)
//
// A shape is units,weights per unit. Both sides get the same numbers; NumPy holds the matrix with its zeros, since it has no other. The first
// 200 states are compared. Then the sides take turns, each on one thread. Time is that of the processor, which another load on the machine changes
// less than the clock's.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { random } from "./jobs.mjs";
import {
  chain,
  executor,
  fromArray,
  Key,
  onCpu,
  recurrent,
  reservoir,
  scope,
  useExecutor,
} from "./longspan.mjs";
import { machine } from "./machine.mjs";
import { median, processorTime, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    shapes: { type: "string", default: "500,10;500,20;500,50;2000,10;2000,20" },
    steps: { type: "string", default: "10000" },
    executors: { type: "string", default: "native" },
    rounds: { type: "string", default: "5" },
  },
});
const [steps, rounds] = [values.steps, values.rounds].map(Number);
const compared = 200;
const leak = 0.5;

const python = spawn(values.python, [fileURLToPath(new URL("peers/reservoir.py", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
  env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const ask = async (command) => {
  python.stdin.write(`${JSON.stringify(command)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error("NumPy's side ended; see above");
  return JSON.parse(value);
};
const list = (v) => onCpu(v).toArray();
/** The matrix with its zeros. */
function dense({ values, from }, n) {
  const [v, rows] = [list(values), list(from)];
  const whole = new v.constructor(n * n);
  v.forEach((w, q) => {
    whole[rows[q] * n + (q % n)] += w;
  });
  return whole;
}

const draw = random(3);
const folder = mkdtempSync(join(tmpdir(), "longspan-reservoir-"));
try {
  const { version } = await ask({ do: "start" });
  const { processor, cores } = machine();
  console.log(
    `${processor}, ${cores} cores, one thread each; NumPy ${version}; ${steps} steps, milliseconds of the processor`,
  );
  console.log(
    "| units | per unit | type | executor | ours | NumPy | NumPy / ours | quartiles | a step of a stream, microseconds |",
  );
  console.log("| ---: | ---: | --- | --- | ---: | ---: | ---: | --- | ---: |");
  for (const [hidden, nonZeros] of values.shapes.split(";").map((shape) => shape.split(",").map(Number)))
    for (const dtype of ["float32", "float64"])
      for (const name of values.executors.split(",")) {
        const own = executor(name);
        if ("threads" in own.inner) own.inner.threads = 1;
        useExecutor(own);
        const layer = recurrent(reservoir({ input: 1, hidden, nonZeros, leak, radius: 0.9, bias: 0.1 }));
        const params = layer.init(Key.of(1), dtype);
        const x = fromArray(
          Array.from({ length: steps }, () => 2 * draw() - 1),
          [steps, 1],
          dtype,
        );
        const structure = chain([steps]);
        const states = () => layer.apply(params, x, structure).output;
        const arrays = Object.entries({
          U: [list(params.U), [1, hidden]],
          W: [dense(params.W, hidden), [hidden, hidden]],
          b: [list(params.b), [hidden]],
          x: [list(x), [steps, 1]],
        }).map(([array, [data, shape]]) => {
          const file = join(folder, array);
          writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
          return { name: array, shape, file };
        });
        await ask({ do: "reservoir", dtype, leak, arrays });
        const file = join(folder, "states");
        await ask({ do: "states", steps: compared, file });
        const bytes = readFileSync(file);
        const theirs = new (dtype === "float32" ? Float32Array : Float64Array)(
          bytes.buffer,
          bytes.byteOffset,
          compared * hidden,
        );
        const mine = scope(() => list(states()));
        const worst = theirs.reduce((m, v, i) => Math.max(m, Math.abs(v - mine[i])), 0);
        if (!(worst < (dtype === "float32" ? 1e-4 : 1e-12))) throw new Error(`the sides differ by ${worst}`);
        const times = [];
        for (let r = 0; r < rounds + 1; r++) {
          const pair = {};
          const sides = [
            () => {
              pair.ours = processorTime(() => scope(states));
            },
            async () => {
              pair.numpy = (await ask({ do: "time" })).ms;
            },
          ];
          if (r % 2 === 1) sides.reverse();
          for (const side of sides) await side();
          if (r > 0) times.push(pair);
        }
        const ratios = times.map((t) => t.numpy / t.ours);
        const [ours, numpy] = ["ours", "numpy"].map((key) => median(times.map((pair) => pair[key])));
        const stream = layer.stream(params);
        const run = () => {
          for (let t = 0; t < 5000; t++) stream.step(0.3);
        };
        run();
        const step = median(Array.from({ length: 5 }, () => processorTime(run) / 5));
        stream.dispose();
        console.log(
          `| ${hidden} | ${nonZeros} | ${dtype} | ${name} | ${ours.toFixed(1)} | ${numpy.toFixed(1)} | ${median(ratios).toFixed(1)} | ${quantile(ratios, 0.25).toFixed(1)}, ${quantile(ratios, 0.75).toFixed(1)} | ${step.toFixed(1)} |`,
        );
      }
} finally {
  python.stdin.end();
  rmSync(folder, { recursive: true, force: true });
}
