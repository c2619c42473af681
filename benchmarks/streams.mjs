// Measures many streams that are stepped together (`streamPool`) against the same streams stepped one by one (`layer.stream`).
// node benchmarks/streams.mjs [--streams 1000 --hidden 128 --rounds 7]   (after npm run build)
//
// Both kinds read the same numbers and give the same bits, which is checked. They take turns in one process; a rate
// is in steps per second of the processor, and the median of rounds is shown. LONGSPAN_THREADS sets the threads.

import { parseArgs } from "node:util";
import { defaultExecutor, Key, lstm, recurrent, streamPool } from "./longspan.mjs";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000" },
    hidden: { type: "string", default: "128" },
    rounds: { type: "string", default: "7" },
  },
});
const [all, hidden, rounds] = [values.streams, values.hidden, values.rounds].map(Number);

const layer = recurrent(lstm({ input: hidden, hidden }));
const params = layer.init(Key.of(1));
const x = Float32Array.from({ length: all * hidden }, (_, i) => Math.sin(i));
const row = (i) => x.subarray(i * hidden, (i + 1) * hidden);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** A pool whose streams step together, and as many streams that step one by one. */
const pool = streamPool(layer, params);
const together = Array.from({ length: all }, () => pool.open());
const alone = Array.from({ length: all }, () => layer.stream(params));
const shuffled = together.map((_, i) => together[(i * 389) % all]);

const ways = {
  "one by one": () => alone.map((stream, i) => stream.step(row(i))),
  together: () => pool.step(together, x),
  // As many, in another order than they came in.
  "in another order": () => pool.step(shuffled, x),
  "half of them": () => pool.step(together.slice(0, all >> 1), x.subarray(0, (all >> 1) * hidden)),
};

const first = ways.together();
ways["one by one"]().forEach((output, i) => {
  if (output.some((y, c) => y !== first[i * hidden + c])) throw new Error(`stream ${i} gives other numbers`);
});

const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let round = -1; round < rounds; round++)
  for (const [name, step] of round % 2 ? Object.entries(ways) : Object.entries(ways).reverse()) {
    const begin = process.cpuUsage();
    const until = performance.now() + 300;
    let steps = 0;
    while (performance.now() < until) {
      step();
      steps += name === "half of them" ? all >> 1 : all;
    }
    const { user, system } = process.cpuUsage(begin);
    if (round >= 0) rates[name].push((1e6 * steps) / (user + system));
  }
console.log(`LSTM of ${hidden}, ${all} streams, ${defaultExecutor().name}`);
const base = median(rates["one by one"]);
for (const [name, list] of Object.entries(rates))
  console.log(
    `${name.padEnd(17)} ${Math.round(median(list)).toLocaleString("en")} steps/s  ${(median(list) / base).toFixed(1)} x`,
  );
