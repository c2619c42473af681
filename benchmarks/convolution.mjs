// A causal, dilated convolution and its gradients beside PyTorch's Conv1d.
// node benchmarks/convolution.mjs --python /path/to/python [--shapes "400,16,64,64,7,4;..." --threads 1 --rounds 9]   (after npm run build)
//
// A shape is T,B,input,output,width,dilation. Both sides get the same numbers; outputs and gradients, to x and to the weights, are compared
// first. Then the sides take turns. PyTorch gets what it asks for, [B, features, T], padded on the left beforehand where it only runs
// forwards. Ragged: lengths uniform in 1..T; we run what there is, PyTorch the padded batch. Time is that of the processor, over all threads
// of a side, which another load on the machine changes less than the clock's. Last, a step of a stream beside a PyTorch call on the last inputs.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { random } from "./jobs.mjs";
import {
  chain,
  concat,
  convolution,
  executor,
  fromArray,
  mul,
  onCpu,
  scope,
  slice,
  sum,
  useExecutor,
  valueAndGrad,
} from "./longspan.mjs";
import { machine } from "./machine.mjs";
import { median, processorTime, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    shapes: {
      type: "string",
      default: "400,16,64,64,7,4;1000,8,128,128,3,16;400,32,32,32,3,1;200,16,256,256,5,2",
    },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "9" },
  },
});
const [threads, rounds] = [values.threads, values.rounds].map(Number);
const shapes = values.shapes.split(";").map((shape) => shape.split(",").map(Number));

const draw = random(7);
const numbers = (shape, size) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, () => size * (2 * draw() - 1)),
});
const tensor = ({ shape, data }) => fromArray(data, shape);

function ourSide({ sizes: [, , input, output, width, dilation], W, b, x, y }, lengths) {
  const structure = chain(lengths);
  const layer = convolution({ input, output, width, dilation });
  const params = { W: tensor(W), b: tensor(b) };
  /** The first rows of each sequence. */
  const first = ({ shape: [, T, features], data }) =>
    structure.pack(
      concat(
        lengths.map((n, s) =>
          slice(fromArray(data.slice(s * T * features, (s + 1) * T * features), [T, features]), 0, 0, n),
        ),
        0,
      ),
    );
  const [rows, cotangent] = [first(x), first(y)];
  const forward = (p) => layer.apply(p.params, p.x, structure).output;
  const point = { params, x: rows };
  const step = valueAndGrad((p) => sum(mul(forward(p), cotangent)));
  return {
    results: () =>
      scope(() => {
        const { grads } = step(point);
        const list = (v) => Array.from(onCpu(v).toArray());
        return {
          W: list(grads.params.W),
          b: list(grads.params.b),
          x: list(structure.unpack(grads.x)),
          y: list(structure.unpack(forward(point))),
        };
      }),
    time: {
      forwards: () => processorTime(() => scope(() => onCpu(forward(point)).toArray())),
      training: () => processorTime(() => scope(() => onCpu(step(point).grads.params.b).toArray())),
    },
    stream() {
      const stream = layer.stream(params);
      const row = x.data.subarray(0, input);
      const steps = 2000;
      const run = () => {
        for (let t = 0; t < steps; t++) stream.step(row);
      };
      run();
      const each = (1000 * processorTime(run)) / steps;
      stream.dispose();
      return each;
    },
  };
}

const python = spawn(values.python, [fileURLToPath(new URL("peers/convolution.py", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const ask = async (command) => {
  python.stdin.write(`${JSON.stringify(command)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error("PyTorch's side ended; see above");
  return JSON.parse(value);
};

/** The largest difference as a share of the largest entry. */
const apart = (ours, theirs) => {
  const largest = theirs.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return ours.reduce((m, v, i) => Math.max(m, Math.abs(v - theirs[i])), 0) / largest;
};

const folder = mkdtempSync(join(tmpdir(), "longspan-convolution-"));
try {
  useExecutor(executor("native"));
  const native = executor("native");
  if ("threads" in native.inner) native.inner.threads = threads;
  const { version } = await ask({ do: "start", threads });
  const { processor, cores } = machine();
  console.log(
    `${processor}, ${cores} cores, ${threads} thread(s); PyTorch ${version}; milliseconds of the processor`,
  );
  console.log(
    "| T,B,in,out,width,dilation | lengths | what | ours | GF/s | PyTorch | PyTorch / ours | quartiles |",
  );
  console.log("| --- | --- | --- | ---: | ---: | ---: | ---: | --- |");
  for (const sizes of shapes) {
    const [T, B, input, output, width] = sizes;
    const given = {
      sizes,
      W: numbers([width * input, output], 1 / Math.sqrt(width * input)),
      b: numbers([output], 1),
      x: numbers([B, T, input], 1),
      y: numbers([B, T, output], 1),
    };
    const arrays = ["W", "b", "x", "y"].map((name) => {
      const file = join(folder, name);
      const { shape, data } = given[name];
      writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return { name, shape, file };
    });
    await ask({ do: "shape", width, dilation: sizes[5], arrays });
    const uniform = Array.from({ length: B }, () => 1 + Math.floor(T * draw()));
    for (const [name, lengths] of [
      ["full", new Array(B).fill(T)],
      ["ragged", uniform],
    ]) {
      const ours = ourSide(given, lengths);
      const [mine, theirs] = [ours.results(), await ask({ do: "results", lengths })];
      const worst = Math.max(...Object.keys(mine).map((key) => apart(mine[key], theirs[key])));
      if (!(worst < 1e-4))
        throw new Error(`${sizes}, ${name}: the sides differ by ${worst} of the largest entry`);
      for (const [what, products] of [
        ["forwards", 1],
        ["training", 3],
      ]) {
        const times = [];
        for (let r = 0; r < rounds + 2; r++) {
          const pair = {};
          const sides = [
            () => {
              pair.ours = ours.time[what]();
            },
            async () => {
              pair.torch = (await ask({ do: "time", what })).ms;
            },
          ];
          if (r % 2 === 1) sides.reverse();
          for (const side of sides) await side();
          if (r >= 2) times.push(pair);
        }
        const ratios = times.map((t) => t.torch / t.ours);
        const [o, t] = ["ours", "torch"].map((key) => median(times.map((pair) => pair[key])));
        const nodes = lengths.reduce((a, n) => a + n, 0);
        const speed = (2e-6 * products * nodes * width * input * output) / o;
        console.log(
          `| ${sizes} | ${name} | ${what} | ${o.toFixed(2)} | ${speed.toFixed(0)} | ${t.toFixed(2)} | ${median(ratios).toFixed(2)} | ${quantile(ratios, 0.25).toFixed(2)}, ${quantile(ratios, 0.75).toFixed(2)} |`,
        );
      }
    }
    const each = ourSide(given, [T]).stream();
    const { us } = await ask({ do: "step" });
    console.log(
      `| ${sizes} | one | a step, microseconds | ${each.toFixed(1)} | | ${us.toFixed(1)} | ${(us / each).toFixed(2)} | |`,
    );
  }
} finally {
  python.stdin.end();
  rmSync(folder, { recursive: true, force: true });
}
