import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FlowGradient, flowPenalty, Key, languageModel, onCpu, type Tensor, textTask } from "longspan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TextProgress } from "../src/jobs/text/events.js";
import { textLines } from "../src/jobs/text/lines.js";
import { textData } from "../src/jobs/text/text-data.js";
import { openText } from "../src/jobs/text/text-file.js";
import { freshFolder, jsonLines, longspan } from "./command.js";
import { config, progress } from "./report/runs.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  writeFileSync(at("text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
});

const sizes = { hidden: 8, features: 4, batch: 4, seq: 16 };
const small = [
  ...Object.entries(sizes).flatMap(([name, n]) => [`--${name}`, String(n)]),
  ...["--cell", "rnn", "--layers", "2", "--dropout", "0", "--json"],
];
const train = (out: string, ...args: string[]) => {
  const { code, stdout, stderr } = longspan(
    folder,
    "train",
    "text",
    "text.txt",
    ...small,
    "--out",
    out,
    ...args,
  );
  expect([code, stderr]).toEqual([0, ""]);
  return jsonLines(stdout).filter((e) => e.event === "progress") as unknown as TextProgress[];
};
const weights = (out: string) => readFileSync(at(out, "weights.safetensors"));

/** What the library says of the penalty of the first step. */
function penaltyAtStart(gradient: FlowGradient) {
  const { streams, vocabulary } = textData(openText(at("text.txt")), { ...config.settings, ...sizes }, null);
  const model = languageModel({
    hidden: 8,
    features: 4,
    layers: 2,
    cell: "rnn",
    vocabulary: vocabulary.size,
  });
  const params = model.init(Key.of(1).split(3)[0]!);
  const task = textTask(model, streams);
  const { omega, meanRatio, skipped } = flowPenalty(
    (p: Parameters<typeof task.loss>[0]) => {
      const { loss } = task.loss(p, streams.segment(0), task.carriedAtStart(params), Key.of(0));
      return { loss, aux: null };
    },
    params as Parameters<typeof task.loss>[0],
    { gradient },
  );
  const [a, b, c] = [omega, meanRatio, skipped].map((v) => onCpu(v as Tensor).item());
  return { omega: expect.closeTo(a!, 4), ratio: expect.closeTo(b!, 5), skipped: c };
}

describe("train text --flow", () => {
  it("measures the penalty: omega, the ratio and the skipped terms are those of the library", () => {
    for (const gradient of ["book", "paper"] as const) {
      const [first] = train(gradient, "--flow", "4", "--flow-gradient", gradient, "--steps", "1");
      expect(first!.flow).toEqual(penaltyAtStart(gradient));
    }
  });

  it("trains on it: each form another way, none of them that of a run without", () => {
    const without = train("without", "--steps", "12");
    expect(without.every((e) => e.flow === undefined)).toBe(true);
    const forms = ["exact", "book", "paper"].map((form) => {
      train(form, "--force", "--flow", "4", "--flow-gradient", form, "--steps", "12");
      return weights(form);
    });
    const all = [weights("without"), ...forms].map((bytes) => bytes.toString("base64"));
    expect(new Set(all).size).toBe(4);
    train("usual", "--flow", "4", "--steps", "12");
    expect(weights("usual").equals(forms[1]!)).toBe(true);
  });

  it("pulls the ratio towards 1", () => {
    const ratio = (out: string, lambda: string) =>
      train(out, "--flow", lambda, "--steps", "150", "--lr", "0.01").at(-1)!.flow!.ratio;
    const [weak, strong] = [ratio("weak", "1e-9"), ratio("strong", "1")];
    expect(Math.abs(Math.log(strong))).toBeLessThan(0.5 * Math.abs(Math.log(weak)));
  });

  it("goes on as it began, with TensorBoard's curves", () => {
    train("halves", "--flow", "2", "--steps", "10", "--schedule", "constant", "--tensorboard");
    train("halves whole", "--flow", "2", "--steps", "20", "--schedule", "constant");
    const { code } = longspan(
      folder,
      "train",
      "text",
      "--resume",
      "--out",
      "halves",
      "--steps",
      "20",
      "--json",
    );
    expect(code).toBe(0);
    expect(weights("halves").equals(weights("halves whole"))).toBe(true);
    const board = at("halves/tensorboard");
    const curves = readdirSync(board).map((name) => readFileSync(join(board, name), "latin1"));
    for (const name of ["flow/omega", "flow/ratio", "flow/skipped"]) expect(curves.join()).toContain(name);
    const other = longspan(folder, "train", "text", "--resume", "--out", "halves", "--flow", "3");
    expect(other.stderr).toContain("--flow 3 differs from the run in halves, which has flow 2");
  });

  it("works with checkpointed gradients", () => {
    const [first] = train("blocks", "--flow", "4", "--backward", "checkpointed", "--steps", "1");
    expect(first!.flow).toEqual(penaltyAtStart("book"));
  });

  it("refuses the form of a penalty that is not asked for", () => {
    const { code, stderr } = longspan(folder, "train", "text", "text.txt", "--flow-gradient", "paper");
    expect([code, stderr]).toEqual([
      2,
      "error: --flow-gradient paper has no effect with --flow none (the default); it belongs to --flow\n",
    ]);
  });
});

describe("the lines of a run with --flow", () => {
  const event = progress(10, { flow: { omega: 1.234, ratio: 0.98765, skipped: 3 } });
  const words = textLines();

  it("tell omega, the ratio and the skipped terms", () => {
    expect(words.of(event, Number.NaN)[0]![1]).toMatch(/ {3}flow ratio 0\.988, omega 1\.23, 3 skipped$/);
    expect(words.live(event, Number.NaN, 200)).toMatch(/ {2}flow ratio 0\.988, omega 1\.23, 3 skipped$/);
    const none = { ...event, flow: { ...event.flow!, skipped: 0 } };
    expect(words.live(none, Number.NaN, 200)).toMatch(/ {2}flow ratio 0\.988, omega 1\.23$/);
  });

  it("keep the ratio where there is little room, and give way to the loss", () => {
    expect(words.live(event, 60, 77)).toBe(
      "step 10  10 %  2.900 nats, 4.184 bits  7/s  |g| 2  flow 0.988  60 s left",
    );
    expect(words.live(event, 60, 40)).toBe("step 10  2.900 nats  60 s left");
  });
});
