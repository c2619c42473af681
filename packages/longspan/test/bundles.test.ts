// The library in a bundle for Node.js, by esbuild, which leaves addresses of files as they are: a bundle starts in every format, runs on
// WebAssembly where it finds the modules, and says in one line where it does not.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, type Format } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const library = fileURLToPath(new URL("..", import.meta.url));
const modules = ["longspan.wasm", "longspan-relaxed.wasm"];

/** The sum of a product, and what it was computed on; what `before` does comes first. */
const program = (before: string) => `
  ${before}
  const product = longspan.matmul(longspan.ones([3, 4]), longspan.ones([4, 5]));
  console.log(longspan.defaultExecutor().name, longspan.onCpu(longspan.sum(product)).item());`;
const plain = program('const longspan = require("longspan");');
const computed = (name: string) => `${name} 60`;

let folder = "";
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "longspan bundle "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bundles a program in a folder of its own, where nothing is installed. */
function bundle(format: Format, source: string): { at: string; file: string } {
  const at = join(folder, String(count++));
  mkdirSync(at);
  const file = join(at, format === "esm" ? "app.mjs" : "app.cjs");
  const esm = source.replace(/const (.*) = require\("longspan"\)/, 'import * as $1 from "longspan"');
  const { errors } = buildSync({
    stdin: { contents: esm, resolveDir: library, sourcefile: "app.js" },
    alias: { longspan: join(library, "dist", "index.js") },
    bundle: true,
    platform: "node",
    target: "node20",
    format,
    outfile: file,
    loader: { ".wasm": "binary" },
    logLevel: "silent",
  });
  expect(errors).toEqual([]);
  return { at, file };
}

function run(file: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: tmpdir(),
    encoding: "utf8",
    env: { ...process.env, LONGSPAN_EXECUTOR: "", ...env },
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

describe.each<Format>(["cjs", "iife", "esm"])("a bundle for Node.js, %s", (format) => {
  test("runs by itself, and says in one line that it found no module", () => {
    const { file } = bundle(format, plain);
    const { status, stdout, stderr } = run(file);
    expect([status, stdout]).toEqual([0, computed("reference")]);
    expect(stderr).toMatch(
      /^longspan: programs run on the reference executor, which is many times slower than WebAssembly: longspan.*\.wasm is neither beside .*app\.[cm]js nor in a package installed there; copy longspan\.wasm and longspan-relaxed\.wasm beside it, or give them to loadWasmExecutor$/,
    );
    // Who asks for it is not told of it.
    expect(run(file, { LONGSPAN_EXECUTOR: "reference" })).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("runs on modules that lie beside it", () => {
    const { at, file } = bundle(format, plain);
    for (const name of modules) copyFileSync(join(library, "build", name), join(at, name));
    expect(run(file)).toEqual({ status: 0, stdout: computed("wasm"), stderr: "" });
  });

  test("runs on modules of the package that is installed there", () => {
    const { at, file } = bundle(format, plain);
    mkdirSync(join(at, "node_modules"));
    symlinkSync(library, join(at, "node_modules", "longspan"));
    expect(run(file)).toEqual({ status: 0, stdout: computed("wasm"), stderr: "" });
  });

  test("carries the modules in itself", () => {
    const source = `
      import plain from ${JSON.stringify(join(library, "build", modules[0]!))};
      import relaxed from ${JSON.stringify(join(library, "build", modules[1]!))};
      const longspan = require("longspan");
      longspan.loadWasmExecutor({ plain, relaxed }).then((wasm) => {
        longspan.useExecutor(wasm);
        ${program("")}
      });`;
    expect(run(bundle(format, source).file)).toEqual({ status: 0, stdout: computed("wasm"), stderr: "" });
  });

  test("reports why there is no faster executor", () => {
    const source = `const longspan = require("longspan");
      for (const { name, detail } of longspan.executorReport()) console.log(name + ": " + detail);`;
    const [native, wasm, reference] = run(bundle(format, source).file).stdout.split("\n");
    expect(native).toMatch(
      /^native: bundles have no addon; longspan-\S+ installed beside them would be one$/,
    );
    expect(wasm).toMatch(/^wasm: longspan.*\.wasm is neither beside /);
    expect(reference).toBe("reference: TypeScript");
  });

  test("a damaged module beside it is an error with its address", () => {
    const { at, file } = bundle(format, plain);
    for (const name of modules) writeFileSync(join(at, name), "no module");
    const { stdout, stderr } = run(file);
    expect(stdout).toBe(computed("reference"));
    expect(stderr).toMatch(/file:.*\.wasm does not load: .*magic word/);
  });
});
