import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { check, kind, text } from "../check/index.js";
import { onFile } from "./file-error.js";

/**
 * Replaces a file so that at every moment, a power cut included, either the old or the new contents are there in full:
 * a temporary file beside it, fsync, rename, fsync of the folder.
 * @throws FileError; the old contents are then as they were.
 * @example
 * const { tmpdir } = await import("node:os");
 * replaceFile(`${tmpdir()}/longspan-example.safetensors`, await encodeSafetensors({ w: tensor([1, 2]) }));
 */
export function replaceFile(path: string, contents: Uint8Array | string): void {
  check("replaceFile", "path", path, text);
  check("replaceFile", "contents", contents, contentsKind);
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  onFile("write to", path, () => {
    try {
      const file = openSync(temporary, "w");
      try {
        const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
        let at = 0;
        while (at < bytes.length) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
  syncFolder(folder);
}

function syncFolder(folder: string): void {
  // Not every system can open a folder; there the rename is as safe as the system makes it.
  try {
    const handle = openSync(folder, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {}
}

const contentsKind = kind(
  "a text or a Uint8Array",
  (value) => typeof value === "string" || value instanceof Uint8Array,
);
