import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors } from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, freshFolder, jsonLines, longspan } from "./command.js";
import { kindsInTests } from "./kinds/table.js";
import { longspanOn, mpiEnvironment, mpiruns } from "./mpirun.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);
const usual = [
  ...["--optimizer", "sgd", "--lr", "0.2", "--schedule", "constant", "--seed", "3"],
  // Seven cannot be shared equally.
  ...["--batch", "7"],
];

/** The words of each kind of job. What is drawn at random in a net is drawn by each rank for itself. */
const trained: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(kindsInTests).map(([kind, { argument, settings }]) => [
    kind,
    [
      argument,
      ...Object.entries(settings).flatMap(([name, value]) =>
        name === "batch" ? [] : [`--${name}`, String(value)],
      ),
      ...(kind === "synthetic" ? [] : ["--dropout", "0"]),
    ],
  ]),
);

beforeAll(() => {
  for (const { argument, data } of Object.values(kindsInTests))
    if (data !== null) writeFileSync(at(argument), data);
});

/** Every number of a run's checkpoint, by name. */
function checkpoint(run: string): Map<string, ArrayLike<number>> {
  const file = readdirSync(at(run)).find((name) => /^checkpoint.*safetensors$/.test(name))!;
  const { tensors } = decodeSafetensors(readFileSync(at(run, file)));
  return new Map([...tensors].map(([name, { data }]) => [name, data]));
}

function furthest(a: ReturnType<typeof checkpoint>, b: ReturnType<typeof checkpoint>): number {
  expect([...a.keys()]).toEqual([...b.keys()]);
  let most = 0;
  for (const [name, numbers] of a)
    for (let i = 0; i < numbers.length; i++) most = Math.max(most, Math.abs(numbers[i]! - b.get(name)![i]!));
  return most;
}

const train = (kind: string, out: string, ...more: string[]) => [
  ...["train", kind, ...trained[kind]!, ...usual, "--out", out],
  ...more,
];

it("without longspan-mpi, mpirun leads to one line that says what to install", () => {
  // Loaded from where there is no such package, as the environment of mpirun has it.
  const hidden = `data:text/javascript,export async function resolve(name, context, next) { if (name === "longspan-mpi") throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }); return next(name, context); }`;
  const register = `data:text/javascript,import { register } from "node:module"; register(${JSON.stringify(hidden)});`;
  const run = (rank: number) =>
    spawnSync(process.execPath, ["--import", register, bin, ...train("text", "none")], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: String(rank) },
    });
  expect(run(0).stderr).toBe(
    "error: mpirun has started 4 processes, and longspan-mpi, which joins them, is not installed; run npm install longspan-mpi where longspan-cli is installed; it is built with the headers of Open MPI (libopenmpi-dev)\n",
  );
  const second = run(1);
  expect([second.stderr, second.status]).toEqual(["", 1]);
  expect(existsSync(at("none"))).toBe(false);
});

