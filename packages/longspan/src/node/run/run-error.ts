/** A folder that holds no run that can be opened. The message says which file, what is wrong with it, and what to do. */
export class RunError extends Error {
  override name = "RunError";

  constructor(
    /** The folder, or the file in it. */
    readonly path: string,
    what: string,
    /** What to do about it. */
    readonly remedy: string,
  ) {
    super(`${path}: ${what}; ${remedy}`);
  }
}
