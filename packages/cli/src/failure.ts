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

/** The message of anything thrown, in one line. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replace(/\s*\n\s*/g, " ");
}

/** Why a file operation failed, in words. */
export function reason(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  const words: Record<string, string> = {
    ENOENT: "no such file or folder",
    EACCES: "permission denied",
    EPERM: "operation not permitted",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of the path is a file, not a folder",
    EEXIST: "there is a file of that name",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "too many symbolic links",
    EMFILE: "too many open files",
    EFBIG: "the file is too large",
    ERR_FS_FILE_TOO_LARGE: "the file is larger than 2 GiB",
    ERR_STRING_TOO_LONG: "the text is too long for one string",
  };
  return (typeof code === "string" && words[code]) || oneLine(error);
}
