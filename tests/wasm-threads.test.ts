// Threads of the WebAssembly executor: that other threads do work, what starts without them, and what happens when one fails.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const library = () => import("../packages/longspan/src/engine.js");
const executors = () => import("../packages/longspan/src/executors/index.js");
type Inner = { leastShared: number; readonly helped: number };

const { getBuiltinModule } = process;
const threads = getBuiltinModule("node:worker_threads");
const thread = new URL("../packages/longspan/dist/executors/wasm/thread.js", import.meta.url);
const simd = /^(relaxed simd|simd)/;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("LONGSPAN_EXECUTOR", "wasm");
  vi.stubEnv("LONGSPAN_THREADS", "2");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Node's module of threads with another class of workers. */
function withWorkers(Worker: unknown) {
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { ...threads, Worker } : getBuiltinModule(name)) as never);
}

/** The logarithms of numbers in double precision, which threads share by rows, and the executor that computes them. */
async function logarithms() {
  const engine = await library();
  const inner = (engine.executor("wasm") as unknown as { inner: Inner }).inner;
  inner.leastShared = 0;
  const rows = engine.fromArray(
    Float64Array.from({ length: 6400 }, (_, i) => i + 1),
    [64, 100],
    "float64",
  );
  const result = () => engine.onCpu(engine.log1p(rows)).toArray() as Float64Array;
  // Told in one number: the difference of long lists takes a test framework minutes to print.
  return { inner, run: () => result().reduce((wrong, x, i) => wrong + Number(x !== Math.log1p(i + 1)), 0) };
}

/** How many of the numbers are wrong. */
const none = 0;
const detail = async () => (await executors()).executorReport().find((e) => e.name === "wasm")!;

/** Waits, a little at a time, until something is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("it did not come to it");
    await pause(5);
  }
}

test("other threads than the caller's do work, and are asleep in between", async () => {
  const { inner, run } = await logarithms();
  expect(inner.helped).toBe(0);
  await until(() => {
    expect(run()).toBe(none);
    return inner.helped > 3;
  });
  // Long enough for them to sleep.
  await pause(200);
  const before = inner.helped;
  await until(() => {
    expect(run()).toBe(none);
    return inner.helped > before;
  });
});

test("small work stays on the calling thread", async () => {
  const { inner, run } = await logarithms();
  await until(() => {
    run();
    return inner.helped > 0;
  });
  inner.leastShared = 1e12;
  const before = inner.helped;
  for (let i = 0; i < 20; i++) run();
  expect(inner.helped).toBe(before);
});

test.each([
  ["a page that is not isolated", { crossOriginIsolated: false }, "this page is not cross-origin isolated"],
  ["no shared memory", { SharedArrayBuffer: undefined }, "this host shares no memory among threads"],
])("%s: one thread, and the report says why", async (_, globals, why) => {
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  const { run } = await logarithms();
  const { useThreads } = await executors();
  useThreads(2);
  expect(run()).toBe(none);
  const report = await detail();
  expect(report.threads).toBe(1);
  expect(report.detail).toMatch(
    new RegExp(`${simd.source}; one thread: ${why}(; this host has no relaxed simd)?$`),
  );
});

test("memory that cannot be shared: one thread, and the report says why", async () => {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (limits: object) => object };
  };
  class Memory extends WebAssembly.Memory {
    constructor(limits: { readonly shared?: boolean }) {
      if (limits.shared) throw new RangeError("could not allocate memory");
      super(limits);
    }
  }
  vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Memory: { value: Memory } }));
  const { run } = await logarithms();
  expect(run()).toBe(none);
  expect((await detail()).detail).toContain(
    "one thread: no memory of 4 GiB that can be shared: could not allocate memory",
  );
});

test("a host without workers: one thread, and the report says why", async () => {
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? undefined : getBuiltinModule(name)) as never);
  const { run } = await logarithms();
  expect(run()).toBe(none);
  expect((await detail()).detail).toContain("one thread: this host has no workers");
});

test("workers that cannot be started: one thread does all, and the report says why", async () => {
  withWorkers(
    class {
      constructor() {
        throw new Error("no more threads");
      }
    },
  );
  const { inner, run } = await logarithms();
  expect(run()).toBe(none);
  expect(run()).toBe(none);
  expect(inner.helped).toBe(0);
  const report = await detail();
  expect(report.threads).toBe(2);
  expect(report.detail).toContain(", 2 threads; threads could not be started, one does all: no more threads");
});

test("a worker that dies at its start: one thread does all, and the report says why", async () => {
  withWorkers(
    class extends threads.Worker {
      constructor() {
        super("throw new Error('dead')", { eval: true });
      }
    },
  );
  const { inner, run } = await logarithms();
  expect(run()).toBe(none);
  await until(async () => (await detail()).detail.includes("one does all: dead"));
  expect(run()).toBe(none);
  expect(inner.helped).toBe(0);
});

test("a worker that was ended while it waited: one thread does all", async () => {
  const workers: InstanceType<typeof threads.Worker>[] = [];
  withWorkers(
    class extends threads.Worker {
      constructor(file: URL) {
        super(file);
        workers.push(this);
      }
    },
  );
  const { inner, run } = await logarithms();
  await until(() => {
    run();
    return inner.helped > 0;
  });
  expect(workers.length).toBe(1);
  await workers[0]!.terminate();
  const before = inner.helped;
  for (let i = 0; i < 5; i++) expect(run()).toBe(none);
  expect(inner.helped).toBe(before);
});

test("a thread that fails in the middle of its work is an error, and the next run waits for nobody", async () => {
  withWorkers(
    class extends threads.Worker {
      constructor() {
        super(`Math.log1p = () => { throw new Error("stop"); }; import(${JSON.stringify(thread.href)});`, {
          eval: true,
        });
      }
    },
  );
  const { inner, run } = await logarithms();
  let message = "";
  await until(() => {
    try {
      expect(run()).toBe(none);
    } catch (error) {
      message = (error as Error).message;
    }
    return message !== "";
  });
  expect(message).toBe(
    "run: a thread failed in the middle of its work, most likely for want of memory; what this run computed is lost",
  );
  inner.leastShared = 1e12;
  expect(run()).toBe(none);
});

test("memory that another thread has added is seen by the caller", async () => {
  const { findThreads } = await import("../packages/longspan/src/executors/wasm/thread-pool.js");
  const { instantiate } = await import("../packages/longspan/src/executors/wasm/host.js");
  const { WasmKernels } = await import("../packages/longspan/src/executors/wasm/wasm-kernels.js");
  const found = findThreads(
    new URL("../packages/longspan/src/executors/wasm/index.ts", import.meta.url).href,
  );
  if (!found.memory) throw new Error(found.reason);
  const bytes = readFileSync(new URL("../packages/longspan/build/longspan.wasm", import.meta.url));
  const kernels = new WasmKernels(instantiate(bytes, found), "simd");
  const worker = new threads.Worker(
    'const { parentPort, workerData } = require("node:worker_threads"); workerData.grow(1600); parentPort.postMessage(0);',
    { eval: true, workerData: found.memory },
  );
  await new Promise((done) => worker.once("message", done));
  const memory = kernels.allocate("float32", 20e6);
  kernels.view(memory)[20e6 - 1] = 7;
  expect(kernels.view(memory)[20e6 - 1]).toBe(7);
});

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 2],
  [8, 4],
  [256, 64],
])("on %i logical processors there are %i threads by default", async (logical, threadsWanted) => {
  const { coresOf } = await import("../packages/longspan/src/executors/wasm/thread-pool.js");
  expect(coresOf(logical)).toBe(threadsWanted);
});
