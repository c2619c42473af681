import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  crossEntropyMean,
  curvatureByLag,
  encodeSafetensors,
  type FlowReport,
  type FlowVerdict,
  flowReport,
  fromArray,
  Key,
  type LanguageModelParams,
  type LayerFlow,
  mapTree,
  runFiles,
  slice,
  type Tensor,
  type Traceable,
  tensor,
  textStreams,
} from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdvisedRun, flowAdvice } from "../src/flow-advice.js";
import { lagsToShow } from "../src/flow-lines.js";
import { inspectionFiles } from "../src/inspect-run.js";
import { readSyntheticRun } from "../src/jobs/synthetic/read.js";
import { readRun } from "../src/jobs/text/read.js";
import { figure } from "../src/report/scale.js";
import { bin, freshFolder, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);
const text = "the dog sat on a log; the cog ran. ax\n".repeat(60);
/** The last tenth of the text. */
const heldOut = text.slice(Math.floor(text.length * 0.9));
const looked = ["--steps", "30", "--sequences", "3"];

const train = (out: string, ...args: string[]) => {
  const small = [
    "--hidden",
    "6",
    "--features",
    "4",
    "--batch",
    "4",
    "--seq",
    "16",
    "--steps",
    "20",
    "--json",
  ];
  expect(longspan(folder, "train", "text", "text.txt", ...small, "--out", out, ...args).code).toBe(0);
};

/** A net whose state stays at zero, where dh(t)/dh(t-1) = scale I: the gradient at lag k is scale^k of that at lag 0. */
async function scaled(out: string, scale: number): Promise<void> {
  train(out, "--cell", "rnn");
  const { params } = await readRun(at(out));
  const W = tensor(
    Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, k) => (i === k ? scale : 0))),
  );
  const zero = mapTree(params, (t) => fromArray(new Float32Array((t as Tensor).size), (t as Tensor).shape));
  const { U, b } = (zero as LanguageModelParams).layers[0]!;
  const made = { ...params, layers: [{ U: U!, W, b: b! }] };
  writeFileSync(at(out, "weights.safetensors"), await encodeSafetensors(made, {}));
}

beforeAll(async () => {
  writeFileSync(at("text.txt"), text);
  train("run", "--layers", "2");
  await scaled("vanishing", 0.5);
  await scaled("exploding", 1.5);
}, 60_000);

/** What the library says of a run. */
async function expected(run: string, symbols: string, steps: number, sequences: number): Promise<FlowReport> {
  const { model, params, vocabulary } = await readRun(at(run));
  const { inputs, targets, structure } = textStreams(vocabulary.encode(symbols), {
    streams: sequences,
    steps,
  }).segment(0);
  return flowReport((p: Traceable<LanguageModelParams>) => {
    const { output } = model.apply(p, fromArray(inputs, [inputs.length], "int32"), structure);
    const first = inputs.length - sequences;
    return crossEntropyMean(
      slice(output, 0, first, inputs.length),
      fromArray(targets.slice(first), [sequences], "int32"),
    );
  }, params);
}

