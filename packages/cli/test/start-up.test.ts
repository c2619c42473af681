import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bin, freshFolder } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

/** The files that a command loads as modules, as Node's own record of what ran names them. */
function loadedBy(name: string, ...args: string[]): string[] {
  const coverage = join(folder, name);
  mkdirSync(coverage);
  spawnSync(process.execPath, [bin, ...args], { env: { ...process.env, NODE_V8_COVERAGE: coverage } });
  const files = readdirSync(coverage).map(
    (file) => JSON.parse(readFileSync(join(coverage, file), "utf8")) as { result: { url: string }[] },
  );
  return [...new Set(files.flatMap(({ result }) => result.map(({ url }) => url)))].filter((url) =>
    url.startsWith("file:"),
  );
}

const ofLibrary = (urls: readonly string[]) => urls.filter((url) => url.includes("packages/longspan/"));

describe("a command loads what it needs", () => {
  it("--version and --help: the command line's first page, and nothing of the library", () => {
    for (const option of ["--version", "--help"]) {
      const loaded = loadedBy(option, option);
      expect(ofLibrary(loaded)).toEqual([]);
      const isForeign = (url: string) => url.includes("/node_modules/");
      const own = loaded.filter((url) => !isForeign(url)).map((url) => url.split("/").at(-1));
      expect(own.sort()).toEqual(["failure.js", "index.js", "longspan.js", "main.js", "version.js"]);
      expect(loaded.filter(isForeign).filter((url) => !url.includes("/commander/"))).toEqual([]);
    }
  });

  it("a mistake in the arguments of sample: the options, and nothing of the library", () => {
    const loaded = loadedBy("sample", "sample", "run", "--top-k", "none");
    expect(ofLibrary(loaded)).toEqual([]);
    expect(loaded.length).toBeGreaterThan(5);
  });
});
