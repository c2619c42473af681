import { readFileSync } from "node:fs";
import { decodeUtf8, Utf8Error } from "longspan";
import { fileReason } from "longspan/node";
import { Failure } from "./failure.js";

/** The text of a file. @throws Failure naming the file and what is wrong with it. */
export function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
  }
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw new Failure(`${path}: ${error instanceof Utf8Error ? error.message : fileReason(error)}`);
  }
}
