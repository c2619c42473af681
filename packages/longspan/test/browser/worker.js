import * as longspan from "/dist/index.js";
import { trainLstm } from "/page/train-lstm.js";

addEventListener("message", async ({ data: { steps, threads } }) => {
  try {
    longspan.useExecutor(await longspan.loadWasmExecutor());
    longspan.useThreads(threads);
    const { inner } = longspan.executor("wasm");
    if ("leastShared" in inner) inner.leastShared = 0;
    const trained = await trainLstm(longspan, steps);
    const { executions } = longspan.executor("wasm").statistics;
    postMessage({ ...trained, executions, helped: inner.helped ?? 0 });
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
});
