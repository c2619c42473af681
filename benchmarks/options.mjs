// The options of a run; what they mean: README.md.

import { parseArgs } from "node:util";
import { jobs, parseShape, shapes } from "./jobs.mjs";
import { structureJobs } from "./structures.mjs";

/** Each peer's packages are loaded only where it is asked for: they need not be there otherwise. */
const peers = {
  torch: async (...args) => (await import("./peers/torch.mjs")).torchSides(...args),
  tfjs: async (...args) => (await import("./peers/tfjs.mjs")).tfjsSides(...args),
  onnxruntime: async (...args) => (await import("./peers/onnxruntime.mjs")).onnxSides(...args),
};

const allJobs = [...Object.keys(jobs), ...Object.keys(structureJobs)];

const list = (text, separator = ",") =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);

function chosen(text, known, what) {
  const names = list(text);
  for (const name of names)
    if (!known.includes(name)) throw new Error(`no ${what} "${name}"; there is ${known.join(", ")}`);
  return names;
}

function count(text, what) {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new Error(`${what} is a positive integer, got "${text}"`);
  return n;
}

export function readOptions() {
  const { values } = parseArgs({
    options: {
      peer: { type: "string", default: "" },
      python: { type: "string", default: "python3" },
      jobs: { type: "string", default: allJobs.join(",") },
      shapes: { type: "string", default: shapes.join(";") },
      threads: { type: "string", default: "1,2" },
      rounds: { type: "string", default: "7" },
      executors: { type: "string", default: "native,wasm" },
      results: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const names = chosen(values.jobs, allJobs, "job");
  return {
    peers: chosen(values.peer, Object.keys(peers), "peer").map((name) => peers[name]),
    python: values.python,
    jobs: names.filter((name) => name in jobs),
    structureJobs: names.filter((name) => name in structureJobs),
    shapes: list(values.shapes, ";").map(parseShape),
    threads: list(values.threads).map((text) => count(text, "--threads")),
    rounds: count(values.rounds, "--rounds"),
    executors: chosen(values.executors, ["native", "wasm", "reference"], "executor"),
    results: values.results ?? null,
    json: values.json,
  };
}
