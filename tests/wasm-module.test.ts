import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ModuleAddress } from "longspan";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const files = {
  plain: new URL("../packages/longspan/build/longspan.wasm", import.meta.url),
  relaxed: new URL("../packages/longspan/build/longspan-relaxed.wasm", import.meta.url),
};
const fresh = () => import("../packages/longspan/src/executors/index.js");
const wasmLine = (report: readonly { name: string }[]) => report.find((e) => e.name === "wasm");
const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } };
const { validate } = WebAssembly;
const { getBuiltinModule } = process;

/** Whether a module uses relaxed SIMD, told by a host that has the rest. */
const plainOnly = (bytes: Uint8Array) =>
  Buffer.from(bytes).includes(Buffer.from([0xfd, 0x85, 0x02])) ? false : validate(bytes);

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("LONGSPAN_EXECUTOR", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** As in a browser: no files, and addresses that are fetched. */
function withoutFiles(fetch: (address: string) => Promise<unknown>) {
  Object.defineProperty(process, "getBuiltinModule", { value: undefined, configurable: true });
  vi.stubGlobal("fetch", fetch);
}
afterEach(() =>
  Object.defineProperty(process, "getBuiltinModule", { value: getBuiltinModule, configurable: true }),
);

// What a page loads, a third of it when compressed. It was to be less than 150 kB, until nests (decision 28) took 20: operations on matrices in
// two types. Compiled for size alone, the module has 160 kB and is 10 to 20 % slower. One that grows over this should say what for, as here.
test.each(Object.entries(files))("the %s module is smaller than 170 kB", (_, file) => {
  const { length } = readFileSync(file);
  expect(length).toBeGreaterThan(10_000);
  expect(length).toBeLessThan(170_000);
});

test("without SIMD the reference is what is left, and its line says so", async () => {
  vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  vi.spyOn(process, "getBuiltinModule").mockImplementation(() => undefined as never);
  const { chooseExecutor, executor, executorReport, loadWasmExecutor } = await fresh();
  const detail = "this host's WebAssembly has no SIMD";
  expect(wasmLine(executorReport())).toMatchObject({ name: "wasm", available: false, detail });
  expect(chooseExecutor().name).toBe("reference");
  expect(() => executor("wasm")).toThrow(`the wasm executor is not available here: ${detail}`);
  await expect(loadWasmExecutor()).rejects.toThrow(detail);
});

test("a host without relaxed SIMD takes the plain module, and its line says why", async () => {
  vi.spyOn(WebAssembly, "validate").mockImplementation(plainOnly);
  const { executorReport } = await fresh();
  expect(wasmLine(executorReport())).toMatchObject({
    name: "wasm",
    available: true,
    detail: expect.stringMatching(/^simd, \d+ threads?; this host has no relaxed simd$/),
  });
});

test("where there are no files, loadWasmExecutor fetches one module, once", async () => {
  const asked: string[] = [];
  withoutFiles(async (address) => {
    asked.push(address);
    return new Response(readFileSync(files.plain));
  });
  vi.spyOn(WebAssembly, "validate").mockImplementation(plainOnly);
  const { chooseExecutor, executor, executorReport, loadWasmExecutor } = await fresh();
  expect(wasmLine(executorReport())).toMatchObject({
    name: "wasm",
    available: false,
    detail: "not loaded; await loadWasmExecutor() fetches it",
  });
  expect(chooseExecutor().name).toBe("reference");
  const modules = { plain: "https://example.org/a.wasm", relaxed: "https://example.org/b.wasm" };
  const [first, second] = await Promise.all([loadWasmExecutor(modules), loadWasmExecutor(modules)]);
  expect(second).toBe(first);
  expect(await loadWasmExecutor()).toBe(first);
  expect(executor("wasm")).toBe(first);
  expect(chooseExecutor()).toBe(first);
  expect(new Set(asked)).toEqual(new Set([modules.plain]));
});

test.each<[string, (file: URL) => ModuleAddress]>([
  ["bytes", (file) => readFileSync(file)],
  ["an ArrayBuffer", (file) => new Uint8Array(readFileSync(file)).buffer],
  ["a file: address", (file) => file],
  ["the text of one", (file) => file.href],
  ["a path", (file) => fileURLToPath(file)],
])("loadWasmExecutor takes a module as %s", async (_, form) => {
  // Modules that are not where the library looks, as in a bundle.
  const { readFileSync: read, ...fs } = getBuiltinModule("node:fs");
  const given = { plain: form(files.plain), relaxed: form(files.relaxed) };
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:fs"
      ? {
          ...fs,
          readFileSync: (file: string | URL) => {
            if (lookedFor) throw Object.assign(new Error(`no ${file}`), { code: "ENOENT" });
            return read(file);
          },
        }
      : getBuiltinModule(name)) as never);
  vi.stubGlobal("fetch", () => Promise.reject(new Error("not to be fetched")));
  const { executorReport, loadWasmExecutor } = await fresh();
  let lookedFor = true;
  expect(wasmLine(executorReport())).toMatchObject({
    available: false,
    detail: expect.stringMatching(
      /^longspan.*\.wasm is neither beside .* nor in a package installed there; copy longspan\.wasm and longspan-relaxed\.wasm beside it, or give them to loadWasmExecutor$/,
    ),
  });
  await expect(loadWasmExecutor()).rejects.toThrow("the wasm executor is not available here: longspan");
  lookedFor = false;
  expect((await loadWasmExecutor(given)).name).toBe("wasm");
});

