import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RunError, type RunFile, type RunSource, runFiles } from "../../runs/index.js";
import { onFile } from "../file-error.js";

/** The files in the folder of a run. */
export function filesIn(folder: string): RunSource {
  const where = (file: RunFile) => join(folder, runFiles[file]);
  return {
    where,
    bytes(file) {
      const path = where(file);
      if (!existsSync(path)) {
        if (file === "config") throw noRun(folder);
        if (file === "weights")
          throw new RunError(
            "no weights",
            folder,
            `${folder} holds no trained model yet: ${runFiles.weights} is written at the first validation and at the end of a run`,
            "wait for it",
          );
      }
      return onFile("read", path, () => readFileSync(path));
    },
  };
}

/** The error where a folder holds no run. */
export function noRun(folder: string): RunError {
  const remedy = "give the folder of a run, as createRun and longspan train make it";
  return existsSync(folder)
    ? new RunError(
        "no run",
        folder,
        `${folder} is not the folder of a run: it has no ${runFiles.config}`,
        remedy,
      )
    : new RunError("no folder", folder, `there is no folder ${folder}`, remedy);
}
