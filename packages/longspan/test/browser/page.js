// Trains in a worker while it looks how long its own thread stands still; then a few steps on its own thread.
import * as longspan from "/dist/index.js";
import { trainLstm } from "/page/train-lstm.js";

/** Looks at the clock in every frame and every few milliseconds: the longest time between two looks is how long a click may wait. */
function watchGaps() {
  let last = performance.now();
  let looks = 0;
  let longest = 0;
  let running = true;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    looks += 1;
  };
  const tick = () => {
    if (!running) return;
    look();
    setTimeout(tick, 5);
  };
  const frame = () => {
    if (!running) return;
    look();
    requestAnimationFrame(frame);
  };
  tick();
  frame();
  return () => {
    running = false;
    look();
    return { looks, longest };
  };
}

const inWorker = (message) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
    worker.onerror = (event) => reject(new Error(`worker: ${event.message}`));
    worker.postMessage(message);
  });

const send = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });

try {
  const { steps, threads } = await (await fetch("/settings")).json();
  const reportBefore = longspan.executorReport();
  const stop = watchGaps();
  const start = performance.now();
  const worker = await inWorker({ steps, threads });
  const milliseconds = performance.now() - start;
  const { looks, longest } = stop();
  longspan.useExecutor(await longspan.loadWasmExecutor());
  longspan.useThreads(threads);
  const { inner } = longspan.executor("wasm");
  // However little there is to do, it is shared.
  if ("leastShared" in inner) inner.leastShared = 0;
  let page = await trainLstm(longspan, 5);
  const report = longspan.executorReport();
  // Threads come up while the page waits for something; until then it does their work.
  for (let i = 0; i < 300 && inner.helped === 0; i++) {
    await new Promise((done) => setTimeout(done, 20));
    page = await trainLstm(longspan, 5);
  }
  const helped = inner.helped ?? 0;
  await send({ reportBefore, report, milliseconds, looks, longest, worker, page, helped });
} catch (error) {
  await send({ error: String(error?.stack ?? error) });
}
