import { readFileSync } from "node:fs";
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

test.each(Object.entries(files))("the %s module is smaller than 120 kB", (_, file) => {
  const { length } = readFileSync(file);
  expect(length).toBeGreaterThan(10_000);
  expect(length).toBeLessThan(120_000);
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
    detail: "simd; this host has no relaxed simd",
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
