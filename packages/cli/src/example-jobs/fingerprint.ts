import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileReason } from "longspan/node";
import { Failure } from "../failure.js";

/** Bytes that are read at a time. */
const part = 2 ** 22;

/**
 * By which files, and folders with all that is in them, are known again: SHA-256 in hexadecimal digits. Of a folder it counts what its files
 * are called and hold, not where it lies.
 * @throws Failure if one cannot be read
 */
export function fingerprint(paths: readonly string[]): string {
  const hash = createHash("sha256");
  const bytes = new Uint8Array(part);
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        hash.update(`${name}\0`);
        add(join(path, name));
      }
      return;
    }
    const file = openSync(path, "r");
    try {
      for (let n = -1; n !== 0; ) {
        n = readSync(file, bytes, 0, part, null);
        hash.update(bytes.subarray(0, n));
      }
    } finally {
      closeSync(file);
    }
    hash.update("\0");
  };
  for (const path of paths)
    try {
      add(path);
    } catch (error) {
      throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
    }
  return hash.digest("hex");
}
