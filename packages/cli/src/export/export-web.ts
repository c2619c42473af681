import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { runFiles } from "longspan";
import { fileReason, makeFolder } from "longspan/node";
import { Failure } from "../failure.js";
import { openTrained } from "../own-cell.js";
import { libraryFiles } from "./library-files.js";
import { pageHtml } from "./page.js";

/**
 * Writes a folder that any static server can show: a page for the run, the files of the run that its model is made of, and the library.
 * @throws RunError if the run cannot be opened; Failure if the folder holds something, or cannot be written
 */
export async function exportWeb(run: string, folder: string): Promise<void> {
  const { kind, config } = await openTrained(run);
  const { cell } = config.settings;
  const name = basename(resolve(run));
  if (existsSync(folder) && holdsSomething(folder))
    throw new Failure(`--web ${folder}: the folder is not empty; give another one, or remove it`);
  const write = (path: string, contents: Uint8Array | string) => {
    const file = join(folder, path);
    try {
      makeFolder(dirname(file));
      writeFileSync(file, contents);
    } catch (error) {
      throw new Failure(`--web ${folder}: ${path} cannot be written: ${fileReason(error)}`);
    }
  };
  const own = join(run, runFiles.cell);
  for (const { path, contents } of libraryFiles(existsSync(own))) write(join("longspan", path), contents);
  for (const file of [runFiles.config, runFiles.vocabulary, runFiles.weights])
    if (existsSync(join(run, file))) write(join("run", file), readFileSync(join(run, file)));
  if (existsSync(own)) write(join("run", runFiles.cell), forPages(readFileSync(own, "utf8")));
  write("index.html", pageHtml({ kind, name, cell: typeof cell === "string" ? cell : null }));
  process.stdout.write(`wrote a page for the run on ${kind} to ${folder}; any web server can show it\n`);
}

function holdsSomething(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch (error) {
    throw new Failure(`--web ${folder}: ${fileReason(error)}`);
  }
}

/** The module of a cell, for a worker: there the library has an address, and no name. */
function forPages(source: string): string {
  return source.replace(/((?:from|import)\s*)(["'])longspan\2/g, '$1"../longspan/dist/index.js"');
}
