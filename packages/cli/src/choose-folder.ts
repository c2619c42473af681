import { join } from "node:path";
import { folderHolds } from "longspan/node";

/** The folder for a new run: the one given, or, if none is, the first of runs/NAME, runs/NAME-2, ... that holds nothing. */
export function chooseFolder(wanted: string | null, name: string): string {
  if (wanted !== null) return wanted;
  const base = join("runs", name);
  for (let k = 1; ; k++) {
    const path = k === 1 ? base : `${base}-${k}`;
    if (folderHolds(path) === "nothing") return path;
  }
}
