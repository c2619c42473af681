// What one rank measures: sums of so many bytes, and the training step of an LSTM language model. Run by mpi.mjs, by mpirun or without.
import { Key, languageModel, sgd, startTraining, textStreams, textTask, train } from "longspan";
import { joinMpi } from "longspan-mpi";

const { sizes, repeats, hidden, batch, steps } = JSON.parse(process.argv[2]);
const collective = await joinMpi();
const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

const sums = [];
for (const bytes of sizes) {
  const numbers = new Float32Array(bytes / 4);
  const times = [];
  for (let i = -3; i < repeats; i++) {
    await collective.sum(new Float32Array(1));
    const begin = performance.now();
    await collective.sum(numbers);
    if (i >= 0) times.push(1000 * (performance.now() - begin));
  }
  sums.push([bytes, median(times)]);
}

// The whole batch is the same however many ranks there are.
const symbols = Int32Array.from({ length: 100_000 }, (_, i) => (i * i + (i >> 3)) % 64);
const model = languageModel({ vocabulary: 64, features: hidden, hidden });
const task = textTask(model, textStreams(symbols, { streams: batch, steps: 50 }));
const optimiser = sgd({ learningRate: 0.1 });
const times = [];
let last = performance.now();
let before = process.cpuUsage();
const cpu = [];
const { loss } = await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
  optimiser,
  collective,
  budget: { steps },
  key: Key.of(2),
  reportSeconds: 1000,
  callbacks: [
    {
      onStep({ step }) {
        const now = performance.now();
        const used = process.cpuUsage(before);
        if (step > 5) {
          times.push(now - last);
          cpu.push((used.user + used.system) / 1000);
        }
        last = now;
        before = process.cpuUsage();
      },
    },
  ],
});
const parameters = 4 * hidden * (2 * hidden + 1) + 64 * hidden + 64 * (hidden + 1);
if (collective.rank === 0)
  console.log(
    JSON.stringify({
      ranks: collective.size,
      sums,
      step: median(times),
      cpu: median(cpu),
      loss,
      bytes: 4 * parameters,
    }),
  );
await collective.close();
