import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the library, by its path in the package. */
export interface LibraryFile {
  readonly path: string;
  readonly contents: Uint8Array;
}

/** Where a module names another: in an import, an export, or an import while it runs. */
const named = /(?:from|import)\s*\(?\s*["'](\.[^"']*)["']/g;

/**
 * The modules that a page, its worker and the threads of that load, and the kernels for WebAssembly: all that `openRun` and its worker import, directly or not.
 * A browser loads them as they are.
 * @param whole whether the library's own entry is needed too, as by a cell of the user's
 */
export function libraryFiles(whole: boolean): readonly LibraryFile[] {
  const entry = fileURLToPath(import.meta.resolve("longspan/web"));
  const root = dirname(dirname(entry));
  const entries = [
    "web/open-run.js",
    "web/worker.js",
    "executors/wasm/thread.js",
    ...(whole ? ["index.js"] : []),
  ];
  const waiting = entries.map((name) => join(dirname(entry), name));
  const seen = new Set(waiting);
  const files: LibraryFile[] = [];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const contents = readFileSync(file);
    files.push({ path: relative(root, file).replaceAll("\\", "/"), contents });
    for (const [, name] of contents.toString().matchAll(named)) {
      const other = join(dirname(file), name!);
      if (!other.endsWith(".js") || seen.has(other)) continue;
      seen.add(other);
      waiting.push(other);
    }
  }
  for (const name of ["longspan.wasm", "longspan-relaxed.wasm"])
    files.push({ path: `build/${name}`, contents: readFileSync(join(root, "build", name)) });
  return files;
}
