/** Exit codes. */
export const exitCode = { failure: 1, usage: 2, interrupted: 130 } as const;

/** Something that the user can put right: told in one line on stderr, without a stack trace. */
export class Failure extends Error {
  override name = "Failure";

  constructor(
    message: string,
    readonly exitCode: number = 1,
  ) {
    super(message);
  }
}

/** A text in one line, without spaces around it. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
