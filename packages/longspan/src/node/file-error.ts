/** A file or folder that cannot be read or written. The message says which, and why in words; `cause` is the system's own error. */
export class FileError extends Error {
  override name = "FileError";

  constructor(
    /** What was tried, such as "write to". */
    action: string,
    readonly path: string,
    cause: unknown,
  ) {
    super(`cannot ${action} ${path}: ${fileReason(cause)}`, { cause });
  }
}

/** Runs a file operation. @throws FileError in place of the system's error */
export function onFile<T>(action: string, path: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw new FileError(action, path, error);
  }
}

/**
 * Why a file operation failed, in words; for other errors, their own message in one line.
 * @example fileReason({ code: "ENOSPC" }) // the disk is full
 */
export function fileReason(error: unknown): string {
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
    EIO: "the disk reported an error",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "too many symbolic links",
    EMFILE: "too many open files",
    EFBIG: "the file is too large",
    ERR_FS_FILE_TOO_LARGE: "the file is larger than 2 GiB",
    ERR_STRING_TOO_LONG: "the text is too long for one string",
  };
  if (typeof code === "string" && Object.hasOwn(words, code)) return words[code]!;
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replace(/\s*\n\s*/g, " ");
}
