// Layers models of TensorFlow.js against what they gave there (golden/make_golden.mjs).
import { readFileSync } from "node:fs";
import { onCpu, type Tensor } from "longspan";
import { fromTensorflowjs, toKeras } from "longspan-formats";
import { describe, expect, test } from "vitest";
import { type Batch, expectGradients, expectOutputs } from "../keras/golden.js";

const folder = new URL("golden/", import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, folder), "utf8");
const golden = JSON.parse(textOf("golden.json")) as Record<string, Batch[]>;
const filesOf = (name: string) => ({
  [`${name}.bin`]: new Uint8Array(readFileSync(new URL(`${name}.bin`, folder))),
});
const read = (name: string) => fromTensorflowjs(textOf(`${name}.json`), filesOf(name));

describe.each(["words", "functional", "cells", "words_uint8", "words_uint16", "words_float16"])(
  "%s",
  (name) => {
    test("gives what TensorFlow.js gives, at two lengths and two batch sizes", () => {
      for (const batch of golden[name]!) expectOutputs(read(name), batch);
    });

    test("has the gradients that TensorFlow.js has", () => {
      for (const batch of golden[name]!) expectGradients(read(name), batch);
    });
  },
);

test("weights are the numbers of the file, bit for bit", () => {
  const { E } = read("words").params[0] as { E: Tensor };
  const bytes = filesOf("words")["words.bin"]!;
  expect(onCpu(E).toArray()).toEqual(new Float32Array(bytes.slice(0, 84).buffer));
});

test("quantised weights are as near as the quantisation lets them", () => {
  const table = (name: string) => [...onCpu((read(name).params[0] as { E: Tensor }).E).toArray()];
  const exact = table("words");
  for (const [name, most] of [
    ["words_uint8", 1.6 / 255],
    ["words_uint16", 1.6 / 65535],
    ["words_float16", 2 ** -10],
  ] as const) {
    const errors = table(name).map((value, i) => Math.abs(value - exact[i]!));
    expect(Math.max(...errors)).toBeLessThan(most);
    expect(Math.max(...errors)).toBeGreaterThan(0);
  }
});

test("the model says what it masks, and when it answers", () => {
  expect([read("words").mask, read("words").answers]).toEqual([{ of: "symbol", value: 0 }, "step"]);
  expect([read("functional").mask, read("functional").answers]).toEqual([
    { of: "features", value: -1 },
    "sequence",
  ]);
});

describe("what is wrong is said", () => {
  const json = JSON.parse(textOf("words.json"));
  const message = (change: (model: typeof json) => void, files = filesOf("words")) => {
    const model = structuredClone(json);
    change(model);
    try {
      fromTensorflowjs(JSON.stringify(model), files);
    } catch (error) {
      return (error as Error).message;
    }
    return "no error";
  };
  const weights = (model: typeof json) => model.weightsManifest[0].weights;

  test("another kind of model", () => {
    expect(message((model) => Object.assign(model, { format: "graph-model" }))).toMatch(
      /^fromTensorflowjs: model.json: it is a graph model, which has operations in place of layers; convert/,
    );
    expect(message((model) => delete model.modelTopology)).toMatch(/it has no modelTopology/);
    expect(() => fromTensorflowjs("{", {})).toThrow("fromTensorflowjs: model.json: no JSON");
  });

  test("files that are missing, too short or too long", () => {
    expect(message(() => {}, { "other.bin": new Uint8Array(3) } as never)).toBe(
      'weight file, tensor "words.bin": expected a weight file of this path, once, in files, found "other.bin"',
    );
    const cut = { "words.bin": filesOf("words")["words.bin"]!.subarray(0, 100) };
    expect(message(() => {}, cut)).toBe(
      'weight file, tensor "lstm_LSTM1/kernel": expected 48 numbers of float32 from byte 84 of its group on, found files of 100 bytes together',
    );
    const long = { "words.bin": new Uint8Array(700) };
    expect(message(() => {}, long)).toBe(
      "weight file, byte 696: expected the end of a group of files, whose weights end there, found 4 bytes more",
    );
  });

  test("weights of another name, shape or type", () => {
    expect(
      message((model) => {
        weights(model)[1].name = "other/kernel";
      }),
    ).toBe(
      'weight file, tensor "lstm_LSTM1/kernel": expected kernel [any, 16] of the LSTM layer "lstm_LSTM1", found no such tensor',
    );
    expect(
      message((model) => {
        weights(model)[1].dtype = "int32";
      }),
    ).toBe('weight file, tensor "lstm_LSTM1/kernel": expected numbers of float32, found numbers of int32');
    expect(
      message((model) => {
        weights(model)[1].dtype = "string";
      }),
    ).toBe(
      'weight file, tensor "lstm_LSTM1/kernel": expected a dtype, one of float32, float16, int32, uint16, uint8, bool, found "string"',
    );
    expect(
      message((model) => {
        weights(model)[1].quantization = { dtype: "uint4" };
      }),
    ).toMatch(/expected a quantisation, one of uint8, uint16, float16, found "uint4"/);
    expect(
      message((model) => {
        weights(model)[1].shape = [3, 2 ** 51];
      }),
    ).toMatch(/a shape of less than 2\^50 numbers/);
  });

  test("layers that are not read, by name", () => {
    expect(
      message((model) => {
        model.modelTopology.config.layers[1].class_name = "Conv1D";
      }),
    ).toMatch(/^fromTensorflowjs: the layer "lstm_LSTM1" \(Conv1D\): layers of its class are not read; /);
  });

  test("gates that Keras 3 does not have, on the way there", async () => {
    const { layers, params } = read("words");
    await expect(toKeras(layers, params)).rejects.toThrow(
      'toKeras: the layer "lstm_LSTM1": its gates have the hard_sigmoid of TensorFlow.js, min(max(0.2 x + 0.5, 0), 1); that of Keras 3 has another slope',
    );
  });
});