/** The sizes that a PNG file says it has. */
function sizeOf(png: Buffer): [width: number, height: number] {
  expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  expect(png.subarray(-8, -4).toString("latin1")).toBe("IEND");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe("inspect", () => {
  it("prints the library's report as JSON", async () => {
    const { code, stdout, stderr } = longspan(folder, "inspect", "run", ...looked, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { loss, layers } = await expected("run", heldOut, 30, 3);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      event: "inspect",
      run: "run",
      text: `the held-out part of ${at("text.txt")}`,
      sequences: 3,
      steps: 30,
      files: inspectionFiles.map((name) => join("run", name)),
    });
    expect(found.loss).toBeCloseTo(loss, 6);
    expect(found.layers.length).toBe(2);
    for (const [k, layer] of layers.entries()) {
      const { lags, norms, exponents, jacobians, saturation, selfLoops, powers, verdict } = found.layers[k];
      expect(lags.length).toBe(30);
      for (const [i, { norm }] of layer.lags.entries()) expect(lags[i].norm / norm).toBeCloseTo(1, 3);
      expect(norms[2].length).toBe(30);
      expect(norms[2][7] / layer.norms[2]![7]!).toBeCloseTo(1, 3);
      for (const [i, e] of layer.exponents.entries()) expect(exponents[i]).toBeCloseTo(e, 4);
      expect(jacobians[0].spectralRadius).toBeCloseTo(layer.jacobians[0]!.spectralRadius, 4);
      expect(saturation).toEqual(layer.saturation);
      expect(selfLoops.map((loop: { slot: string }) => loop.slot)).toEqual(["s"]);
      expect(selfLoops[0].median).toBeCloseTo(layer.selfLoops[0]!.median, 4);
      expect(selfLoops[0].products.at(-1).jacobian).toBeCloseTo(
        layer.selfLoops[0]!.products.at(-1)!.jacobian!,
        4,
      );
      expect(powers.map((p: { part: number }) => p.part)).toEqual([0, 1, 2, 3]);
      expect(powers[3].norms[6].norm / layer.powers[3]!.norms[6]!.norm).toBeCloseTo(1, 4);
      expect(verdict.kind).toBe(layer.verdict.kind);
    }
  });

  it("tells the same to people: lags, verdict, exponents, spectrum, gates, time constants, powers", async () => {
    const { code, stdout, stderr } = longspan(folder, "inspect", "run", ...looked);
    expect([code, stderr]).toEqual([0, ""]);
    const { layers } = await expected("run", heldOut, 30, 3);
    expect(stdout).toMatch(
      /^flow {6}run: 3 segments of 30 characters of the held-out part of .*text\.txt; the loss at the last character is \d\.\d{3} nats\n/,
    );
    const blocks = stdout.split("\n\n").slice(1, -1);
    expect(blocks.length).toBe(2);
    for (const [k, { verdict, lags, jacobians, exponents }] of layers.entries()) {
      const block = blocks[k]!;
      expect(block).toContain(`layer     ${k + 1} of 2: lstm, 12 numbers of state\n`);
      expect(block).toContain(`verdict   ${verdict.kind}: ${verdict.words}\n`);
      const rows = [...block.matchAll(/^ {10} +(\d+) +(\S+) +(\S+)$/gm)];
      expect(rows.map((r) => Number(r[1]))).toEqual(lagsToShow(30));
      for (const [, lag, norm, share] of rows) {
        expect(Number(norm) / lags[Number(lag)]!.norm).toBeCloseTo(1, 2);
        expect(Number(share) / (lags[Number(lag)]!.norm / lags[1]!.norm)).toBeCloseTo(1, 2);
      }
      expect(block).toContain(`exponents ${figure(exponents[0]!).slice(0, 5)}`);
      expect(block).toContain(`at ${jacobians.length} steps (of dh(t)/dh(t-1))\n`);
      expect(block).toMatch(/saturated (sigmoid|tanh) \d: \S+ % at (0|-1), \S+ % at 1\n/);
      expect(block).toMatch(
        /constants s: half of the time constants are below \S+ steps \(a tenth below \S+, nine tenths below \S+\)\n {10}after 30 steps f leaves \S+ of the unit that keeps most, \S+ of the median one; by every path, by the Jacobians, \S+(\n|$)/,
      );
      expect(block).toMatch(
        /powers {4}W part 1 of 4: spectral radius \S+; \|W\^t\| is \S+ at t = 1, \S+ at t = 64, at most \S+\n {10}W part 2 of 4: /,
      );
    }
    expect(stdout).not.toContain("\u001b");
  });

  it("a reader that goes away costs nothing: the pictures are written, and there is no error", async () => {
    const child = spawn(process.execPath, [bin, "inspect", "run", ...looked, "--out", "unread"], {
      cwd: folder,
    });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr]).toEqual([0, ""]);
    expect(readdirSync(at("unread")).sort()).toEqual([...inspectionFiles].sort());
  });

  it("writes a page that holds the verdicts and loads nothing, and pictures of its size", async () => {
    expect(longspan(folder, "inspect", "run", ...looked, "--out", "a/b c").code).toBe(0);
    expect(readdirSync(at("a/b c")).sort()).toEqual([...inspectionFiles].sort());
    const page = readFileSync(at("a/b c/flow.html"), "utf8");
    const { layers } = await expected("run", heldOut, 30, 3);
    for (const { verdict } of layers) expect(page).toContain(verdict.words.slice(1, 40));
    for (const id of ["lags", "heat", "spectrum", "gates", "times", "powers"])
      expect(page).toContain(`<figure class="chart" id="${id}">`);
    expect(page).not.toMatch(/<script|src=|href=|url\(|NaN|Infinity|undefined/);
    for (const name of inspectionFiles.slice(1)) {
      const drawing = new RegExp(`id="${name.slice(5, -4)}".*?viewBox="0 0 860 ([\\d.]+)"`, "s").exec(page)!;
      const [width, height] = sizeOf(readFileSync(at("a/b c", name)));
      expect(width).toBe(2 * 900);
      expect(height).toBeCloseTo(2 * (Number(drawing[1]) + 70), -0.5);
    }
  });

  it("is of the run only as long as it lasts: a new one in its folder has no old pictures", () => {
    expect(longspan(folder, "inspect", "run", ...looked).code).toBe(0);
    for (const name of inspectionFiles) expect(existsSync(at("run", name))).toBe(true);
    train("run", "--layers", "2", "--force");
    for (const name of inspectionFiles) expect(existsSync(at("run", name))).toBe(false);
  });

  it("--data: another text", async () => {
    const other = "the cog sat on a dog; the log ran.\n".repeat(6);
    writeFileSync(at("other.txt"), other);
    const { stdout } = longspan(folder, "inspect", "run", ...looked, "--data", "other.txt", "--json");
    const { text: told, loss } = JSON.parse(stdout);
    expect(told).toBe("other.txt");
    expect(loss).toBeCloseTo((await expected("run", other, 30, 3)).loss, 6);
  });

  it("reads a hundred steps of a run with shorter segments, unless asked otherwise", () => {
    const { stdout } = longspan(folder, "inspect", "run", "--sequences", "2", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ steps: 100, sequences: 2 });
  });
});

