import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { check, text } from "../../check/index.js";
import { runFiles } from "../../runs/index.js";
import { onFile } from "../file-error.js";

/**
 * The events of a run so far, oldest first; none if there are none yet. It may be going on: a line that is not whole is no event yet.
 *
 * @param folder of the run
 * @throws FileError if they cannot be read
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const path = mkdtempSync(`${tmpdir()}/longspan-run-example-`);
 * const run = createRun(path, { task: "number", settings: {} });
 * run.metrics.add({ event: "progress", step: 10 });
 * readMetrics(path); // [{ event: "progress", step: 10 }]
 * run.close();
 */
export function readMetrics(folder: string): unknown[] {
  check("readMetrics", "folder", folder, text);
  const file = join(folder, runFiles.metrics);
  if (!existsSync(file)) return [];
  const lines = onFile("read", file, () => readFileSync(file, "utf8")).split("\n");
  return lines.slice(0, -1).flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}
