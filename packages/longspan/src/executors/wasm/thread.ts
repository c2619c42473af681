// A worker that is a thread of the WebAssembly executor: it shares the memory of the thread that started it, and waits there for pieces of
// work. It sends nothing, and ends with its program.

import { workerThreads } from "../loading.js";
import { importsWith } from "./imports.js";

/** What a thread is given to begin with. */
export interface ThreadStart {
  /** A compiled module, and its memory. */
  readonly module: object;
  readonly memory: object;
  /** Where its stack begins; it grows downwards. */
  readonly stack: number;
}

interface ThreadExports {
  readonly __stack_pointer: { value: number };
  help(): void;
  lose(): void;
}

interface ThreadHost {
  readonly WebAssembly: {
    readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  };
  onmessage: ((event: { readonly data: ThreadStart }) => void) | null;
}

const host = globalThis as unknown as ThreadHost;

function help({ module, memory, stack }: ThreadStart): never {
  const { exports } = new host.WebAssembly.Instance(
    module,
    importsWith(memory, () => {}),
  );
  const thread = exports as ThreadExports;
  for (;;) {
    thread.__stack_pointer.value = stack;
    try {
      thread.help();
    } catch {
      // The caller waits for this piece: it hears that it has failed, and throws.
      thread.lose();
    }
  }
}

const { parentPort } = workerThreads() ?? {};
if (parentPort) parentPort.once("message", help);
else host.onmessage = ({ data }) => help(data);
