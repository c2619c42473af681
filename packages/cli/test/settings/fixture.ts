import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../src/failure.js";

/** A function that writes a settings file into a folder and returns its path. */
export function writerIn(folder: string): (contents: string | Uint8Array) => string {
  return (contents) => {
    const path = join(folder, "my.yaml");
    writeFileSync(path, contents);
    return path;
  };
}

/** The failure that a call ends in. */
export function failureOf(f: () => unknown): Failure {
  try {
    f();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("no failure");
}
