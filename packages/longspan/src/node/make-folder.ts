import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { check, text } from "../check/index.js";
import { onFile } from "./file-error.js";

/**
 * Makes a folder, and those that it lies in, where they are not there yet. Node's own recursive `mkdirSync` does not return
 * where the system says that there is no such folder although there is, as below /proc.
 * @throws FileError naming the folder and why it cannot be made
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * makeFolder(`${mkdtempSync(`${tmpdir()}/longspan-folder-example-`)}/runs/first`);
 */
export function makeFolder(path: string): void {
  check("makeFolder", "path", path, text);
  onFile("write to", path, () => make(resolve(path)));
}

function make(folder: string): void {
  const parent = dirname(folder);
  try {
    mkdirSync(folder);
  } catch (error) {
    if (isFolder(folder)) return;
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    if (existsSync(parent)) throw new Error(`no folder can be made in ${parent}`, { cause: error });
    make(parent);
    make(folder);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
