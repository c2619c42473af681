import { format } from "node:util";
import * as longspan from "longspan";
import * as engine from "longspan/engine";
import * as node from "longspan/node";
import * as web from "longspan/web";
import * as formats from "longspan-formats";
import * as mpi from "longspan-mpi";
import ts from "typescript";

type Body = (require: (specifier: string) => unknown, exports: object, console: object) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as new (...text: string[]) => Body;

/**
 * Runs the text of a module. Returns what it printed, without blanks at the ends of lines, which editors strip from
 * pages; the library is its source, as for every test.
 */
export async function run(code: string): Promise<string> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const modules = new Map<string, unknown>([
    ["longspan", longspan],
    ["longspan/engine", engine],
    ["longspan/web", web],
    ["longspan/node", node],
    ["longspan-formats", formats],
    ["longspan-mpi", mpi],
  ]);
  for (const { fileName } of ts.preProcessFile(code).importedFiles)
    if (!modules.has(fileName)) modules.set(fileName, await import(fileName));
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(format(...values));
  await new AsyncFunction("require", "exports", "console", outputText)(
    (specifier) => modules.get(specifier),
    {},
    { ...console, log },
  );
  return printed.join("\n").replace(/[ \t]+$/gm, "");
}
