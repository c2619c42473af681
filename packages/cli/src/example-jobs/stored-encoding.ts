import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runFiles } from "longspan";
import { fileReason } from "longspan/node";
import { Failure } from "../failure.js";

/**
 * What vocabulary.json of a run over examples holds.
 * @throws Failure naming the file
 */
export function storedEncoding<E extends object>(run: string): E {
  const path = join(run, runFiles.vocabulary);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as E;
  } catch (error) {
    throw new Failure(`${path}: ${fileReason(error)}; put back what the run had`);
  }
}