// Skipped where no MPI is installed: there is nothing to run it with.
describe.skipIf(mpiruns.length === 0)("longspan train by mpirun", () => {
  const mpirun = mpiruns[0]!;

  it.each(Object.keys(trained))("%s: does on two ranks what it does on one", (kind) => {
    const one = longspan(folder, ...train(kind, `${kind} 1`, "--steps", "8"));
    expect([one.stderr, one.code]).toEqual(["", 0]);
    const two = longspanOn(mpirun, 2, folder, ...train(kind, `${kind} 2`, "--steps", "8", "--json"));
    expect([two.stderr, two.code]).toEqual(["", 0]);
    // The first rank tells, and it alone.
    const told = jsonLines(two.stdout).map(({ event }) => event);
    expect(told.filter((event) => event === "start" || event === "done")).toEqual(["start", "done"]);
    expect(furthest(checkpoint(`${kind} 2`), checkpoint(`${kind} 1`))).toBeLessThan(1e-5);
  });

  it.each(["text", "tag"])("%s: goes on with another number of ranks, and with one", (kind) => {
    longspanOn(mpirun, 3, folder, ...train(kind, `${kind} cut`, "--steps", "3"));
    const on = longspan(folder, ...train(kind, `${kind} cut`, "--steps", "5", "--resume"));
    expect([on.stderr, on.code]).toEqual(["", 0]);
    const last = longspanOn(mpirun, 2, folder, ...train(kind, `${kind} cut`, "--steps", "8", "--resume"));
    expect([last.stderr, last.code]).toEqual(["", 0]);
    expect(furthest(checkpoint(`${kind} cut`), checkpoint(`${kind} 1`))).toBeLessThan(1e-5);
  });

  it.each(mpiruns)("%s: the same bits again, whatever the library", (other) => {
    const { stderr, code } = longspanOn(other, 2, folder, ...train("text", `by ${other}`, "--steps", "8"));
    expect([stderr, code]).toEqual(["", 0]);
    expect(furthest(checkpoint(`by ${other}`), checkpoint("text 2"))).toBe(0);
  });

  const errors = (stderr: string) => stderr.split("\n").filter((line) => line.startsWith("error: "));

  it("tells an error once: one that all have, one of the first, one of another", () => {
    const missing = longspanOn(mpirun, 3, folder, "train", "text", "nothing.txt", "--out", "x");
    expect(errors(missing.stderr)).toEqual([expect.stringMatching(/^error: .*nothing\.txt/)]);
    expect(missing.code).toBe(1);
    expect(existsSync(at("x"))).toBe(false);
    const held = longspanOn(mpirun, 2, folder, ...train("text", "text 1"));
    expect(errors(held.stderr)).toEqual([expect.stringMatching(/^error: text 1 holds a run already/)]);
    const few = longspanOn(mpirun, 3, folder, ...train("text", "x"), "--batch", "2");
    expect(errors(few.stderr)).toEqual([
      "error: --batch 2 cannot be shared among the 3 processes that mpirun has started; give 3 at least, or start fewer",
    ]);
    const free = train("text", "x", "--optimizer", "hessian-free").filter((w) => w !== "sgd");
    const looked = longspanOn(mpirun, 2, folder, ...free.filter((w, i) => !(w === "--optimizer" && i < 12)));
    expect(errors(looked.stderr)).toEqual([
      "error: --optimizer hessian-free looks at the loss again and again, and trains in one process only; mpirun has started 2: choose another optimizer, or start one",
    ]);
  });

  it("a gradient that explodes ends all with one error", () => {
    const wild = train("text", "wild", "--steps", "50").map((w) => (w === "0.2" ? "1e38" : w));
    const { stderr, code } = longspanOn(mpirun, 2, folder, ...wild, "--clip", "none");
    expect(errors(stderr)).toEqual([
      expect.stringMatching(/^error: training stopped: the .* nothing was saved$/),
    ]);
    expect(code).toBe(1);
  });

  it("a rank that is killed ends all, and the run goes on from its last checkpoint", async () => {
    const words = train("text", "killed", "--steps", "1000000", "--save-seconds", "0.05");
    const child = spawn(mpirun, ["-n", "2", process.execPath, bin, ...words], {
      cwd: folder,
      env: mpiEnvironment,
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const saved = () => existsSync(at("killed", "checkpoint.json"));
    while (!saved()) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(rankOf("killed", 1), "SIGKILL");
    expect(await ended).not.toBe(0);
    const { step } = JSON.parse(readFileSync(at("killed", "checkpoint.json"), "utf8")) as { step: number };
    expect(step).toBeGreaterThan(0);
    const steps = ["--steps", String(step + 2)];
    const on = longspanOn(mpirun, 3, folder, "train", "text", "--resume", "--out", "killed", ...steps);
    expect([on.stderr, on.code]).toEqual(["", 0]);
    longspan(folder, ...train("text", "whole", ...steps));
    expect(furthest(checkpoint("killed"), checkpoint("whole"))).toBeLessThan(1e-3);
  });
});

/** The process of a rank that trains in a folder. */
function rankOf(out: string, rank: number): number {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const is = variables.some((v) => v === `OMPI_COMM_WORLD_RANK=${rank}` || v === `PMI_RANK=${rank}`);
      if (is && words.includes(out) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`PWD=${folder}`))
        return Number(pid);
    } catch {}
  }
  throw new Error(`no process of rank ${rank} trains in ${out}`);
}
