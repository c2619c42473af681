import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  fromArray,
  Key,
  type LanguageModelParams,
  languageModel,
  mapTree,
  onCpu,
  type Tensor,
  tensor,
} from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlowEvent } from "../src/events.js";
import { watchOnText } from "../src/jobs/text/flow.js";
import { textLines } from "../src/jobs/text/lines.js";
import { liveReporter } from "../src/live-reporter.js";
import type { Output } from "../src/reporter.js";
import { freshFolder, jsonLines, longspan } from "./command.js";
import { progress, start } from "./report/runs.js";
import { Screen } from "./screen.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  writeFileSync(at("text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
});

const train = (out: string, ...args: string[]) => {
  const small = ["--hidden", "8", "--features", "4", "--batch", "4", "--seq", "16", "--valid-every", "20"];
  return longspan(folder, "train", "text", "text.txt", ...small, "--out", out, "--json", ...args);
};
const flows = (stdout: string) =>
  jsonLines(stdout).filter((e) => e.event === "flow") as unknown as FlowEvent[];

describe("train text --watch-flow", () => {
  it("tells the flow every so many steps, as inspect does, and changes nothing in the training", () => {
    const { code, stdout, stderr } = train("watched", "--steps", "20", "--watch-flow", "5");
    expect([code, stderr]).toEqual([0, ""]);
    const events = flows(stdout);
    expect(events.map((e) => e.step)).toEqual([5, 10, 15, 20]);
    expect(train("unwatched", "--steps", "20").code).toBe(0);
    const weights = (out: string) => readFileSync(at(out, "weights.safetensors"));
    expect(weights("watched").equals(weights("unwatched"))).toBe(true);
    // 222 characters are held out: two segments of 100.
    const inspected = longspan(folder, "inspect", "watched", "--sequences", "2", "--json");
    const [layer] = JSON.parse(inspected.stdout).layers;
    const [last] = events.at(-1)!.layers;
    expect([last!.kind, last!.horizon]).toEqual([layer.verdict.kind, layer.verdict.horizon]);
    expect(last!.norms.length).toBe(12);
    for (const { lag, norm } of last!.norms) expect(norm / layer.lags[lag].norm).toBeCloseTo(1, 4);
    expect(readFileSync(at("watched/metrics.jsonl"), "utf8")).toBe(stdout);
  });

  it("may begin, change or end when a run goes on", () => {
    expect(train("on", "--steps", "6", "--watch-flow", "4", "--schedule", "constant").code).toBe(0);
    const again = ["--resume", "--out", "on", "--steps", "12", "--watch-flow", "3", "--json"];
    const { code, stdout } = longspan(folder, "train", "text", ...again);
    expect([code, flows(stdout).map((e) => e.step)]).toEqual([0, [9, 12]]);
  });

  it("needs a segment of held-out text", () => {
    const { code, stderr } = train("short", "--steps", "5", "--watch-flow", "1", "--valid", "0.02");
    expect([code, stderr]).toEqual([
      1,
      "error: --watch-flow reads 101 characters of the held-out text, which has 45; use a longer text or a greater --valid\n",
    ]);
  });
});

describe("train synthetic --watch-flow", () => {
  const run = (out: string, ...args: string[]) =>
    longspan(
      folder,
      ...["train", "synthetic", "temporal-order", "--length", "20", "--hidden", "8", "--until", "none"],
      ...["--steps", "12", "--out", out, "--json", ...args],
    );

  it("tells the flow on fresh sequences, of a net that explodes too, and changes nothing in the training", () => {
    const { code, stdout, stderr } = run("seen", "--watch-flow", "4");
    expect([code, stderr]).toEqual([0, ""]);
    const events = flows(stdout);
    expect(events.map((e) => e.step)).toEqual([4, 8, 12]);
    for (const { layers, warnings } of events) {
      expect(warnings).toEqual([]);
      expect(layers.length).toBe(1);
      expect(layers[0]!.norms.at(-1)!.lag).toBe(19);
      for (const { norm } of layers[0]!.norms) expect(norm).toBeGreaterThan(0);
    }
    // The parameters differ from look to look, and so does what is seen.
    expect(events[0]!.layers[0]!.norms).not.toEqual(events[1]!.layers[0]!.norms);
    expect(run("unseen").code).toBe(0);
    const weights = (out: string) => readFileSync(at(out, "weights.safetensors"));
    expect(weights("seen").equals(weights("unseen"))).toBe(true);
    const jumps = run(
      "jumps",
      "--cell",
      "rnn",
      "--optimizer",
      "sgd",
      "--lr",
      "30",
      "--clip",
      "none",
      "--watch-flow",
      "1",
    );
    expect(
      flows(jumps.stdout)
        .flatMap((e) => e.warnings)
        .join(),
    ).toContain("the gradient's norm jumped from");
  });

  it("may begin when a run goes on", () => {
    expect(run("later").code).toBe(0);
    const again = ["--resume", "--out", "later", "--steps", "16", "--watch-flow", "5", "--json"];
    const { code, stdout } = longspan(folder, "train", "synthetic", ...again);
    expect([code, flows(stdout).map((e) => e.step)]).toEqual([0, [15]]);
  });
});

