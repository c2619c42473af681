import { check, text } from "../check/index.js";
import type { StepAnswerOptions } from "../runs/index.js";
import { pageAddress } from "./host.js";
import type { Call, Reply, RunFacts, TextSettings, WorkerCalls } from "./messages.js";

/** A run that is used in a worker: the page stays free while the model computes. */
export interface PageRun extends RunFacts {
  /** Answers inputs, each as a whole. @throws Error naming the input that is wrong */
  predict(inputs: readonly unknown[]): Promise<readonly object[]>;
  /** Opens a stream: a state that goes on step by step. */
  openStream(): Promise<PageStream>;
  /** Draws a text, piece by piece, as `longspan sample` does. Leaving the loop ends it. */
  draw(settings?: TextSettings): AsyncGenerator<string, void, undefined>;
  /** Ends the worker. */
  close(): void;
}

/** A stream of a run in a worker. */
export interface PageStream {
  /** Goes on by one step or several. Returns what the model says after the last, as `runSteps` has it. */
  step(input: unknown, options?: StepAnswerOptions): Promise<object>;
  /** Lets go of its state. */
  close(): Promise<void>;
}

/** A worker, as far as it is used here. */
interface PageWorker {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: { readonly data: Reply }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
}
declare const URL: new (address: string, base?: string) => { readonly href: string };
declare const Worker: new (address: object, options: { readonly type: "module" }) => PageWorker;

/**
 * Opens a run in a page, from the folder that a web server shows: `longspan export RUN --web DIR` writes one. The model runs in a worker, on
 * WebAssembly, so that the page stays free.
 *
 * @param address of the folder, absolute or relative to the page
 * @throws Error naming the file, what is wrong with it and what to do
 * @example
 * if ("document" in globalThis) {
 *   const { openRun } = await import("longspan/web"); // longspan/node has one of folders
 *   const run = await openRun("./run");
 *   if (run.predicts) console.log(await run.predict(["a text"]));
 *   if (run.draws) for await (const piece of run.draw({ prompt: "Once ", length: 40 })) console.log(piece);
 *   run.close();
 * }
 */
export async function openRun(address: string): Promise<PageRun> {
  check("openRun", "address", address, text);
  if (typeof Worker === "undefined")
    throw new TypeError(
      'openRun of "longspan/web" needs a browser: there is no Worker here; in Node.js import openRun from "longspan/node"',
    );
  const call = callsTo(
    new Worker(new URL("./worker.js", (import.meta as unknown as { url: string }).url), { type: "module" }),
  );
  try {
    const facts = await call("open", new URL(address, pageAddress()).href);
    return { ...facts, ...callsOf(call) };
  } catch (error) {
    call.end();
    throw error;
  }
}

/** Calls a function of the worker. */
interface WorkerCall {
  <N extends keyof WorkerCalls>(
    name: N,
    ...args: Parameters<WorkerCalls[N]>
  ): Promise<ReturnType<WorkerCalls[N]>>;
  end(): void;
}

function callsTo(worker: PageWorker): WorkerCall {
  const open = new Map<number, { done(value: never): void; failed(error: Error): void }>();
  let [next, ended] = [0, null as string | null];
  const end = (why: string) => {
    ended = why;
    for (const { failed } of open.values()) failed(new Error(why));
    open.clear();
    worker.terminate();
  };
  worker.onmessage = ({ data }) => {
    const waiting = open.get(data.id);
    open.delete(data.id);
    if ("error" in data)
      waiting?.failed(Object.assign(new Error(data.error.message), { name: data.error.name }));
    else waiting?.done(data.value as never);
  };
  worker.onerror = ({ message }) =>
    end(`openRun: the worker failed: ${message ?? "its module cannot be loaded"}`);
  const call = (name: Call["name"], ...args: readonly unknown[]) =>
    new Promise((done, failed) => {
      if (ended !== null) return failed(new Error(ended));
      const message: Call = { id: next++, name, args };
      open.set(message.id, { done, failed });
      worker.postMessage(message);
    });
  return Object.assign(call, { end: () => end("openRun: this run was closed") }) as WorkerCall;
}

function callsOf(call: WorkerCall): Omit<PageRun, keyof RunFacts> {
  return {
    predict: (inputs) => call("predict", inputs),
    async openStream() {
      const stream = await call("openStream");
      return {
        step: (input, options = {}) => call("step", stream, input, options),
        close: () => call("closeStream", stream),
      };
    },
    async *draw(settings = {}) {
      const drawn = await call("startText", settings);
      try {
        for (
          let piece = await call("continueText", drawn);
          piece !== null;
          piece = await call("continueText", drawn)
        )
          yield piece;
      } finally {
        await call("endText", drawn);
      }
    },
    close: () => call.end(),
  };
}