describe("inspect --curvature", () => {
  const half = ["--steps", "30", "--sequences", "3"];

  it("is that of the library, as JSON, for people, in the page and as a picture", async () => {
    const args = ["inspect", "run", ...half, "--curvature", "--out", "curved"];
    const { code, stdout, stderr } = longspan(folder, ...args, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout);
    expect(found.files.at(-1)).toBe(join("curved", runFiles.flowCurvature));
    const { model, params, vocabulary } = await readRun(at("run"));
    const { inputs, targets, structure } = textStreams(vocabulary.encode(heldOut), {
      streams: 3,
      steps: 30,
    }).segment(0);
    const { layers } = await curvatureByLag(
      (p: Traceable<LanguageModelParams>) => {
        const { output } = model.apply(p, fromArray(inputs, [90], "int32"), structure);
        const last = fromArray(targets.slice(87), [3], "int32");
        return crossEntropyMean(slice(output, 0, 87, 90), last);
      },
      params,
      { lags: lagsToShow(30, 24) },
    );
    expect(found.curvature.length).toBe(2);
    for (const [k, { lags, verdict }] of layers.entries()) {
      expect(found.curvature[k].verdict.kind).toBe(verdict.kind);
      expect(found.curvature[k].lags.map((l: { lag: number }) => l.lag)).toEqual(lags.map((l) => l.lag));
      lags.forEach((l, i) => {
        const told = found.curvature[k].lags[i];
        expect(told.gradient / l.gradient).toBeCloseTo(1, 3);
        expect(told.own.gaussNewton / l.own!.gaussNewton!).toBeCloseTo(1, 3);
      });
    }
    const people = longspan(folder, ...args).stdout;
    const rows = [...people.matchAll(/^(?:curvature| {9}) +(\d+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+)$/gm)];
    expect(rows.length).toBe(24);
    const [, , g, h, , ratio] = rows[0]!;
    expect(Math.abs(Number(h)) / Number(g)).toBeCloseTo(Math.abs(Number(ratio)), 3);
    expect(people).toMatch(/ {10}\S.*: per step of lag, \|g\| changes by the factor/);
    const page = readFileSync(at("curved", "flow.html"), "utf8");
    expect(page).toContain('<figure class="chart" id="curvature">');
    expect(page).toContain("Curvature: per step of lag");
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(sizeOf(readFileSync(at("curved", runFiles.flowCurvature)))[0]).toBe(2 * 900);
    // The next look without it leaves no picture that does not belong to the page.
    longspan(folder, "inspect", "run", ...half, "--out", "curved");
    expect(existsSync(at("curved", runFiles.flowCurvature))).toBe(false);
    expect(readFileSync(at("curved", "flow.html"), "utf8")).not.toContain('id="curvature"');
  }, 60_000);
});

