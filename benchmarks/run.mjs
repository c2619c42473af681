// Our executors and their peers, side by side in one run. How to run it and what it prints: README.md.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { difference, tolerance } from "./compare.mjs";
import { applies, flops, jobs, parseShape, shapes, task } from "./jobs.mjs";
import { machine } from "./machine.mjs";
import { ourSides } from "./ours.mjs";
import { interleaved, peaks } from "./rounds.mjs";
import { geometricMeans, ratioOf, tableLines } from "./table.mjs";
import { median } from "./timing.mjs";

const { values: options } = parseArgs({
  options: {
    peer: { type: "string", default: "" },
    python: { type: "string", default: "python3" },
    jobs: { type: "string", default: Object.keys(jobs).join(",") },
    shapes: { type: "string", multiple: true, default: shapes },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "7" },
    executors: { type: "string", default: "native,wasm" },
    results: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const list = (text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

/** Each peer's sides are made only where it is asked for: its packages need not be there otherwise. */
const peers = {
  torch: async (...args) => (await import("./peers/torch.mjs")).torchSides(...args),
  tfjs: async (...args) => (await import("./peers/tfjs.mjs")).tfjsSides(...args),
  onnxruntime: async (...args) => (await import("./peers/onnxruntime.mjs")).onnxSides(...args),
};
const chosen = (text, known, what) => {
  const names = list(text);
  for (const name of names)
    if (!known.includes(name)) throw new Error(`no ${what} "${name}"; there is ${known.join(", ")}`);
  return names;
};

const threadCounts = list(options.threads).map(Number);
const rounds = Number(options.rounds);
const jobNames = chosen(options.jobs, Object.keys(jobs), "job");
// Several shapes: the option again, or one option with spaces or semicolons between them.
const chosenShapes = options.shapes.flatMap((text) => text.split(/[\s;]+/).filter(Boolean)).map(parseShape);

const sides = ourSides(list(options.executors), threadCounts);
for (const name of chosen(options.peer, Object.keys(peers), "peer"))
  sides.push(...(await peers[name](threadCounts, options)));

const description = {
  ...machine(),
  sides: sides.map(({ name, threads, version }) => ({ name, threads, version })),
  rounds,
  tolerance,
};
console.log(
  `${description.processor}, ${description.cores} cores, ${description.platform}, node ${description.node}`,
);
for (const { name, threads, version } of sides) console.log(`  ${name}, threads: ${threads}: ${version}`);

const before = await peaks(sides);
const rows = [];
for (const name of jobNames)
  for (const shape of chosenShapes.filter((s) => applies(name, s)))
    rows.push(...(await measure(name, shape)));
const after = await peaks(sides);
for (const row of rows) row.peak = Math.max(before.get(row.threads) ?? 0, after.get(row.threads) ?? 0);
for (const side of sides) await side.close();

console.log(
  `\nlarge products: ${[...new Set(rows.map((r) => r.threads))].map((n) => `${rows.find((r) => r.threads === n).peak.toFixed(0)} GF/s with threads: ${n}`).join(", ")}`,
);
console.log(
  `medians of ${rounds} interleaved rounds; spread: between the quartiles; x ours: its time over ours\n`,
);
console.log(tableLines(rows).join("\n"));
const geomean = geometricMeans(rows);
console.log("\npeer's time / ours over the shapes      geometric mean    least");
for (const g of geomean)
  console.log(
    `  ${`${g.peer} / ${g.executor}, ${g.job}, threads: ${g.threads}`.padEnd(46)}${g.ratio.toFixed(2).padStart(8)}${g.min.toFixed(2).padStart(9)}`,
  );
if (options.results) save(options.results);
if (options.json) console.log(JSON.stringify({ geomean }));

/** One task on all sides that have it: results compared, then rounds. */
async function measure(name, shape) {
  const subject = task(name, shape);
  const present = [];
  let reference = null;
  for (const side of sides) {
    const prepared = await side.prepare(subject);
    if (!prepared) continue;
    const found = await prepared.results();
    reference ??= found;
    present.push({
      side,
      subject: prepared,
      difference: found === reference ? undefined : difference(reference, found, `${side.name}, ${name}`),
    });
  }
  reference = null;
  const times = await interleaved(
    present.map((p) => p.subject),
    rounds,
  );
  for (const p of present) await p.subject.dispose();
  const work = flops(subject.job, shape);
  const made = present.map(({ side, difference }, i) => ({
    job: name,
    shape,
    side: side.name,
    threads: side.threads,
    gflops: work / median(times[i]) / 1e6,
    times: times[i],
    difference,
  }));
  made.forEach((row, i) => {
    const { side } = present[i];
    if (side.ours) return;
    const opponent = made.findIndex(
      (r, j) => present[j].side.ours && r.threads === side.threads && (side.against ?? r.side) === r.side,
    );
    if (opponent < 0) return;
    row.ratio = ratioOf(times[i], times[opponent]);
    row.against = made[opponent].side;
  });
  process.stderr.write(`${name} ${Object.values(shape).join(",")}\n`);
  return made;
}

/** The machine on the first line, then a row per line. */
function save(file) {
  const folder = new URL("results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const lines = [description, ...rows].map((line) => JSON.stringify(line));
  writeFileSync(new URL(basename(file), folder), `${lines.join("\n")}\n`);
}
