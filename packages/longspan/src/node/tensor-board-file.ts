import { closeSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { check, integer, record, text } from "../check/index.js";
import { encodeTensorBoardEvent, tensorBoardHeader } from "../io/index.js";
import { onFile } from "./file-error.js";
import { makeFolder } from "./make-folder.js";

/** An event file for TensorBoard that grows. */
export interface TensorBoardFile {
  readonly path: string;
  /** Adds the values of one step, by tag. @throws FileError */
  add(step: number, scalars: Readonly<Record<string, number>>): void;
  /** Closes the file; nothing can be added after it. */
  close(): void;
}

/**
 * Begins an event file in a folder, which is made if need be; `tensorboard --logdir FOLDER` shows it while it grows. Files of
 * one folder are shown as one run, so a run that is taken up again begins another file there.
 * @throws FileError
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const board = tensorBoardFile(mkdtempSync(`${tmpdir()}/longspan-board-example-`));
 * board.add(100, { "loss/training": 1.5 });
 * board.close();
 */
export function tensorBoardFile(folder: string): TensorBoardFile {
  check("tensorBoardFile", "folder", folder, text);
  makeFolder(folder);
  const begin = Date.now() / 1000;
  // The process's number keeps two files of one second apart.
  const path = join(folder, `events.out.tfevents.${Math.floor(begin)}.${hostname()}.${process.pid}`);
  const file = onFile("write to", path, () => openSync(path, "a"));
  const write = (bytes: Uint8Array) =>
    onFile("write to", path, () => {
      let at = 0;
      while (at < bytes.length) at += writeSync(file, bytes, at);
    });
  write(tensorBoardHeader(begin));
  return {
    path,
    add(step, scalars) {
      check("tensorBoardFile.add", "step", step, integer);
      check("tensorBoardFile.add", "scalars", scalars, record);
      write(encodeTensorBoardEvent({ wallTime: Date.now() / 1000, step, scalars }));
    },
    close: () => closeSync(file),
  };
}
