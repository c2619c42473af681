import { statSync } from "node:fs";
import type { TableOptions } from "../../tables/index.js";
import { folderSequences } from "./folder-sequences.js";
import type { RawSequence, SequenceColumns } from "./raw-sequence.js";
import { tableSequences } from "./table-sequences.js";
import { tsFileSequences } from "./ts-file-sequences.js";

/** The sequences of a table, a .ts file or a folder. @throws Failure or TableError naming what is wrong, and where */
export function sequencesIn(
  path: string,
  columns: SequenceColumns,
  options?: TableOptions,
): AsyncGenerator<RawSequence, void, undefined> {
  if (holdsFolders(path)) return folderSequences(path, columns.label !== null);
  if (/\.ts$/i.test(path)) return tsFileSequences(path, columns.label !== null);
  return tableSequences(path, columns, options);
}

/** Whether a path is that of a folder; one that cannot be looked at is told of when it is read. */
export function holdsFolders(path: string): boolean {
  return path !== "-" && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}
