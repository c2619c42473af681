import { existsSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { fileReason, makeFolder } from "longspan/node";
import { Failure } from "../failure.js";
import { openTrained } from "../own-cell.js";
import { targets } from "./targets.js";

/**
 * Writes a trained model in a form that others read.
 * @throws RunError if the run cannot be opened; Failure if the form cannot hold it, a file is there already, or it cannot be written
 */
export async function exportFile(folder: string, to: string, out: string | undefined): Promise<void> {
  const { endings, load } = targets[to]!;
  const path = out ?? `${basename(resolve(folder))}${endings[0]}`;
  const ending = extname(path);
  if (!endings.includes(ending))
    throw new Failure(`--out ${path}: the name of the file ends in ${endings.join(" or ")}`);
  const run = await openTrained(folder);
  const stem = path.slice(0, -ending.length);
  const source = { folder, name: basename(stem), ending, run };
  const files = await (await load())(source);
  const named = files.map(([end, contents]) => ({ file: `${stem}${end}`, contents }));
  for (const { file } of named)
    if (existsSync(file))
      throw new Failure(`${file} is there already; give another name by --out, or remove it`);
  for (const { file, contents } of named) {
    try {
      makeFolder(dirname(file));
      writeFileSync(file, contents);
    } catch (error) {
      throw new Failure(`${file} cannot be written: ${fileReason(error)}`);
    }
  }
  process.stdout.write(`wrote ${named.map(({ file }) => file).join(", ")}\n`);
}
