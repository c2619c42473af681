// PyTorch as a side: a Python process for each number of threads, which runs only when it is told to.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("pytorch.py", import.meta.url));

/** @param python a Python that can import torch */
export async function torchSides(threadCounts, { python }) {
  return Promise.all(threadCounts.map((threads) => torchSide(python, threads)));
}

async function torchSide(python, threads) {
  const folder = mkdtempSync(join(tmpdir(), "longspan-bench-"));
  const file = join(folder, "numbers");
  const ask = start(python);
  const { version } = await ask({ do: "start", threads });
  return {
    name: "torch",
    threads,
    version,
    async prepare({ job, x, seed, params }) {
      const { kind, training, step = false } = job;
      const tensors = { x, ...params, ...(training ? { seed } : {}) };
      const arrays = {};
      let at = 0;
      for (const [key, { shape, data }] of Object.entries(tensors)) {
        arrays[key] = [at, shape];
        at += data.length;
      }
      const numbers = new Float32Array(at);
      for (const [key, { data }] of Object.entries(tensors)) numbers.set(data, arrays[key][0]);
      writeFileSync(file, new Uint8Array(numbers.buffer));
      await ask({ do: "prepare", kind, training, step, file, arrays });
      return {
        async results() {
          const { arrays: found } = await ask({ do: "results", file });
          const bytes = readFileSync(file);
          const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
          return Object.fromEntries(
            Object.entries(found).map(([key, [first, shape]]) => [
              key,
              all.slice(first, first + shape.reduce((p, n) => p * n, 1)),
            ]),
          );
        },
        time: async (repetitions) => (await ask({ do: "time", repetitions })).times,
        dispose: async () => void (await ask({ do: "dispose" })),
      };
    },
    gemm: async (n) => (await ask({ do: "gemm", n })).times,
    async close() {
      ask.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts the process; the function sends a command and waits for the answer. */
function start(python) {
  const child = spawn(python, ["-u", script], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = [];
  let ended = null;
  const end = (reason) => {
    ended ??= new Error(`torch: ${reason}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.on("error", (error) => end(`${python} did not start: ${error.message}; name a Python with --python`));
  child.on("exit", (code) => end(`${python} ended with code ${code}; what it said stands above`));
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(JSON.parse(line)));
  const ask = (command) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(command)}\n`);
    });
  ask.end = () => child.stdin.end();
  return ask;
}