describe("FlowWatch", () => {
  const model = languageModel({ vocabulary: 5, features: 3, hidden: 4, cell: "rnn" });
  const symbols = Int32Array.from({ length: 300 }, (_, k) => k % 5);
  const fresh = model.init(Key.of(1));
  /** The state stays at zero, where dh(t)/dh(t-1) = scale I; the readout's weights are those at first, times `size`. */
  const scaled = (scale: number, size = 1): LanguageModelParams => {
    const zero = mapTree(fresh, (t) => fromArray(new Float32Array((t as Tensor).size), (t as Tensor).shape));
    const [layer] = (zero as LanguageModelParams).layers;
    const W = tensor(
      Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (_, k) => (i === k ? scale : 0))),
    );
    const V = fresh.readout.W as Tensor;
    const readout = {
      ...fresh.readout,
      W: fromArray(
        Float32Array.from(onCpu(V).toArray()).map((v) => v * size),
        V.shape,
      ),
    };
    return { ...fresh, layers: [{ ...layer!, W }], readout } as unknown as LanguageModelParams;
  };
  const watch = () => watchOnText(model, symbols, { seq: 16, level: "char" });

  it("warns when a horizon falls below half of the farthest, once for each halving", async () => {
    const look = watch();
    const horizons: (number | null)[] = [];
    const warnings: string[] = [];
    // The horizon is 1 + floor(ln 0.001 / ln scale).
    for (const [k, scale] of [0.9, 0.8, 0.8, 0.88, 0.5].entries()) {
      const event = await look.look(scaled(scale), k);
      horizons.push(event.layers[0]!.horizon);
      warnings.push(...event.warnings.map((w) => `${k}: ${w}`));
    }
    expect(horizons).toEqual([66, 31, 31, 55, 10]);
    expect(warnings).toEqual([
      "1: in layer 1, gradients reach 31 steps back, no longer 66",
      "4: in layer 1, gradients reach 10 steps back, no longer 55",
    ]);
  });

  it("warns when a norm jumps tenfold from one look to the next, and not when it falls", async () => {
    const look = watch();
    const told: string[][] = [];
    for (const size of [1, 0.01, 0.09, 0.95])
      told.push([...(await look.look(scaled(0.9, size), 0)).warnings]);
    expect(told.map((w) => w.length)).toEqual([0, 0, 0, 1]);
    expect(told[3]![0]).toMatch(/^in layer 1, the gradient's norm jumped from 0\.0\d+ to 0\.\d+$/);
  });
});

describe("the live line", () => {
  it("has warnings above it, and stays", () => {
    const screen = new Screen(80);
    const reporter = liveReporter(screen as unknown as Output, { lines: textLines(), now: () => 0 });
    reporter.report(start());
    reporter.report(progress(10));
    const flow = { event: "flow", step: 10, layers: [] } as const;
    reporter.report({ ...flow, warnings: [] });
    const before = screen.text.split("\n");
    reporter.report({ ...flow, warnings: ["in layer 1, gradients reach 10 steps back, no longer 66"] });
    const rows = screen.text.split("\n");
    expect(rows.at(-1)).toBe(before.at(-1));
    expect(rows.at(-1)).toMatch(/^step 10 /);
    expect(rows.at(-2)).toBe("warning   step 10: in layer 1, gradients reach 10 steps back, no longer 66");
    expect(rows.length).toBe(before.length + 1);
  });
});
