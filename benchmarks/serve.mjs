// Measures `longspan serve`: many streams over HTTP on this machine, stepped together and one by one.
// node benchmarks/serve.mjs [--streams 1000 --hidden 128 --seconds 5 --rounds 3 --steps 1000000]   (after npm run build)
//
// The server is a process of its own, the client is this one. Three ways, in turns:
//   one by one     a request for each step, the next one after its answer
//   a request each a request for each step, from so many clients at once as there are connections, each of which waits for its answer
//   one for all    a request with a step for each stream
// Rates are by the clock, and besides it says what a step took of the processor, which another load does not change much. The answers of the first and the last way are compared. Then so many steps are taken by the last way, and the server's memory is
// looked at on the way.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { characterVocabulary, Key, storedVocabulary, textRunModel } from "./longspan.mjs";

const { createRun } = await import("../packages/longspan/dist/node.js");
const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000" },
    hidden: { type: "string", default: "128" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    steps: { type: "string", default: "1000000" },
  },
});
const [all, hidden, seconds, rounds, connections, steps] = [
  values.streams,
  values.hidden,
  values.seconds,
  values.rounds,
  values.connections,
  values.steps,
].map(Number);

const folder = mkdtempSync(join(tmpdir(), "longspan-serve-"));
const letters = "abcdefghijklmnopqrstuvwxyz .,\n";
const vocabulary = characterVocabulary(letters);
const settings = { cell: "lstm", hidden, features: hidden, layers: 1, dropout: 0 };
mkdirSync(join(folder, "run"));
const run = createRun(
  join(folder, "run"),
  { task: "text", settings },
  { vocabulary: storedVocabulary(vocabulary) },
);
await run.saveWeights(textRunModel(settings, vocabulary.size).init(Key.of(1)), 0);
run.close();

const bin = fileURLToPath(new URL("../packages/cli/bin/longspan.js", import.meta.url));
const options = ["--port", "0", "--max-streams", String(4 * all)];
const child = spawn(process.execPath, [bin, "serve", join(folder, "run"), ...options], {
  stdio: ["ignore", "pipe", "inherit"],
});
const port = await new Promise((resolve) => {
  child.stdout.on("data", (text) => {
    const found = /at http:\S+:(\d+) /.exec(String(text));
    if (found) resolve(Number(found[1]));
  });
});

const agent = new Agent({ keepAlive: true, maxSockets: connections });
function ask(method, path, body) {
  const data = body === undefined ? undefined : JSON.stringify(body);
  const headers =
    data === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(data) };
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method, path, headers, agent }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode >= 400) reject(new Error(text));
        else resolve(path === "/metrics" ? text : text === "" ? null : JSON.parse(text));
      });
    });
    sent.on("error", reject);
    sent.end(data);
  });
}
const open = async () => (await ask("POST", "/streams")).id;
const letter = (i, t) => letters[(7 * i + t) % letters.length];
const stepOne = (id, i, t) => ask("POST", `/streams/${id}/steps`, { input: letter(i, t), top: 1 });
const stepAll = async (ids, t) =>
  (await ask("POST", "/steps", { steps: ids.map((stream, i) => ({ stream, input: letter(i, t) })), top: 1 }))
    .answers;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

const ids = [];
while (ids.length < all) ids.push(await open());

// The same numbers either way.
{
  const [alone, together] = [await Promise.all(ids.map(open)), await Promise.all(ids.map(open))];
  const first = [];
  for (const [i, id] of alone.entries()) first.push(await stepOne(id, i, 0));
  const second = await stepAll(together, 0);
  if (JSON.stringify(first) !== JSON.stringify(second)) throw new Error("the ways give other numbers");
  for (const id of [...alone, ...together]) await ask("DELETE", `/streams/${id}`);
}

/** Steps for so long; latencies in milliseconds, each of so many steps. */
const ways = {
  async "one by one"(until, took) {
    for (let i = 0; performance.now() < until; i = (i + 1) % all) {
      const begin = performance.now();
      await stepOne(ids[i], i, 1);
      took.push(performance.now() - begin);
    }
    return took.length;
  },
  async "a request each"(until, took) {
    let next = 0;
    const client = async () => {
      while (performance.now() < until) {
        const i = next++ % all;
        const begin = performance.now();
        await stepOne(ids[i], i, 1);
        took.push(performance.now() - begin);
      }
    };
    await Promise.all(Array.from({ length: connections }, client));
    return took.length;
  },
  async "one for all"(until, took) {
    while (performance.now() < until) {
      const begin = performance.now();
      await stepAll(ids, 1);
      took.push(performance.now() - begin);
    }
    return all * took.length;
  },
};
const processor = async () =>
  Number(/^process_cpu_seconds_total (\S+)/m.exec(await ask("GET", "/metrics"))[1]);
const found = Object.fromEntries(
  Object.keys(ways).map((name) => [name, { rates: [], took: [], server: [], client: [] }]),
);
for (let round = 0; round <= rounds; round++)
  for (const [name, way] of round % 2 ? Object.entries(ways) : Object.entries(ways).reverse()) {
    const took = [];
    const [server, client] = [await processor(), process.cpuUsage()];
    const begin = performance.now();
    const count = await way(begin + 1000 * (round === 0 ? 1 : seconds), took);
    if (round === 0) continue;
    found[name].rates.push((1000 * count) / (performance.now() - begin));
    const { user, system } = process.cpuUsage(client);
    found[name].took.push(...took);
    found[name].server.push((1e6 * ((await processor()) - server)) / count);
    found[name].client.push((user + system) / count);
  }
console.log(`LSTM of ${hidden}, ${all} streams open, ${connections} connections`);
const base = median(found["one by one"].rates);
for (const [name, { rates, took, server, client }] of Object.entries(found)) {
  took.sort((a, b) => a - b);
  const at = (share) => took[Math.min(took.length - 1, Math.floor(share * took.length))].toFixed(1);
  console.log(
    `${name.padEnd(15)} ${Math.round(median(rates)).toLocaleString("en").padStart(8)} steps/s  ${(median(rates) / base).toFixed(1).padStart(5)} x   a request: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms   processor per step: server ${median(server).toFixed(1)} us, client ${median(client).toFixed(1)} us`,
  );
}

const memory = async () =>
  Number(/process_resident_memory_bytes (\d+)/.exec(await ask("GET", "/metrics"))[1]) / 2 ** 20;
const looks = [];
for (let done = 0; done < steps; done += all) {
  if (done % (steps / 10) < all) looks.push(`${Math.round(await memory())}`);
  await stepAll(ids, 2);
}
if (steps > 0)
  console.log(
    `memory of the server over ${steps.toLocaleString("en")} steps, in MiB: ${looks.join(" ")} ${Math.round(await memory())}`,
  );
child.kill("SIGTERM");
agent.destroy();
rmSync(folder, { recursive: true, force: true });
