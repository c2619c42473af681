import { readFileSync } from "node:fs";
import { register } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  isOwnCell,
  type OpenedRun,
  type OpenedRuns,
  type OwnCellMaker,
  type RunKind,
  type RunKindName,
  runFiles,
} from "longspan";
import { fileReason, openRun, readRunConfig } from "longspan/node";
import { Failure, oneLine } from "./failure.js";
import { keptTokenizer } from "./jobs/text/tokenizer.js";

/** A cell of the user's own: what its module exports, and the module's source, which the run keeps. */
export interface OwnCell {
  readonly make: OwnCellMaker;
  readonly source: string;
}

/**
 * The cell that `--cell ./mine.mjs` names; null where the setting names one of the library's, or there is none.
 * @throws Failure naming the module and what is wrong with it
 */
export async function ownCell(setting: unknown): Promise<OwnCell | null> {
  if (typeof setting !== "string" || !isOwnCell(setting)) return null;
  const source = reading(setting);
  const [, relative] = /(?:from|import)\s*\(?\s*["'](\.[^"']*)["']/.exec(source) ?? [];
  if (relative !== undefined)
    throw new Failure(
      `${setting} imports ${relative}; a run keeps the module of a cell as one file, so put all of it into ${setting}; it may import "longspan"`,
    );
  return { source, make: await makerIn(setting) };
}

/** The user's cell of a run that there is, from the module that it keeps; null if its cell is of the library. */
export async function cellOfRun(folder: string, settings: object): Promise<OwnCellMaker | null> {
  const { cell } = settings as { readonly cell?: unknown };
  return typeof cell === "string" && isOwnCell(cell) ? await makerIn(join(folder, runFiles.cell)) : null;
}

/** Opens a run for use, with the user's own cell and the tokenizer if it has such. @param kind that is wanted, as `openRun` takes it */
export async function openTrained<K extends RunKindName = RunKindName>(
  folder: string,
  kind?: K,
): Promise<OpenedRuns[K]>;
export async function openTrained(
  folder: string,
  kind?: RunKindName | RunKind<OpenedRun>,
): Promise<OpenedRun>;
export async function openTrained(
  folder: string,
  kind?: RunKindName | RunKind<OpenedRun>,
): Promise<OpenedRun> {
  const cell = await cellOfRun(folder, readRunConfig(folder).settings);
  return openRun(folder, kind as RunKind<OpenedRun>, {
    ...(cell ? { cell } : {}),
    tokenizer: keptTokenizer(folder),
  });
}

async function makerIn(path: string): Promise<OwnCellMaker> {
  reading(path);
  shareLibrary();
  let exported: { readonly default?: unknown };
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as typeof exported;
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new Failure(`${path} is no module that can be loaded: ${oneLine(what)}`);
  }
  if (typeof exported.default !== "function")
    throw new Failure(
      `${path} exports ${exported.default === undefined ? "nothing" : `a ${typeof exported.default}`} as default; expected a function from sizes to a cell: export default ({ input, hidden }) => ...`,
    );
  return exported.default as OwnCellMaker;
}

function reading(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
  }
}

/** Wherever a module lies, the "longspan" that it imports is the one of the command line: a cell of another copy would be none here. */
function shareLibrary(): void {
  const own = Object.fromEntries(
    ["longspan", "longspan/node"].map((name) => [name, import.meta.resolve(name)]),
  );
  const hook = `const own = ${JSON.stringify(own)};
export const resolve = (name, context, next) =>
  Object.hasOwn(own, name) ? { url: own[name], shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
