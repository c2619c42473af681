import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { check, checkSettings, flag, kind, optional, text } from "../check/index.js";
import { onFile } from "./file-error.js";

/** A file of JSON objects, one per line, that grows. */
export interface JsonLinesFile {
  readonly path: string;
  /** Adds one object. @throws FileError */
  add(object: object): void;
  /** Makes sure that what was added outlives a power cut. @throws FileError */
  sync(): void;
  /** Closes the file; nothing can be added after it. */
  close(): void;
}

/**
 * Opens a file of JSON lines for writing: anew, or to go on. A last line that was cut short, as by a kill, is removed first.
 * @throws FileError
 * @example
 * const { tmpdir } = await import("node:os");
 * const file = jsonLinesFile(`${tmpdir()}/longspan-metrics-example.jsonl`);
 * file.add({ event: "progress", step: 10 });
 * file.close();
 */
export function jsonLinesFile(path: string, options?: { append?: boolean }): JsonLinesFile {
  check("jsonLinesFile", "path", path, text);
  const { append = false } = checkSettings("jsonLinesFile", options, { append: optional(flag) });
  const writing = <T>(f: () => T): T => onFile("write to", path, f);
  const file = writing(() => openSync(path, append ? "a+" : "w"));
  if (append) writing(() => dropCutLine(file));
  return {
    path,
    add(object) {
      check("jsonLinesFile.add", "object", object, anObject);
      writing(() => writeWhole(file, `${JSON.stringify(object)}\n`));
    },
    sync: () => writing(() => fsyncSync(file)),
    close: () => closeSync(file),
  };
}

function writeWhole(file: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at);
}

function dropCutLine(file: number): void {
  const newline = 0x0a;
  const block = new Uint8Array(4096);
  let end = fstatSync(file).size;
  while (end > 0) {
    const begin = Math.max(0, end - block.length);
    readSync(file, block, 0, end - begin, begin);
    const last = block.subarray(0, end - begin).lastIndexOf(newline);
    if (last >= 0) {
      ftruncateSync(file, begin + last + 1);
      return;
    }
    end = begin;
  }
  ftruncateSync(file, 0);
}

const anObject = kind("an object", (value) => typeof value === "object" && value !== null);
