// Training on two ranks beside one, and the sums of longspan-mpi beside MPI_Allreduce of the same library at the same bytes.
// npm --prefix benchmarks run mpi [-- --hidden 256 --batch 32 --rounds 5 --mpirun mpirun.openmpi]

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    hidden: { type: "string", default: "256" },
    batch: { type: "string", default: "32" },
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "25" },
    mpirun: { type: "string", default: "mpirun" },
  },
});
const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const sizes = [4096, 65_536, 2 ** 20, 2 ** 22, 2 ** 24];
const settings = {
  sizes,
  repeats: 31,
  hidden: Number(values.hidden),
  batch: Number(values.batch),
  steps: Number(values.steps),
};
const env = {
  ...process.env,
  LONGSPAN_THREADS: "1",
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
};
const run = (command, words) => {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
};
const folder = mkdtempSync(join(tmpdir(), "longspan-mpi-"));
const program = join(folder, "allreduce");
execFileSync(values.mpirun.replace("mpirun", "mpicc"), ["-O2", at("allreduce.c"), "-o", program]);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

const rounds = { one: [], two: [], c: [] };
// Interleaved: other work on the machine meets all of them.
for (let round = 0; round < Number(values.rounds); round++) {
  rounds.one.push(
    JSON.parse(run(process.execPath, [at("rank.mjs"), JSON.stringify({ ...settings, sizes: [] })])),
  );
  const ranks = ["-n", "2", process.execPath, at("rank.mjs"), JSON.stringify(settings)];
  rounds.two.push(JSON.parse(run(values.mpirun, ranks)));
  const lines = run(values.mpirun, ["-n", "2", program, "31", ...sizes.map(String)])
    .trim()
    .split("\n");
  rounds.c.push(lines.map((line) => line.split(" ").map(Number)));
}
rmSync(folder, { recursive: true });
const [one, two] = [rounds.one, rounds.two].map((all) => ({
  step: median(all.map(({ step }) => step)),
  least: Math.min(...all.map(({ step }) => step)),
  cpu: median(all.map(({ cpu }) => cpu)),
  loss: all[0].loss,
  bytes: all[0].bytes,
}));
console.log(
  `${cpus()[0].model}, ${cpus().length} cores, ${run(values.mpirun, ["--version"]).trim().split("\n")[0]}`,
);
console.log(
  `LSTM of ${values.hidden}, ${values.batch} streams of 50 symbols, gradient of ${(one.bytes / 1e6).toFixed(1)} MB; losses ${one.loss.toFixed(6)} and ${two.loss.toFixed(6)}`,
);
for (const [name, { step, least, cpu }] of [
  ["one rank", one],
  ["two ranks", two],
])
  console.log(
    `${name.padEnd(9)}  step ${step.toFixed(1)} ms (least ${least.toFixed(1)}), processor time of a rank ${cpu.toFixed(1)} ms`,
  );
const pairs = rounds.one.map(({ step }, i) => step / rounds.two[i].step);
console.log(
  `two ranks are ${median(pairs).toFixed(2)} times as fast (${Math.min(...pairs).toFixed(2)} to ${Math.max(...pairs).toFixed(2)}); by processor time ${(one.cpu / two.cpu).toFixed(2)} times`,
);
for (const [i, bytes] of sizes.entries()) {
  const ours = median(rounds.two.map(({ sums }) => sums[i][1]));
  const theirs = median(rounds.c.map((lines) => lines[i][1]));
  console.log(
    `sum of ${String(bytes).padStart(8)} bytes: ${ours.toFixed(0)} us, MPI_Allreduce in C ${theirs.toFixed(0)} us`,
  );
}