test.each<[unknown, string]>([
  [null, "null is no record of modules; expected { plain, relaxed }"],
  ["x.wasm", "x.wasm is no record of modules; expected { plain, relaxed }"],
  [{ plain: "a" }, "relaxed is missing; expected the address of a module or its bytes"],
  [{ plain: 5, relaxed: "b" }, "plain is 5; expected the address of a module or its bytes"],
  [{ plain: "", relaxed: "b" }, "plain is empty; expected the address of a module or its bytes"],
  [{ plain: "a", relaxed: "b", fast: "c" }, 'no module "fast"; there are plain and relaxed'],
])("loadWasmExecutor(%j) is an error that names what is wrong", async (modules, message) => {
  const { loadWasmExecutor } = await fresh();
  await expect(loadWasmExecutor(modules as never)).rejects.toThrow(
    new TypeError(`loadWasmExecutor: ${message}`),
  );
});

test("a module of another version is refused", async () => {
  const bytes = readFileSync(files.plain);
  const at = bytes.indexOf("interfaceVersion");
  bytes.write("interfaceNumbers", at);
  withoutFiles(async () => new Response(bytes));
  const { loadWasmExecutor } = await fresh();
  await expect(loadWasmExecutor({ plain: bytes, relaxed: bytes })).rejects.toThrow(
    /the module for (relaxed )?simd does not load: a module of another version of longspan$/,
  );
});

test.each([
  ["is missing", async () => new Response("", { status: 404, statusText: "Not Found" }), "404 Not Found"],
  ["is something else", async () => new Response("<html>"), /expected magic word/],
])("a module that %s is an error with its address; the next attempt is free", async (_, answer, why) => {
  let response: () => Promise<Response> = answer;
  withoutFiles(() => response());
  const { loadWasmExecutor } = await fresh();
  const modules = { plain: "https://example.org/x.wasm", relaxed: "https://example.org/x.wasm" };
  await expect(loadWasmExecutor(modules)).rejects.toThrow(
    "the wasm executor is not available here: https://example.org/x.wasm does not load: ",
  );
  await expect(loadWasmExecutor(modules)).rejects.toThrow(why);
  const relaxed = validate(readFileSync(files.relaxed));
  response = async () => new Response(readFileSync(relaxed ? files.relaxed : files.plain));
  expect((await loadWasmExecutor(modules)).name).toBe("wasm");
});