describe("inspect on a run of train synthetic", () => {
  const made = (task: string, out: string, ...args: string[]) => {
    const small = ["--hidden", "5", "--steps", "3", "--length", "20", "--batch", "4", "--json"];
    expect(longspan(folder, "train", "synthetic", task, ...small, "--out", out, ...args).code).toBe(0);
  };

  it("two layers on fresh sequences of its problem: the library's report", async () => {
    made("temporal-order", "order", "--layers", "2", "--seed", "3");
    const { code, stdout, stderr } = longspan(folder, "inspect", "order", "--sequences", "5", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      sequences: 5,
      unit: "step",
      measure: "nats",
      steps: found.layers[0].lags.length,
    });
    expect(found.text).toBe("temporal-order, made afresh");
    const { model, params, problem } = await readSyntheticRun(at("order"));
    const batch = problem.sample(Key.of(3).fold(0x1175), 0, 5);
    const { nodes } = batch.structure;
    const { loss, layers } = await flowReport((p: Traceable<typeof params>) => {
      const x = fromArray(batch.x, [nodes, 6]);
      const { output: z } = model.apply(p, x, batch.structure, { rows: batch.scored });
      return crossEntropyMean(z, fromArray(batch.targets, [5], "int32"));
    }, params);
    expect(found.loss).toBeCloseTo(loss, 6);
    expect(found.layers.length).toBe(2);
    layers.forEach((layer, k) => {
      expect(found.layers[k].cell).toBe("lstm");
      layer.lags.forEach(({ norm }, i) => {
        expect(found.layers[k].lags[i].norm / norm).toBeCloseTo(1, 3);
      });
    });
    const people = longspan(folder, "inspect", "order").stdout;
    expect(people).toMatch(
      /^flow {6}order: 8 sequences of \d+ steps of temporal-order, made afresh; the loss at the last step is \d\.\d{3} nats\n/,
    );
  });

  it("a problem whose answers are numbers", () => {
    made("adding", "numbers", "--cell", "rnn");
    const { code, stdout } = longspan(folder, "inspect", "numbers", "--curvature");
    expect(code).toBe(0);
    expect(stdout).toMatch(/the loss at the last step is a squared error of \d/);
    expect(stdout).toContain("curvature");
  });

  it("a problem of many lengths is looked at in long sequences; a memory is drawn, and goes with the run", () => {
    const small = ["--hidden", "5", "--steps", "2", "--lengths", "1-9", "--batch", "2", "--json"];
    const memory = ["--cell", "ntm-feedforward", "--out", "remembering"];
    expect(longspan(folder, "train", "synthetic", "copy", ...small, ...memory).code).toBe(0);
    const { code, stdout, stderr } = longspan(folder, "inspect", "remembering", "--sequences", "3", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout);
    // 2 n + 1 steps, n at least 7 of 9.
    expect(found.steps).toBeGreaterThanOrEqual(15);
    expect(found.memory[0]).toMatchObject({ layer: 0, rows: 128, width: 20 });
    const [{ steps, weights, path }] = found.memory[0].sequences;
    expect(steps).toBe(found.steps);
    expect(weights.map((w: { slot: string }) => w.slot)).toEqual(["readWeights", "writeWeights"]);
    for (let t = 0; t < steps; t++) {
      const shares = path.shares
        .slice(t * steps, (t + 1) * steps)
        .reduce((a: number, b: number) => a + b, path.start[t]);
      expect(shares).toBeCloseTo(1, 4);
    }
    const names = [runFiles.memory, runFiles.memoryPicture];
    expect(found.files).toEqual([...inspectionFiles, ...names].map((name) => join("remembering", name)));
    expect(readFileSync(at("remembering", runFiles.memory), "utf8")).not.toMatch(
      /<script|src=|href=|url\(|NaN|Infinity|undefined/,
    );
    expect(longspan(folder, "inspect", "remembering").stdout).toMatch(
      /\nmemory {4}layer 1 \(perceptron with turingMemory\), 128 rows of 20: of what is read/,
    );
    // A run without a memory in the same folder has no picture of one.
    expect(
      longspan(folder, "train", "synthetic", "copy", ...small, "--out", "remembering", "--force").code,
    ).toBe(0);
    for (const name of names) expect(existsSync(at("remembering", name))).toBe(false);
  }, 120_000);

  it("refuses what only texts have", () => {
    made("adding", "refusing");
    expect(longspan(folder, "inspect", "refusing", "--steps", "30")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error: --steps has no effect on a run of longspan train synthetic: its problem makes the sequences; leave it out\n",
    });
  });
});

