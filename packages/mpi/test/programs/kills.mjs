// Kills a random rank of a training again and again, and looks whether anything is lost: the run ends, its last checkpoint is intact, and
// the training goes on from it with another number of ranks.
// node packages/mpi/test/programs/kills.mjs [TEXT] [KILLS] [MPIRUN ...]

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../../cli/bin/longspan.js", import.meta.url));
const [, , source = fileURLToPath(import.meta.url), kills = "20", ...given] = process.argv;
const mpiruns = given.length > 0 ? given : ["mpirun"];
const folder = mkdtempSync(join(tmpdir(), "longspan-kills-"));
const text = join(folder, "text.txt");
writeFileSync(text, readFileSync(source));
const run = join(folder, "run");
const environment = {
  ...process.env,
  LONGSPAN_THREADS: "1",
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  OMPI_MCA_hwloc_base_binding_policy: "none",
};

function training(mpirun, ranks, more) {
  const words = [
    "train",
    "text",
    ...more,
    "--out",
    run,
    "--hidden",
    "32",
    "--batch",
    "12",
    "--save-seconds",
    "0.05",
  ];
  const child = spawn(mpirun, ["-n", String(ranks), process.execPath, bin, ...words], { env: environment });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
  const ended = new Promise((resolve) => child.on("close", (code) => resolve({ code, said })));
  return { ended, mpirun: child.pid };
}

/** The processes of the ranks: the descendants of mpirun that train. */
function ranksOf(root) {
  const parents = new Map();
  const words = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]));
      words.set(Number(pid), readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"));
    } catch {}
  const under = (pid) => pid === root || (parents.has(pid) && under(parents.get(pid)));
  return [...words].filter(([pid, w]) => pid !== root && w[1] === bin && under(pid)).map(([pid]) => pid);
}

const step = () => {
  try {
    return JSON.parse(readFileSync(join(run, "checkpoint.json"), "utf8")).step;
  } catch {
    return 0;
  }
};
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let lost = 0;
for (let kill = 0; kill < Number(kills); kill++) {
  const mpirun = mpiruns[kill % mpiruns.length];
  const ranks = 2 + (kill % 3);
  const before = step();
  const more = kill === 0 ? [text, "--steps", "1000000", "--seed", "1"] : ["--resume"];
  const { ended, mpirun: root } = training(mpirun, ranks, more);
  let over = false;
  ended.then(() => (over = true));
  while (!over && (step() <= before || ranksOf(root).length < ranks)) await rest(20);
  await rest(Math.random() * 400);
  const all = ranksOf(root);
  const victim = all[Math.floor(Math.random() * all.length)];
  const at = step();
  if (victim !== undefined) process.kill(victim, "SIGKILL");
  const { code, said } = await Promise.race([
    ended,
    rest(30_000).then(() => ({ code: null, said: "it hangs" })),
  ]);
  await rest(50);
  const good = !over ? false : code !== 0 && ranksOf(root).length === 0 && step() >= at && at > before;
  if (!good) lost += 1;
  console.log(
    `${kill + 1}: ${mpirun} -n ${ranks}, killed after step ${at}, exit code ${code}, checkpoint of step ${step()}${good ? "" : ` LOST: ${said.slice(-400)}`}`,
  );
}
const { ended } = training(mpiruns[0], 2, ["--resume", "--steps", String(step() + 5)]);
const { code, said } = await ended;
console.log(
  `at the end: exit code ${code}${code === 0 ? "" : said.slice(-400)}; ${lost} of ${kills} lost something`,
);
rmSync(folder, { recursive: true, force: true });
process.exitCode = lost === 0 && code === 0 ? 0 : 1;
