import { OutOfMemoryError } from "longspan";
import type { RunFolder } from "longspan/node";
import { describe, expect, it } from "vitest";
import { syntheticJob } from "../src/jobs/synthetic/job.js";
import { textJob } from "../src/jobs/text/job.js";
import { explained, fitting } from "../src/run-control.js";

const error = new OutOfMemoryError(
  {
    executor: "wasm",
    wanted: { dtype: "float32", length: 61_440_000, bytes: 245_760_000 },
    bytesInUse: 4_100_000_000,
    bytesUnscoped: 0,
    mostBytes: 2 ** 32,
  },
  [4096, 15000],
);
const what =
  "the wasm executor is out of memory: there is no room for float32 [4096, 15000], 246 MB, beside 4.10 GB in use, of 4.29 GB that it can have";
const folder = { path: "runs/a", checkpoints: { savedStep: 7 } } as RunFolder;

describe("a run that is out of memory", () => {
  it("names the options to lower", () => {
    expect(
      (explained(error, folder, { command: "longspan", smaller: textJob.smaller }) as Error).message,
    ).toBe(
      `training stopped: ${what}; lower --batch, --seq, --hidden or, with words, --vocabulary; the checkpoint of step 7 is intact`,
    );
    expect(
      (explained(error, folder, { command: "longspan", smaller: syntheticJob.smaller }) as Error).message,
    ).toBe(`training stopped: ${what}; lower --batch or --hidden; the checkpoint of step 7 is intact`);
  });

  it("says so of a model that does not fit", () => {
    const make = () => {
      throw error;
    };
    expect(() => fitting(make, "lower --hidden")).toThrow(
      `a model of this size does not fit into memory (${what}); lower --hidden`,
    );
  });
});
