// A training step of a decoder with additive attention beside PyTorch's loop over padded sources with masks.
// node benchmarks/attention.mjs --python /path/to/python [--shape 40,40,32,256 --threads 1 --rounds 9]   (after npm run build)
//
// Both sides get the same numbers: sources of S states each, targets of T steps, B of them, H units. PyTorch's side is the best loop that we
// know of: the keys are formed once, an LSTM cell per step, masked softmax, one product per step for the contexts. Values of the loss and the
// largest differences of the gradients are compared first. Then the sides take turns, and the ratio is that of a round. Once more with
// lengths uniform in 1..S and 1..T: we run what there is, PyTorch the padded batch.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { random } from "./jobs.mjs";
import {
  add,
  chain,
  concat,
  defineCell,
  executor,
  fromArray,
  matmul,
  mean,
  mul,
  onCpu,
  scope,
  setSoftmax,
  setSum,
  sigmoid,
  slice,
  split,
  square,
  sum,
  tanh,
  unfold,
  useExecutor,
  valueAndGrad,
} from "./longspan.mjs";
import { machine } from "./machine.mjs";
import { median, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    shape: { type: "string", default: "40,40,32,256" },
    threads: { type: "string", default: "1" },
    rounds: { type: "string", default: "9" },
    json: { type: "boolean", default: false },
  },
});
const [S, T, B, H] = values.shape.split(",").map(Number);
const [threads, rounds] = [values.threads, values.rounds].map(Number);

const named = (shape) => ({ shape, initialise: () => undefined });
const decoder = defineCell({
  name: "additiveAttention",
  inputs: () => ({ x: [H] }),
  sets: () => ({ source: { a: [H] } }),
  state: () => ({ h: [H], s: [H] }),
  params: () => ({
    Wq: named([H, H]),
    Wk: named([H, H]),
    v: named([H]),
    U: named([H, 4 * H]),
    C: named([H, 4 * H]),
    W: named([H, 4 * H]),
    b: named([4 * H]),
  }),
  step({ x, h, s, source }, { Wq, Wk, v, U, C, W, b }) {
    const scores = sum(mul(tanh(add(matmul(h, Wq), matmul(source.a, Wk))), v), -1);
    const context = setSum(mul(setSoftmax(scores), source.a));
    const [i, f, g, o] = split(add(add(add(matmul(x, U), b), matmul(context, C)), matmul(h, W)), 4);
    const next = add(mul(sigmoid(f), s), mul(sigmoid(i), tanh(g)));
    const output = mul(sigmoid(o), tanh(next));
    return { state: { h: output, s: next }, output };
  },
})(undefined);

const draw = random(7);
const numbers = (shape, size) => {
  const data = Float32Array.from({ length: shape.reduce((p, n) => p * n, 1) }, () => size * (2 * draw() - 1));
  return { shape, data };
};
const params = Object.fromEntries(
  Object.entries(decoder.specs).map(([name, { shape }]) => [name, numbers(shape, 1 / Math.sqrt(H))]),
);
const [x, a] = [numbers([B, T, H], 1), numbers([B, S, H], 1)];

function ourSide(lengths, sizes) {
  const structure = chain(lengths).withSets({ source: sizes });
  const tensor = ({ shape, data }) => fromArray(data, shape);
  // The first rows of each sequence, one sequence after the other.
  const first = (t, counts) =>
    concat(
      counts.map((n, b) => slice(tensor({ shape: t.shape.slice(1), data: rowsOf(t, b) }), 0, 0, n)),
      0,
    );
  const rowsOf = ({ shape: [, n, h], data }, b) => data.subarray(b * n * h, (b + 1) * n * h);
  const point = {
    params: Object.fromEntries(Object.entries(params).map(([name, p]) => [name, tensor(p)])),
    x: structure.pack(first(x, lengths)),
    a: first(a, sizes),
  };
  const step = valueAndGrad((p) =>
    mean(square(unfold(decoder, p.params, { x: p.x, source: { a: p.a } }, structure).output)),
  );
  const run = (visit = () => {}) => scope(() => visit(step(point)));
  return {
    results() {
      let found;
      run(({ value, grads }) => {
        const list = Object.entries(grads.params).map(([name, g]) => [name, Array.from(onCpu(g).toArray())]);
        found = { loss: onCpu(value).item(), gradients: Object.fromEntries(list) };
      });
      return found;
    },
    time() {
      const start = performance.now();
      run(({ value }) => onCpu(value).item());
      return performance.now() - start;
    },
  };
}

