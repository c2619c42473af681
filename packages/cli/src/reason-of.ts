import { RunError, type RunProblem } from "longspan";
import { fileReason } from "longspan/node";
import { oneLine } from "./failure.js";

/** What to do about a run, in words of the command line, where the library's are not. */
const remedies: Partial<Record<RunProblem, string>> = {
  "no folder": "see longspan train text --help",
  "no run": "give the folder of a run, as longspan train makes it",
  "holds a run": "go on with it with --resume, choose another folder with --out, or replace it with --force",
  "holds other files": "choose another folder with --out",
};

/** An error that the command line did not expect, in one line: of the system's own errors, why in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof RunError)) return fileReason(error);
  return oneLine(`${error.what}; ${remedies[error.problem] ?? error.remedy}`);
}
