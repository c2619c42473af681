// A training step of the word model that people train, beside PyTorch: vocabulary 10,000, two layers of 200, 20 streams of 20 words, SGD with
// clipping, the state carried from segment to segment.
// node benchmarks/language-model.mjs --python /path/to/python [--threads 1,2 --rounds 7 --steps 10]   (after npm run build)
//
// Both sides begin with the same weights and read the same text; after three steps all weights are compared. Then the sides take turns.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { random } from "./jobs.mjs";
import {
  clipByJointNorm,
  compose,
  decodePytorch,
  encodePytorch,
  executor,
  Key,
  languageModel,
  onCpu,
  sgd,
  startTraining,
  textStreams,
  textTask,
  toPytorch,
  train,
  useExecutor,
} from "./longspan.mjs";
import { machine } from "./machine.mjs";
import { median, quantile } from "./timing.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "7" },
    steps: { type: "string", default: "10" },
    executor: { type: "string", default: "native" },
  },
});
const [rounds, count] = [values.rounds, values.steps].map(Number);
const sizes = { vocabulary: 10000, features: 200, hidden: 200, layers: 2 };
const [streams, steps, rate, clip, compared] = [20, 20, 1, 5, 3];

const draw = random(5);
/** Words by rank, the k-th about 1/k as frequent as the first. */
const text = Int32Array.from(
  { length: streams * steps * 50 + 1 },
  () => Math.floor(sizes.vocabulary ** draw()) - 1,
);

const model = languageModel(sizes);
const own = executor(values.executor);
useExecutor(own);

/** The weights under the names that they have in PyTorch. */
const named = ({ embedding, layers, readout }) => ({
  ...toPytorch("Embedding", embedding, { prefix: "embedding." }),
  ...toPytorch("LSTM", layers, { prefix: "lstm." }),
  ...toPytorch("Linear", readout, { prefix: "readout." }),
});

const folder = mkdtempSync(join(tmpdir(), "longspan-language-model-"));
const at = (name) => join(folder, name);
writeFileSync(at("text"), new Uint8Array(text.buffer));
writeFileSync(at("weights.pt"), await encodePytorch(named(model.init(Key.of(1)))));

const { processor, cores } = machine();
console.log(
  `${processor}, ${cores} cores; milliseconds per step, medians of ${rounds} interleaved rounds of ${count} steps`,
);
console.log("| threads | ours | PyTorch | PyTorch / ours | quartiles | by time of the processor |");
console.log("| ---: | ---: | ---: | ---: | --- | ---: |");
try {
  for (const threads of values.threads.split(",").map(Number)) await measure(threads);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(threads) {
  const python = spawn(values.python, [fileURLToPath(new URL("peers/language_model.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const ask = async (command) => {
    python.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("PyTorch's side ended; see above");
    return JSON.parse(value);
  };
  try {
    const start = {
      ...sizes,
      threads,
      streams,
      steps,
      rate,
      clip,
      text: at("text"),
      weights: at("weights.pt"),
    };
    await ask({ do: "start", ...start });
    if ("threads" in own.inner) own.inner.threads = threads;
    const task = textTask(model, textStreams(text, { streams, steps }));
    const optimiser = compose(clipByJointNorm(clip), sgd({ learningRate: rate }));
    let state = startTraining(task, optimiser, model.init(Key.of(1)));
    const ours = async (n) => {
      const [clock, before] = [performance.now(), process.cpuUsage()];
      ({ state } = await train(task, state, {
        optimiser,
        budget: { steps: state.step + n },
        key: Key.of(2),
      }));
      const { user, system } = process.cpuUsage(before);
      return { ms: performance.now() - clock, processor: (user + system) / 1000 };
    };
    await ours(compared);
    await ask({ do: "steps", count: compared });
    await ask({ do: "save", file: at("trained.pt") });
    compare(named(state.params), decodePytorch(readFileSync(at("trained.pt"))).tensors);
    const pairs = [];
    for (let round = 0; round <= rounds; round++) {
      const pair = {};
      const sides = [
        async () => {
          pair.ours = await ours(count);
        },
        async () => {
          pair.theirs = await ask({ do: "steps", count });
        },
      ];
      if (round % 2 === 1) sides.reverse();
      for (const side of sides) await side();
      if (round > 0) pairs.push(pair);
    }
    const each = (side, key) => median(pairs.map((pair) => pair[side][key] / count)).toFixed(1);
    const ratios = (key) => pairs.map(({ ours, theirs }) => theirs[key] / ours[key]);
    const quartiles = [0.25, 0.75].map((q) => quantile(ratios("ms"), q).toFixed(2)).join(", ");
    console.log(
      `| ${threads} | ${each("ours", "ms")} | ${each("theirs", "ms")} | ${median(ratios("ms")).toFixed(2)} | ${quartiles} | ${median(ratios("processor")).toFixed(2)} |`,
    );
  } finally {
    python.stdin.end();
  }
}

/** All weights after the same steps; what differs is rounding. */
function compare(ours, theirs) {
  for (const [name, tensor] of theirs) {
    const [mine, other] = [onCpu(ours[name]).toArray(), tensor.data];
    const worst = other.reduce((m, v, i) => Math.max(m, Math.abs(v - mine[i])), 0);
    if (!(worst < 1e-4)) throw new Error(`${name}: the sides differ by ${worst}`);
  }
}