const python = spawn(values.python, [fileURLToPath(new URL("peers/attention.py", import.meta.url))], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
const ask = async (command) => {
  python.stdin.write(`${JSON.stringify(command)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error("PyTorch's side ended; see above");
  return JSON.parse(value);
};

const folder = mkdtempSync(join(tmpdir(), "longspan-attention-"));
try {
  const all = { ...params, x, a };
  const arrays = Object.entries(all).map(([name, { shape, data }]) => {
    const file = join(folder, name);
    writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { name, shape, file };
  });
  const { version } = await ask({ do: "start", threads, arrays });
  useExecutor(executor("native"));
  const native = executor("native");
  if ("threads" in native.inner) native.inner.threads = threads;

  const uniform = (n) => Array.from({ length: B }, () => 1 + Math.floor(n * draw()));
  const cases = {
    full: [new Array(B).fill(T), new Array(B).fill(S)],
    ragged: [uniform(T), uniform(S)],
  };
  const medians = {};
  const { processor, cores } = machine();
  if (!values.json)
    console.log(
      `${processor}, ${cores} cores, ${threads} thread(s); PyTorch ${version}; S,T,B,H = ${values.shape}`,
    );
  for (const [name, [lengths, sizes]] of Object.entries(cases)) {
    const ours = ourSide(lengths, sizes);
    const [mine, theirs] = [ours.results(), await ask({ do: "results", lengths, sizes })];
    const apart = Object.entries(mine.gradients).map(([key, g]) => {
      const other = theirs.gradients[key];
      const largest = other.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      return g.reduce((m, v, i) => Math.max(m, Math.abs(v - other[i])), 0) / largest;
    });
    const worst = Math.max(Math.abs(mine.loss - theirs.loss) / theirs.loss, ...apart);
    if (!(worst < 1e-4)) throw new Error(`${name}: the sides differ by ${worst} of the largest entry`);
    const times = [];
    for (let r = 0; r < rounds + 2; r++) {
      const pair = {};
      const sides = [
        async () => {
          pair.ours = ours.time();
        },
        async () => {
          pair.torch = (await ask({ do: "time" })).ms;
        },
      ];
      if (r % 2 === 1) sides.reverse();
      for (const side of sides) await side();
      if (r >= 2) times.push(pair);
    }
    const of = (key) => times.map((t) => t[key]);
    const ratios = times.map((t) => t.torch / t.ours);
    medians[name] = { ours: median(of("ours")), torch: median(of("torch")), ratio: median(ratios), worst };
    const { ours: o, torch, ratio } = medians[name];
    if (!values.json)
      console.log(
        `${name}: ours ${o.toFixed(1)} ms, PyTorch ${torch.toFixed(1)} ms, ${ratio.toFixed(2)} times as fast (quartiles ${quantile(ratios, 0.25).toFixed(2)}, ${quantile(ratios, 0.75).toFixed(2)}); sides agree to ${worst.toExponential(1)}`,
      );
  }
  const share = medians.ragged.ours / medians.full.ours;
  if (values.json)
    console.log(JSON.stringify({ processor, threads, shape: [S, T, B, H], ...medians, share }));
  else console.log(`lengths uniform in 1..${T} take ${share.toFixed(2)} of our full batch's time`);
} finally {
  python.stdin.end();
  rmSync(folder, { recursive: true, force: true });
}
