// Budgets in bytes: what a page that trains has to load, and the files that Node.js loads of the package.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { executorReport } from "longspan";
import { build, type Rollup } from "vite";
import { afterAll, describe, expect, test } from "vitest";
import { bundleFolder, bundleForNode, withBundle } from "../../../scripts/release/bundle.mjs";

const library = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "longspan size "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A page that trains a language model and draws from it. */
const page = `
import { adam, characterVocabulary, clipByJointNorm, compose, Key, languageModel, loadWasmExecutor, sampleSymbols, startTraining, textStreams, textTask, train, useExecutor } from "longspan";
useExecutor(await loadWasmExecutor());
const vocabulary = characterVocabulary(document.body.textContent);
const model = languageModel({ vocabulary: vocabulary.size, features: 16, hidden: 64 });
const task = textTask(model, textStreams(vocabulary.encode(document.body.textContent), { streams: 8, steps: 32 }));
const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 0.01 }));
const { state } = await train(task, startTraining(task, optimiser, model.init(Key.of(1))), { optimiser, budget: { steps: 100 }, key: Key.of(2) });
for await (const symbol of sampleSymbols(model, state.params, { key: Key.of(3), length: 50 })) console.log(vocabulary.decode([symbol]));`;

describe("a page that trains", () => {
  test("loads less than 120 kB, compressed, besides the WebAssembly module", async () => {
    writeFileSync(join(folder, "page.js"), page);
    const { output } = (await build({
      root: folder,
      configFile: false,
      logLevel: "silent",
      resolve: { alias: { longspan: join(library, "dist", "index.js") } },
      build: {
        write: false,
        target: "es2022",
        assetsInlineLimit: 0,
        rollupOptions: { input: join(folder, "page.js") },
      },
    })) as Rollup.RollupOutput;
    const chunks = output.filter((part) => part.type === "chunk");
    const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
    const loaded = new Set([chunks.find(({ isEntry }) => isEntry)!]);
    for (const { imports } of loaded) for (const name of imports) loaded.add(byName.get(name)!);
    const bytes = [...loaded].reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
    expect(bytes).toBeLessThan(120_000);
    // What explains an explosion comes when there is one.
    const modules = [...loaded].flatMap(({ moduleIds }) => moduleIds);
    expect(modules.filter((id) => /[/\\]dist[/\\](flow|linear-algebra)[/\\]/.test(id))).toEqual([]);
    expect(modules.length).toBeGreaterThan(200);
  });
});

describe("the package in Node.js", () => {
  test("is a few files, whose entries share what they share, and finds its kernels", async () => {
    const at = join(folder, "node_modules", "longspan");
    mkdirSync(at, { recursive: true });
    cpSync(join(library, "build"), join(at, "build"), { recursive: true });
    const manifest = withBundle(JSON.parse(readFileSync(join(library, "package.json"), "utf8")));
    writeFileSync(join(at, "package.json"), JSON.stringify(manifest));
    const files = await bundleForNode(library, at);
    expect(Object.keys(files).length).toBeLessThanOrEqual(10);
    expect(Object.values(files).reduce((a, b) => a + b)).toBeLessThan(1_900_000);
    const program = `
      import * as longspan from "longspan";
      import { openRun } from "longspan/node";
      import { defaultExecutor } from "longspan/engine";
      let error;
      try { openRun("none"); } catch (thrown) { error = thrown; }
      const product = longspan.matmul(longspan.ones([3, 4]), longspan.ones([4, 5]));
      console.log(error instanceof longspan.RunError, defaultExecutor === longspan.defaultExecutor,
        longspan.onCpu(longspan.sum(product)).item(), import.meta.resolve("longspan").endsWith(${JSON.stringify(`${bundleFolder}/index.js`)}));
      for (const { name, available } of longspan.executorReport()) console.log(name, available);`;
    writeFileSync(join(folder, "program.mjs"), program);
    const run = spawnSync(process.execPath, ["program.mjs"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, LONGSPAN_EXECUTOR: "" },
    });
    const here = executorReport().map(({ name, available }) => `${name} ${available}`);
    expect([run.stderr, run.stdout.trim().split("\n")]).toEqual(["", ["true true 60 true", ...here]]);
  });
});
