import * as longspan from "/dist/index.js";
import { trainLstm } from "/page/train-lstm.js";

addEventListener("message", async ({ data: { steps } }) => {
  try {
    longspan.useExecutor(await longspan.loadWasmExecutor());
    const trained = await trainLstm(longspan, steps);
    const { executions } = longspan.executor("wasm").statistics;
    postMessage({ ...trained, executions });
  } catch (error) {
    postMessage({ error: String(error?.stack ?? error) });
  }
});
