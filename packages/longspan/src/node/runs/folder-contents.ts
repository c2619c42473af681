import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { check, text } from "../../check/index.js";
import { runFiles } from "../../runs/index.js";
import { FileError } from "../file-error.js";

/** What a kill in the middle of a write leaves of a file: its new contents, not yet in place. */
const halfWritten = new RegExp(
  `^\\.(${Object.values(runFiles).join("|").replaceAll(".", "\\.")})\\.\\d+\\.tmp$`,
);

/**
 * What a folder holds: a run, something else, or nothing. A folder that is not there holds nothing, and so does one in which a run was
 * begun and killed before it had its configuration.
 *
 * @throws FileError if it cannot be read
 * @example
 * const { tmpdir } = await import("node:os");
 * folderHolds(`${tmpdir()}/longspan-none`); // "nothing"
 */
export function folderHolds(path: string): "nothing" | "run" | "other" {
  check("folderHolds", "path", path, text);
  let entries: string[];
  try {
    entries = readdirSync(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "nothing";
    throw new FileError("write to", path, error);
  }
  if (entries.includes(runFiles.config)) return "run";
  // A lock may be what another process has just begun with. Beside one, a vocabulary, a cell, or half of a file, is what a process left
  // that was killed before it made the configuration.
  const locked = entries.some((name) => name.startsWith(".lock"));
  const begun = (name: string) =>
    name.startsWith(".lock") ||
    (locked && (name === runFiles.vocabulary || name === runFiles.cell || halfWritten.test(name)));
  return entries.every(begun) ? "nothing" : "other";
}

/** Removes what kills left half written. */
export function removeHalves(path: string): void {
  for (const name of readdirSync(path)) if (halfWritten.test(name)) rmSync(join(path, name), { force: true });
}
