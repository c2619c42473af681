/** A cell that cannot be compiled: what the compiler met, and what to do about it. */
export class CompileError extends Error {
  override name = "CompileError";

  constructor(
    cell: string,
    /** What cannot be compiled, or which rule of which stage is broken. */
    readonly what: string,
    /** What to do. */
    readonly remedy: string,
  ) {
    super(`cell ${cell}: ${what}; ${remedy}`);
  }
}

/** The error for a rule that the compiler itself has broken. */
export function compilerDefect(cell: string, what: string): CompileError {
  return new CompileError(
    cell,
    what,
    "this is a defect of the compiler: report it with the cell and what compileStages(cell) prints",
  );
}