describe("inspect on nets whose gradient is known", () => {
  const layerOf = (run: string) => {
    const { code, stdout } = longspan(folder, "inspect", run, "--steps", "60", "--sequences", "2", "--json");
    expect(code).toBe(0);
    return JSON.parse(stdout).layers[0] as FlowReport["layers"][number];
  };

  it("sees that it vanishes, and where", () => {
    const { verdict, exponents, jacobians, lags } = layerOf("vanishing");
    expect(verdict.kind).toBe("vanishing");
    // 0.5^9 is above a thousandth, 0.5^10 is not.
    expect(verdict.horizon).toBe(10);
    expect(verdict.factorPerStep).toBeCloseTo(0.5, 4);
    expect(verdict.words).toMatch(/nothing beyond about 10 steps is being learned$/);
    expect(verdict.advice).toBe("in a new run, try --cell lstm or --flow 1 (the flow regulariser)");
    expect(exponents[0]).toBeCloseTo(Math.log(0.5), 6);
    expect(jacobians.every((j) => Math.abs(j.spectralRadius - 0.5) < 1e-6)).toBe(true);
    expect(lags[59]!.norm / lags[0]!.norm / 0.5 ** 59).toBeCloseTo(1, 4);
  });

  it("sees that it explodes", () => {
    const { verdict, exponents, lags } = layerOf("exploding");
    expect(verdict.kind).toBe("exploding");
    expect(verdict.factorPerStep).toBeCloseTo(1.5, 4);
    expect(verdict.words).toMatch(/explode on their way back \(by 1\.5 per step\)$/);
    expect(verdict.advice).toBe("in a new run, try a smaller --clip than 1 or a smaller --lr than 0.004");
    expect(exponents[0]).toBeCloseTo(Math.log(1.5), 6);
    expect(lags[59]!.norm / lags[0]!.norm / 1.5 ** 59).toBeCloseTo(1, 4);
  });
});

