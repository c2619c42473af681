import { existsSync } from "node:fs";
import { join } from "node:path";
import { Key, runFiles } from "longspan";
import { continueRun, createRun, type RunFolder, readMetrics, readRunConfig } from "longspan/node";
import { chooseFolder } from "./choose-folder.js";
import { chooseReporter } from "./choose-reporter.js";
import { exitCode, Failure } from "./failure.js";
import { onInterrupt } from "./interrupt.js";
import type { Job, JobKind, Prepared } from "./jobs/job.js";
import { cellOfRun, ownCell } from "./own-cell.js";
import { checkShares, checkTrained } from "./ranks/check-shares.js";
import { joinRanks } from "./ranks/join-ranks.js";
import type { Ranks } from "./ranks/ranks.js";
import type { RunConfig } from "./run-config.js";
import { explained, goesOn, mergedSettings, quoted, reportStopped, savedIn } from "./run-control.js";
import { fitted } from "./run-fitting.js";
import { RunRecorder } from "./run-recorder.js";
import { checkCurvatureBatch } from "./settings/hessian-free.js";
import { type CommandLine, checkEffects, type Resolved, resolveSettings } from "./settings/resolve.js";
import type { Table } from "./settings/setting.js";
import type { OutputSettings } from "./settings/training.js";
import { trained } from "./train-in-folder.js";

/** Trains what a kind of job trains, or goes on with it. Returns the exit code. */
export async function runTraining(
  kind: JobKind,
  argument: string | undefined,
  words: CommandLine,
): Promise<number> {
  const ranks = await joinRanks();
  try {
    return await trainedBy(ranks, kind, argument, words);
  } finally {
    await ranks.close();
  }
}

/** @throws Failure if the run was imported, or made by a program: it would begin anew, and overwrite what it has */
function checkBegun(out: string): void {
  if (readMetrics(out).length > 0 || !existsSync(join(out, runFiles.weights))) return;
  throw new Failure(
    `${out} was imported, or made by a program: it holds a model, and no training to go on with; train it further in a program (openRun, then startTraining with its parameters)`,
  );
}

async function trainedBy(
  ranks: Ranks,
  kind: JobKind,
  argument: string | undefined,
  words: CommandLine,
): Promise<number> {
  const chosen = await ranks.all(() => resolveSettings(kind.settings, words));
  // Every kind of job has these.
  const values = chosen.values as OutputSettings;
  const job = await kind.train();
  const resuming = await ranks.ofFirst(() => goesOn(values, argument !== undefined));
  // The first process has the folder: it alone writes.
  const held: { folder: RunFolder | null } = { folder: null };
  try {
    const open = await (resuming
      ? goOn(ranks, held, job, argument, chosen, values.out!)
      : begin(ranks, held, kind, job, argument, chosen));
    return await runIn(held.folder, ranks, open);
  } finally {
    held.folder?.close();
  }
}

/** Where the folder of a run is kept until it is closed. */
interface Held {
  folder: RunFolder | null;
}

async function begin(
  ranks: Ranks,
  held: Held,
  kind: JobKind,
  job: Job,
  argument: string | undefined,
  chosen: Resolved<Table>,
): Promise<OpenRun> {
  const values = chosen.values as OutputSettings;
  const { run, cell } = await ranks.all(async () => {
    if (argument === undefined) throw new Failure(kind.argument.missing, exitCode.usage);
    checkEffects(kind.settings, chosen);
    checkCurvatureBatch(chosen as unknown as Parameters<typeof checkCurvatureBatch>[0]);
    checkShares(ranks.size, chosen.values);
    const cell = await ownCell(chosen.values.cell);
    const run = await job.begin(argument, chosen, cell?.make ?? null);
    checkTrained(ranks.size, run);
    return { run, cell };
  });
  const path = await ranks.ofFirst(() => {
    held.folder = createRun(chooseFolder(values.out, run.name), run.config, {
      replace: values.force,
      ...(run.vocabulary ? { vocabulary: run.vocabulary } : {}),
      ...(cell ? { cell: cell.source } : {}),
    });
    return held.folder.path;
  });
  return { job, config: run.config, run, json: values.json, path };
}

async function goOn(
  ranks: Ranks,
  held: Held,
  job: Job,
  argument: string | undefined,
  chosen: Resolved<Table>,
  out: string,
): Promise<OpenRun> {
  const path = await ranks.ofFirst(() => {
    held.folder = continueRun(out);
    checkBegun(out);
    return held.folder.path;
  });
  const { config, run } = await ranks.all(async () => {
    const stored = readRunConfig(out, job.schema) as ReturnType<typeof readRunConfig> & RunConfig;
    const config = { ...stored, settings: mergedSettings(stored.settings, chosen, out) };
    checkShares(ranks.size, config.settings);
    const run = await job.goOn(config, argument, out, await cellOfRun(out, config.settings));
    checkTrained(ranks.size, run);
    return { config, run };
  });
  await ranks.ofFirst(() => held.folder!.saveConfig(config));
  return { job, config, run, json: chosen.values.json === true, path };
}

/** A run in its folder. */
interface OpenRun {
  readonly job: Job;
  readonly config: RunConfig;
  readonly run: Prepared;
  readonly json: boolean;
  readonly path: string;
}

/** @param folder null in a process that is not the first */
async function runIn(folder: RunFolder | null, ranks: Ranks, open: OpenRun): Promise<number> {
  const { job, config, run, json } = open;
  const reporter = chooseReporter(process.stdout, json, job.lines());
  const command = job.command(config);
  const interrupt = onInterrupt((signal) => {
    reporter.clear();
    if (folder !== null) process.stderr.write(announcement(signal, ranks, folder, command));
  });
  const { signal } = interrupt;
  const recorder = folder && new RunRecorder(folder, config, job, reporter);
  const progress = { step: 0 };
  try {
    const context = { key: Key.of(config.settings.seed), signal, steps: () => progress.step };
    return await ranks.training(
      async () => {
        const { settings } = config;
        const around = { folder, ranks, recorder, signal, progress, json, settings };
        const end = await (run.fitting && folder && recorder
          ? run.fitting(context, (fitting) => fitted(fitting, { folder, recorder, settings }))
          : run.training(context, (training) => trained(training, around)));
        // What the end was, the first process knows.
        return await ranks.ofFirst(() => (end === null ? 0 : reportStopped(end, folder!, command)));
      },
      (error) => (folder === null ? error : explained(error, folder, { command, smaller: job.smaller })),
    );
  } finally {
    reporter.close();
    interrupt.release();
    recorder?.close();
  }
}

/** What is said at Ctrl-C and the like. */
function announcement(signal: NodeJS.Signals, { size }: Ranks, folder: RunFolder, command: string): string {
  return size === 1 || signal === "SIGINT"
    ? "stopping after this step; press Ctrl-C again to end at once\n"
    : `told to end by mpirun, as after the end of another process; ${savedIn(folder)}; to go on: ${command} --resume --out ${quoted(folder.path)}\n`;
}
