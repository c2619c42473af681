import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import ts from "typescript";
import { build } from "vite";
import { describe, expect, test, vi } from "vitest";
import { type Files, findChromium, openPage } from "./chromium.js";
import { type Trained, trainLstm } from "./train-lstm.js";

type Report = readonly { readonly name: string; readonly available: boolean; readonly detail: string }[];
interface Result {
  readonly error?: string;
  readonly reportBefore: Report;
  readonly report: Report;
  readonly milliseconds: number;
  readonly looks: number;
  readonly longest: number;
  readonly worker: Trained & { readonly executions: number; readonly helped: number };
  readonly page: Trained;
  /** Pieces of work that threads of the page's own executor have done. */
  readonly helped: number;
}

const steps = 400;
/** With these a page shares memory among its threads. */
const isolating = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};
const folders: Record<string, URL> = {
  dist: new URL("../../dist/", import.meta.url),
  build: new URL("../../build/", import.meta.url),
  page: new URL("./", import.meta.url),
};

/** The library as it is installed, and the page; the page's TypeScript as JavaScript. */
const files: Files = (path) => {
  if (path === "/settings") return { type: "application/json", body: JSON.stringify({ steps, threads: 2 }) };
  const [, folder, file] = /^\/(dist|build|page)\/([\w./-]+)$/.exec(path) ?? [];
  if (!folder || !file || file.includes("..")) return undefined;
  const url = new URL(file, folders[folder]);
  const type = types[extname(file)] ?? "application/octet-stream";
  if (file !== "train-lstm.js") return { type, body: readFileSync(url) };
  const text = readFileSync(fileURLToPath(url).replace(/\.js$/, ".ts"), "utf8");
  const compilerOptions = { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 };
  return { type, body: ts.transpileModule(text, { compilerOptions }).outputText };
};

/** The page and the library as a bundler leaves them: a page's own code imports the package by its name. */
async function bundled(): Promise<{ files: Files; names: string[] }> {
  const out = mkdtempSync(join(tmpdir(), "longspan-bundle-"));
  const path = (file: string, folder: string) => fileURLToPath(new URL(file, folders[folder]));
  try {
    await build({
      root: path(".", "page"),
      base: "/",
      configFile: false,
      logLevel: "error",
      worker: { format: "es" },
      resolve: {
        alias: {
          "/dist/index.js": path("index.js", "dist"),
          "/page/train-lstm.js": path("train-lstm.ts", "page"),
        },
      },
      build: { outDir: out, emptyOutDir: false, rolldownOptions: { input: path("page.html", "page") } },
    });
    const contents = new Map(
      readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => {
          const file = join(entry.parentPath, entry.name);
          return [file.slice(out.length), readFileSync(file)];
        }),
    );
    return {
      names: [...contents.keys()],
      files: (asked) => {
        const body = contents.get(asked);
        return body
          ? { type: types[extname(asked)] ?? "application/octet-stream", body }
          : files(asked === "/settings" ? asked : "");
      },
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The same training in this process, on the module with relaxed SIMD, which Node.js 20 has behind a flag. */
async function inNode(count: number, threads = 1): Promise<Trained> {
  if (Number(process.versions.node.split(".")[0]) < 22)
    setFlagsFromString("--experimental-wasm-relaxed-simd");
  vi.resetModules();
  const longspan = await import("longspan");
  longspan.useExecutor(longspan.executor("wasm"));
  expect(longspan.executorReport().find((e) => e.name === "wasm")?.detail).toMatch(/^relaxed simd, /);
  longspan.useThreads(threads);
  const { inner } = longspan.executor("wasm") as unknown as { inner: { leastShared: number } };
  inner.leastShared = 0;
  return trainLstm(longspan, count);
}

const browser = findChromium();
const reason = "no Chromium was found; LONGSPAN_BROWSER may name one";

// .ci/run sets CI: there it must run.
describe.skipIf(!browser && !process.env.CI)(`a page in Chromium${browser ? "" : ` (${reason})`}`, () => {
  test("trains in a worker with relaxed SIMD to Node's bits, and stays responsive", async () => {
    if (!browser) throw new Error(reason);
    const result = (await openPage(browser, files, "/page/page.html", 90)) as Result;
    expect(result.error).toBeUndefined();
    // Before its module is fetched there is the reference only, and the report tells how to get it.
    const status = (report: Report) => report.find((e) => e.name === "wasm");
    expect(status(result.reportBefore)).toMatchObject({
      name: "wasm",
      available: false,
      detail: "not loaded; await loadWasmExecutor() fetches it",
    });
    // The page is not isolated: it has one thread, and the report says why.
    expect(status(result.report)).toMatchObject({
      name: "wasm",
      available: true,
      detail: "relaxed simd; one thread: this page is not cross-origin isolated",
    });
    expect(result.helped).toBe(0);

    const { worker, page } = result;
    expect(worker.executions).toBeGreaterThan(steps);
    expect(worker.after).toBeLessThan(worker.before / 4);
    const ours = await inNode(steps);
    expect(worker.weights.length).toBe(ours.weights.length);
    expect(worker.weights).toEqual(ours.weights);
    expect([worker.before, worker.after]).toEqual([ours.before, ours.after]);
    // On the page's own thread it works as well.
    expect(page.weights).toEqual((await inNode(5)).weights);

    console.log(
      `trained for ${result.milliseconds.toFixed(0)} ms; the page stood still for at most ${result.longest.toFixed(0)} ms, ${result.looks} looks`,
    );
    expect(result.milliseconds).toBeGreaterThan(800);
    expect(result.longest).toBeLessThan(250);
    // A training loop on the page's own thread gives way every 50 ms only.
    expect(result.looks).toBeGreaterThan(result.milliseconds / 10);
  });

  test("bundled by Vite, the page finds the module beside the bundle", async () => {
    if (!browser) throw new Error(reason);
    const bundle = await bundled();
    // Both modules lie there as files; which one is fetched is the browser's choice.
    expect(bundle.names.filter((name) => name.endsWith(".wasm")).length).toBe(2);
    expect(bundle.names.filter((name) => name.startsWith("/dist/"))).toEqual([]);
    const result = (await openPage(browser, bundle.files, "/page.html", 90)) as Result;
    expect(result.error).toBeUndefined();
    expect(result.page.weights).toEqual((await inNode(5)).weights);
    expect(result.worker.weights).toEqual((await inNode(steps)).weights);

    // Isolated, the same bundle has threads.
    const isolated = (await openPage(browser, bundle.files, "/page.html", 90, isolating)) as Result;
    expect(isolated.error).toBeUndefined();
    expect(isolated.report.find((e) => e.name === "wasm")?.detail).toBe("relaxed simd, 2 threads");
    expect(isolated.helped).toBeGreaterThan(0);
    expect(isolated.page.weights).toEqual((await inNode(5, 2)).weights);
  });

  test("in an isolated page two threads train to the bits of Node's two, in the page and in a worker", async () => {
    if (!browser) throw new Error(reason);
    const result = (await openPage(browser, files, "/page/page.html", 90, isolating)) as Result;
    expect(result.error).toBeUndefined();
    expect(result.report.find((e) => e.name === "wasm")?.detail).toBe("relaxed simd, 2 threads");
    expect(result.helped).toBeGreaterThan(0);
    expect(result.worker.helped).toBeGreaterThan(0);
    const ours = await inNode(steps, 2);
    expect(result.worker.weights).toEqual(ours.weights);
    expect(result.page.weights).toEqual((await inNode(5, 2)).weights);
    expect(ours.weights).not.toEqual((await inNode(steps)).weights);
  });
});