describe("advice can be followed", () => {
  it("of an LSTM: it has a gate already, training went no farther back, and it was short", async () => {
    train("short", "--cell", "lstm", "--valid", "0.4");
    const { params } = await readRun(at("short"));
    // The state fades by the forget gate alone, sigmoid(0.8) = 0.69 at each step: a thousandth is left at lag 19.
    const zero = mapTree(params, (t) => fromArray(new Float32Array((t as Tensor).size), (t as Tensor).shape));
    const { U, W } = (zero as LanguageModelParams).layers[0]!;
    const b = Float32Array.from({ length: 24 }, (_, k) => (k < 6 ? 0.8 : 0));
    const made = { ...params, layers: [{ U: U!, W: W!, b: fromArray(b, [24]) }] };
    writeFileSync(at("short/weights.safetensors"), await encodeSafetensors(made, { step: "20" }));
    const looked = longspan(folder, "inspect", "short", "--steps", "60", "--sequences", "2");
    const advice = /^advice {4}(.*)$/m.exec(looked.stdout)![1]!;
    expect(advice).toBe(
      "these parameters have had 20 steps of training, so look again after 1,000 (longspan train text --resume --steps 1000 --out short); in training, gradients go back 16 steps (--seq), and they reach as far as that; to reach farther, train with a longer --seq",
    );
    expect(readFileSync(at("short/flow.html"), "utf8")).toContain("These parameters have had 20 steps");
    // It is followed to the letter.
    const [, command] = /\(longspan (.*?)\)/.exec(advice)!;
    expect(longspan(folder, ...command!.split(" ")).code).toBe(0);
    const after = longspan(folder, "inspect", "short", "--steps", "60", "--sequences", "2");
    expect(after.stdout).not.toContain("steps of training");
  });

  const layer = (kind: FlowVerdict["kind"], more: { horizon?: number; keeps?: number | null } = {}) => {
    const { horizon = 10, keeps = null } = more;
    return { keeps, verdict: { kind, horizon, factorPerStep: 1, words: "", advice: null } } as LayerFlow;
  };
  const settings = { clip: 1, lr: 0.004, flow: null, start: "cell", radius: 1.1 };
  const text: AdvisedRun = {
    command: "train text",
    settings: { ...settings, seq: 16 },
    run: "a b",
    trained: 2000,
    steps: 100,
  };
  const synthetic: AdvisedRun = { ...text, command: "train synthetic", settings, trained: 20 };
  const sparse = { ...settings, start: "sparse-2013" };
  it.each([
    ["no gate", layer("vanishing"), text, "in a new run, try --cell lstm or --flow 1 (the flow regulariser)"],
    ["a gate", layer("vanishing", { keeps: 0.7 }), text, "in a new run, try --flow 1 (the flow regulariser)"],
    [
      "the penalty in use",
      layer("vanishing", { keeps: 0.7 }),
      { ...text, settings: { ...text.settings, flow: 0.5 } },
      "in a new run, try a greater --flow than 0.5",
    ],
    [
      "a start with a radius",
      layer("vanishing"),
      { ...synthetic, settings: sparse },
      "in a new run, try --cell lstm, --flow 1 (the flow regulariser) or a greater --radius than 1.1",
    ],
    [
      "all that training went back",
      layer("vanishing", { horizon: 16 }),
      text,
      "in training, gradients go back 16 steps (--seq), and they reach as far as that; to reach farther, train with a longer --seq",
    ],
    [
      "no --seq",
      layer("vanishing", { horizon: 50 }),
      synthetic,
      "in a new run, try --cell lstm or --flow 1 (the flow regulariser)",
    ],
    [
      "a folder with a space",
      layer("vanishing", { keeps: 0.7 }),
      { ...text, trained: 1 },
      "these parameters have had 1 step of training, so look again after 1,000 (longspan train text --resume --steps 1000 --out 'a b'); in a new run, try --flow 1 (the flow regulariser)",
    ],
    [
      "an explosion without clipping",
      layer("exploding"),
      { ...synthetic, settings: { ...sparse, clip: null } },
      "in a new run, try --clip 1, a smaller --lr than 0.004 or a smaller --radius than 1.1",
    ],
    [
      "too few steps",
      layer("too short"),
      { ...text, steps: 3 },
      "look at more than 3 steps, with --steps 100",
    ],
    ["short sequences", layer("too short"), synthetic, "train on longer sequences, with a greater --length"],
    ["nothing wrong", layer("flowing"), text, null],
    ["no gradient", layer("none"), text, null],
  ])("%s", (_, seen, run, advice) => {
    expect(flowAdvice(seen, run)).toBe(advice);
  });
});

