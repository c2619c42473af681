import { readFileSync } from "node:fs";
import {
  bidirectional,
  chain,
  fromArray,
  gru,
  lstm,
  recurrent,
  type SequenceLayer,
  scope,
  sequenceModel,
} from "longspan";
import { fromOnnx, OnnxError, toOnnx } from "longspan-formats";
import { expect, test } from "vitest";
import { operatorsOf } from "../../src/onnx/from-onnx.js";
import { randomParams } from "./our-numbers.js";

// Files with changed bytes: an error that says where, or a reading. LONGSPAN_DAMAGED_FILES says how many.

const count = Number(process.env.LONGSPAN_DAMAGED_FILES ?? 2000);

const written = (layer: unknown, states: boolean) =>
  toOnnx(layer as SequenceLayer<object, unknown>, randomParams(layer as never), { states });
const sizes = { input: 3, hidden: 4 };
const files = [
  written(recurrent(lstm({ ...sizes, coupled: true })), true),
  written(sequenceModel({ layer: bidirectional(gru(sizes), lstm(sizes)), features: 8, output: 2 }), false),
  ...["classifier_script", "lstm_2_True_script", "gru_dynamo"].map(
    (name) => new Uint8Array(readFileSync(new URL(`golden/${name}.onnx`, import.meta.url))),
  ),
];

const options = [
  {},
  {},
  { first: "batch" },
  { states: { h0: "hn", c0: "cn" } },
  { states: { h0: "hn" } },
] as const;

/** Numbers from a seed, 0 to below 1: mulberry32. */
function generator(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One to three changes: a byte replaced, some cut out, some put in, some copied, or the end cut off. */
function damaged(file: Uint8Array, random: () => number): Uint8Array {
  let bytes = Array.from(file);
  const below = (n: number) => Math.floor(random() * n);
  for (let k = 1 + below(3); k > 0; k--) {
    const at = below(bytes.length);
    const some = 1 + below(8);
    const way = below(10);
    if (way === 0) bytes[at] = below(256);
    else if (way === 1) bytes.splice(at, some);
    else if (way === 2) bytes.splice(at, 0, ...Array.from({ length: some }, () => below(256)));
    else if (way === 3) bytes.splice(at, 0, ...bytes.slice(below(bytes.length)).slice(0, some));
    else if (below(8) === 0) bytes = bytes.slice(0, at);
    else bytes[at]! ^= 1 << below(8);
  }
  return Uint8Array.from(bytes);
}

test(`${count} damaged files are read, or refused with the place`, { timeout: 3_600_000 }, () => {
  const random = generator(20_260_801);
  const found = { read: 0, refused: 0, ran: 0, failed: 0 };
  const structure = chain([2, 1]);
  let most = 0;
  for (let k = 0; k < count; k++) {
    const file = damaged(files[k % files.length]!, random);
    const before = process.memoryUsage().arrayBuffers;
    scope(() => {
      const model = attempt(() => fromOnnx(file, options[k % files.length]), file);
      most = Math.max(most, (process.memoryUsage().arrayBuffers - before) / Math.max(1024, file.length));
      found[model ? "read" : "refused"] += 1;
      if (!model || k % 5 > 0) return;
      const { input } = model.layer;
      const { shape, dtype = "float32" } = "shape" in input ? input : { shape: input };
      const size = shape.reduce((a, b) => a * b, 3);
      if (size > 1000) return;
      const x = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
      const result = attempt(
        () => model.layer.apply(model.params, fromArray(x as Float32Array, [3, ...shape], dtype), structure),
        file,
      );
      found[result ? "ran" : "failed"] += 1;
    });
  }
  expect(found.read).toBeGreaterThan(count / 20);
  expect(found.refused).toBeGreaterThan(count / 20);
  // Numbers that are read take up to twice the bytes that they have in the file.
  expect(most).toBeLessThan(20);
  if (process.env.LONGSPAN_DAMAGED_FILES) console.log(found, `at most ${most.toFixed(1)} times the file`);
});

/** What is made, or null where it is refused; every error is one of ours that says where. */
function attempt<T>(make: () => T, file: Uint8Array): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OnnxError))
      throw new Error(`${Buffer.from(file).toString("base64")}\n${(error as Error).stack}`);
    expect(error.problem.where).not.toBe("");
    return null;
  }
}

test.each([
  [
    "cut off",
    files[0]!.slice(0, 400),
    /^fromOnnx: the file: it is no message of the ONNX format \(.*\); it may be cut off or of another format; write it again$/,
  ],
  [
    "empty",
    new Uint8Array(0),
    "fromOnnx: the file: it holds no graph; it may be of another format; write it again",
  ],
  [
    "of another operator",
    renamed("LSTM", "LSTN"),
    /^fromOnnx: node LSTM \(LSTN\): the operator is not read; docs\/onnx.md lists what is; write the part without it as a model of its own$/,
  ],
  [
    "short of a weight",
    renamed("layer.forward.GRU.W", "layer.forward.GRU.V"),
    /^fromOnnx: node GRU \(GRU\): it reads layer.forward.GRU.W, which nothing before it makes; the file may be damaged; write it again$/,
  ],
] as const)("a file that is %s is refused with the place", (_, file, message) => {
  expect(() => fromOnnx(file)).toThrow(OnnxError);
  expect(() => fromOnnx(file)).toThrow(message);
});

/** A file in which the last, or only, text of a kind is another of the same length. */
function renamed(from: string, to: string): Uint8Array {
  const bytes = Buffer.from(files[1]!);
  const field = Buffer.from(
    from.includes(".") ? from : `"${String.fromCharCode(from.length)}${from}`,
    "latin1",
  );
  const at = bytes.lastIndexOf(field);
  bytes.write(from.includes(".") ? to : `"${String.fromCharCode(to.length)}${to}`, at, "latin1");
  return new Uint8Array(bytes);
}

test("steps that do not fit are refused with the node", () => {
  const { layer, params } = fromOnnx(files[3]!, { states: { h0: "hn", c0: "cn" } });
  expect(() => layer.apply(params, fromArray(new Float32Array(9), [3, 3]), chain([2, 1]))).toThrow(
    "fromOnnx: the lengths of sequences: they are 2, 1, and the file has no input for lengths; give it sequences of one length, or write the model with an input for them",
  );
});

test("the page lists every operator that is read", () => {
  const page = readFileSync(new URL("../../../../docs/onnx.md", import.meta.url), "utf8");
  const missing = Object.keys(operatorsOf(null, {})).filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(page),
  );
  expect(missing).toEqual([]);
});
