// Our executors and their peers, side by side in one run. How to run it and what it prints: README.md.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { tolerance } from "./compare.mjs";
import { applies } from "./jobs.mjs";
import { machine } from "./machine.mjs";
import { measure } from "./measure.mjs";
import { readOptions } from "./options.mjs";
import { ourSides } from "./ours.mjs";
import { peaks } from "./rounds.mjs";
import { measureStructures, structureLines } from "./structures.mjs";
import { geometricMeans, meanLines, tableLines } from "./table.mjs";

const options = readOptions();
const { rounds, threads } = options;
const sides = ourSides(options.executors, threads);
if (sides.length === 0) throw new Error("none of our executors is here: run `npm run build` at the root");
const ours = [...sides];
for (const peer of options.peers) sides.push(...(await peer(threads, options)));

const description = {
  ...machine(),
  sides: sides.map(({ name, threads, version }) => ({ name, threads, version })),
  rounds,
  tolerance,
};
const { processor, cores, platform, node } = description;
console.log(`${processor}, ${cores} cores, ${platform}, node ${node}`);
for (const { name, threads, version } of sides) console.log(`  ${name}, threads: ${threads}: ${version}`);

const rows = [];
const structureRows = [];
const peak = new Map();
const notePeaks = async () => {
  for (const [n, speed] of await peaks(sides)) peak.set(n, Math.max(peak.get(n) ?? 0, speed));
};
try {
  await notePeaks();
  for (const name of options.jobs)
    for (const shape of options.shapes.filter((s) => applies(name, s))) {
      rows.push(...(await measure(name, shape, sides, rounds)));
      process.stderr.write(`${name} ${Object.values(shape).join(",")}\n`);
    }
  for (const name of options.structureJobs) {
    structureRows.push(...(await measureStructures(name, ours, rounds)));
    process.stderr.write(`${name}\n`);
  }
  await notePeaks();
} finally {
  for (const side of sides) await side.close();
}
for (const row of rows) row.peak = peak.get(row.threads);

const geomean = geometricMeans(rows);
const peakText = [...peak].map(([n, speed]) => `${speed.toFixed(0)} GF/s with threads: ${n}`);
console.log(`\nlarge products: ${peakText.join(", ")}`);
console.log(
  `medians of ${rounds} interleaved rounds; spread: between the quartiles; x ours: its time over ours`,
);
for (const lines of [tableLines(rows), structureLines(structureRows), meanLines(geomean)])
  if (lines.length > 0) console.log(`\n${lines.join("\n")}`);
if (options.results) save(options.results);
if (options.json) console.log(JSON.stringify({ geomean }));

/** The machine on the first line, then a row per line. */
function save(file) {
  const folder = new URL("results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const lines = [description, ...rows, ...structureRows].map((line) => JSON.stringify(line));
  writeFileSync(new URL(basename(file), folder), `${lines.join("\n")}\n`);
}
