/**
 * What is wrong: there is no such folder; it holds no run; it holds a run already, or files of something else; the run has no trained
 * model yet; its cell is the user's own, and was not handed over; its format is of another version; it is of another kind; a file of it has contents that cannot be.
 */
export type RunProblem =
  | "no folder"
  | "no run"
  | "holds a run"
  | "holds other files"
  | "no weights"
  | "no cell"
  | "version"
  | "kind"
  | "contents";

/** A run that cannot be opened, made or taken up again. The message says where, what is wrong, and what to do. */
export class RunError extends Error {
  override name = "RunError";

  constructor(
    readonly problem: RunProblem,
    /** The folder, or the file in it. */
    readonly path: string,
    /** Where and what, without the remedy. */
    readonly what: string,
    /** What to do about it. */
    readonly remedy: string,
  ) {
    super(`${what}; ${remedy}`);
  }
}
