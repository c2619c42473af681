import { ExplosionError, NonFiniteLossError, OutOfMemoryError } from "longspan";
import { FileError, fileReason, folderHolds, type RunFolder } from "longspan/node";
import { exitCode, Failure } from "./failure.js";
import { whole } from "./run-lines.js";
import type { Resolved } from "./settings/resolve.js";
import { nameOf, type Table } from "./settings/setting.js";

// What the commands that train have in common: going on with a run, and its ends other than the good one.

/**
 * Whether a command goes on with a run.
 * @param complete whether the command says enough for a new run
 * @throws Failure if there is no run to go on with, and none can begin
 */
export function goesOn({ resume, out }: { resume: boolean; out: string | null }, complete: boolean): boolean {
  const found = resume && out !== null && folderHolds(out) === "run";
  if (resume && !found && !complete)
    throw new Failure(
      out === null
        ? "--resume needs --out, the folder of the run to go on with"
        : `${out} holds no run to go on with`,
    );
  return found;
}

/** What may differ when a run is taken up again: how long it lasts, and what does not touch the parameters. */
const changeable: readonly string[] = ["steps", "minutes", "saveSeconds", "tensorboard", "watchFlow"];

/**
 * The settings of a run that is taken up again.
 * @throws Failure naming a setting that may not differ
 */
export function mergedSettings<S extends object>(stored: S, chosen: Resolved<Table>, out: string): S {
  const merged: Record<string, unknown> = Object.fromEntries(Object.entries(stored));
  for (const [key, was] of Object.entries(stored)) {
    if (chosen.origins[key]!.from === "default") continue;
    const is = chosen.values[key];
    if (changeable.includes(key)) merged[key] = is;
    else if (is !== was)
      throw new Failure(
        `${chosen.phrase(key)} differs from the run in ${out}, which has ${nameOf(key)} ${was === null ? "none" : was}; a run goes on with its own settings`,
      );
  }
  // One kind of budget replaces the other.
  if (chosen.origins.steps!.from !== "default") merged.minutes = null;
  else if (chosen.origins.minutes!.from !== "default") merged.steps = null;
  return merged as S;
}

/** The end by Ctrl-C. @param command that made the run, such as `longspan train text` */
export function reportStopped(
  { step }: { readonly step: number },
  { path }: RunFolder,
  command: string,
): number {
  process.stderr.write(
    `stopped after ${whole(step)} steps; everything is saved. To go on: ${command} --resume --out ${quoted(path)}\n`,
  );
  return exitCode.interrupted;
}

/**
 * A failure of the training itself, in the words of the command line.
 * @param words how to call it again, and the options that take less memory if they are lowered
 */
export function explained(
  error: unknown,
  folder: RunFolder,
  { command, smaller }: { readonly command: string; readonly smaller: string },
): unknown {
  const goOn = `${command} --resume --out ${quoted(folder.path)}`;
  const { savedStep } = folder.checkpoints;
  const saved = savedIn(folder);
  if (error instanceof ExplosionError || error instanceof NonFiniteLossError) {
    return new Failure(
      `training stopped: ${whatIn(error)}; lower --lr or --clip, or go on with --on-explosion skip; ${saved}`,
    );
  }
  if (error instanceof OutOfMemoryError) {
    return new Failure(`training stopped: ${whatIn(error)}; lower ${smaller}; ${saved}`);
  }
  if (error instanceof FileError)
    return new Failure(`${fileReason(error)}; ${saved}${savedStep === null ? "" : `; to go on: ${goOn}`}`);
  return error;
}

/** What of a run is safe, in words. */
export function savedIn({ checkpoints: { savedStep } }: RunFolder): string {
  return savedStep === null ? "nothing was saved" : `the checkpoint of step ${whole(savedStep)} is intact`;
}

/** What an error says, without its remedies: the command line has its own. */
function whatIn(error: unknown): string {
  return fileReason(error).split(/[.,;]? Remedies: /)[0]!;
}

/** @param remedy such as "lower --hidden" @throws Failure if there is not the memory for it */
export function fitting<T>(make: () => T, remedy: string): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError)
      throw new Failure(`a model of this size does not fit into memory (${whatIn(error)}); ${remedy}`);
    throw error;
  }
}

/** A path as one word of a command line. */
export function quoted(path: string): string {
  return /^[\w./:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