describe("inspect fails in one line", () => {
  const fails = (name: string, args: readonly string[], message: string, code = 1) =>
    it(name, () => {
      const result = longspan(folder, "inspect", ...args);
      expect(result).toEqual({ code, stdout: "", stderr: `error: ${message}\n` });
    });
  beforeAll(() => {
    writeFileSync(at("short.txt"), "the dog sat on a log");
    writeFileSync(at("unknown.txt"), "the Z");
    writeFileSync(at("empty.txt"), "");
    writeFileSync(at("file"), "");
  });
  fails("no such run", ["none"], "there is no folder none; see longspan train text --help");
  fails("no such text", ["run", "--data", "none.txt"], "cannot read none.txt: no such file or folder");
  fails("an empty text", ["run", "--data", "empty.txt"], "empty.txt is empty");
  fails(
    "a text that is too short",
    ["run", "--data", "short.txt"],
    "short.txt is too short: it has 20 characters, and --sequences 8 with --steps 100 needs 801; lower one of them, or name a longer text with --data",
  );
  fails(
    "a held-out part that is too short",
    ["run"],
    `the held-out part of ${at("text.txt")} is too short: it has 228 characters, and --sequences 8 with --steps 100 needs 801; lower one of them, or name a longer text with --data`,
  );
  fails(
    "a character that the model does not know",
    ["run", "--data", "unknown.txt"],
    'unknown.txt cannot be measured with run: the character "Z" (U+005A), character 4 of the text counted from 0, is not among the 17 of the vocabulary',
  );
  fails(
    "no whole number",
    ["run", "--steps", "0"],
    "option '--steps <n>' argument '0' is invalid. Expected a whole number of at least 1.",
    2,
  );
  fails(
    "an --out that is a file",
    ["run", ...looked, "--out", "file"],
    "cannot write to file: there is a file of that name",
  );

  it("a text that is no longer that of the run, or gone", () => {
    writeFileSync(at("text.txt"), `${text} `);
    expect(longspan(folder, "inspect", "run", ...looked).stderr).toBe(
      `error: ${at("text.txt")} is no longer the text that run was trained on; name another one with --data\n`,
    );
    rmSync(at("text.txt"));
    expect(longspan(folder, "inspect", "run", ...looked).stderr).toBe(
      `error: ${at("text.txt")}, the text that run was trained on, is gone; name another one with --data\n`,
    );
  });
});

describe("lagsToShow", () => {
  it.each([0, 1, 2, 12, 13, 14, 20, 30, 100, 129, 5000])(
    "of %i: rising, with both ends, a dozen",
    (count) => {
      const lags = lagsToShow(count);
      expect(lags.length).toBe(Math.min(count, 12));
      if (count > 0) expect([lags[0], lags.at(-1)]).toEqual([0, count - 1]);
      expect(lags.every((lag, k) => k === 0 || lag > lags[k - 1]!)).toBe(true);
    },
  );
});
