// Models of Keras, in and out, against what they gave there (golden/make_golden.py); golden/check_keras.py loads what is written here.
import {
  bidirectional,
  embedding,
  fromArray,
  gru,
  gruResetAfter,
  Key,
  languageModel,
  linear,
  lstm,
  onCpu,
  recurrent,
  rnn,
  type Tensor,
  zeros,
} from "longspan";
import { decodeKeras, fromKeras, type KerasLayerOrKind, toKeras } from "longspan-formats";
import { describe, expect, test } from "vitest";
import { readHdf5 } from "../../src/keras/hdf5.js";
import { type Batch, bytesOf, expectGradients, expectOutputs, tensorsOf, textOf } from "./golden.js";

const golden = JSON.parse(textOf("golden.json")) as Record<string, Batch[]> & { config: string };
const names = ["words", "both", "gru", "cells", "activations"];

describe.each(names)("%s", (name) => {
  test("gives what Keras gives, at two lengths and two batch sizes", async () => {
    const model = await fromKeras(bytesOf(`${name}.keras`));
    for (const batch of golden[name]!) expectOutputs(model, batch);
  });

  test("has the gradients that Keras has", async () => {
    const model = await fromKeras(bytesOf(`${name}.keras`));
    for (const batch of golden[name]!) expectGradients(model, batch);
  });

  test("goes out and comes back bit for bit", async () => {
    const model = await fromKeras(bytesOf(`${name}.keras`));
    for (const format of ["keras", "weights.h5"] as const) {
      const file = await toKeras(model.layers, model.params, { format });
      const back = await fromKeras(file, format === "keras" ? {} : { layers: model.layers });
      expect(tensorsOf(back.params)).toBe(tensorsOf(model.params));
      expect(back.layers).toEqual(model.layers);
      expect([back.answers, back.mask]).toEqual([model.answers, model.mask]);
    }
  });
});

test("a stack of all layers gives a row at every step, and streams", async () => {
  const model = await fromKeras(bytesOf("activations.keras"));
  const [batch] = golden.activations!;
  const stream = model.layer.stream(model.params);
  for (const [t, wanted] of (batch!.output as number[][][])[0]!.entries()) {
    const found = stream.step((batch!.x as number[][][])[0]![t]!) as Float32Array;
    for (const [i, value] of found.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-5);
  }
  stream.dispose();
});

test("weights of save_weights, with the layers of to_json", async () => {
  const model = await fromKeras(bytesOf("weights.weights.h5"), { config: golden.config });
  for (const batch of golden.gru!) expectOutputs(model, batch);
  const layers: KerasLayerOrKind[] = [
    "GRU",
    "GRU",
    { kind: "GRU", returnSequences: false },
    { kind: "Dense", activation: "relu" },
  ];
  const same = await fromKeras(bytesOf("weights.weights.h5"), { layers });
  expect(tensorsOf(same.params)).toBe(tensorsOf(model.params));
});

test("models of the library go out by the names of Keras's classes", async () => {
  const net = languageModel({ vocabulary: 9, features: 4, hidden: 5, layers: 2 });
  const params = net.init(Key.of(1));
  const list = [params.embedding, ...params.layers, params.readout];
  const back = await fromKeras(
    await toKeras(["Embedding", "LSTM", "LSTM", "Dense"], list, { name: "language" }),
  );
  expect(tensorsOf(back.params)).toBe(tensorsOf(list));
  expect([back.name, back.answers, back.mask]).toEqual(["language", "step", null]);
  const wide = bidirectional(gru({ input: 3, hidden: 2 }), gru({ input: 3, hidden: 2 })).init(Key.of(2));
  const two = await fromKeras(await toKeras(["GRU"], [wide]));
  expect(tensorsOf(two.params)).toBe(tensorsOf([wide]));
});

test("weights of float64 stay what they are", async () => {
  const params = recurrent(gruResetAfter({ input: 2, hidden: 3 })).init(Key.of(1), "float64");
  const back = await fromKeras(await toKeras(["GRU"], [params]));
  expect(tensorsOf(back.params)).toBe(tensorsOf([params]));
  expect((back.params[0] as { U: Tensor }).U.dtype).toBe("float64");
});

test("weights by their paths", async () => {
  const { tensors } = await decodeKeras(bytesOf("gru.keras"));
  expect([...tensors.keys()].slice(0, 3)).toEqual([
    "layers/dense/vars/0",
    "layers/dense/vars/1",
    "layers/gru/cell/vars/0",
  ]);
  expect(tensors.get("layers/gru/cell/vars/0")!.shape).toEqual([3, 12]);
});

describe("what is wrong is said", () => {
  const message = (f: () => Promise<unknown>) =>
    f().then(
      () => "no error",
      (error: Error) => error.message,
    );
  const config = (layers: unknown[], className = "Sequential") =>
    JSON.stringify({ class_name: className, config: { name: "net", layers } });
  const layer = (class_name: string, settings: object) => ({
    class_name,
    config: { name: "one", ...settings },
  });
  const read = (layers: unknown[]) =>
    message(() => fromKeras(bytesOf("weights.weights.h5"), { config: config(layers) }));

  test("h5wasm that is not installed", async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'h5wasm'"));
    expect(await message(() => readHdf5("fromKeras", new Uint8Array(3), missing))).toBe(
      "fromKeras: HDF5: the package h5wasm, which reads and writes such files, cannot be loaded; install it beside longspan-formats: npm install h5wasm",
    );
  });

  test("files of something else", async () => {
    expect(await message(() => fromKeras(bytesOf("weights.weights.h5")))).toBe(
      "fromKeras: the file: it holds weights only, no layers; say them: { config } with what model.to_json() gives, or { layers }; or save the model as .keras",
    );
    expect(await message(() => fromKeras(new Uint8Array(9), { layers: ["Dense"] }))).toBe(
      "weight file, byte 0: expected an HDF5 file, as Keras 3 writes it, found one that HDF5 does not read: file signature not found",
    );
    expect(await message(() => fromKeras(bytesOf("gru.keras"), { layers: ["GRU"] }))).toBe(
      "fromKeras: a .keras file has its layers; leave out layers",
    );
  });

  test("a model in the older format, whose optimiser has scalars", async () => {
    const h5wasm = await import("h5wasm");
    const { FS } = await h5wasm.ready;
    const file = new h5wasm.File("old.h5", "w");
    file
      .create_group("model_weights")
      .create_dataset({ name: "kernel", data: Float32Array.of(1, 2), shape: [2] });
    file
      .create_group("optimizer_weights")
      .create_dataset({ name: "rate", data: Float32Array.of(0.5), shape: [] });
    file.close();
    const bytes = Uint8Array.from(FS!.readFile("old.h5") as unknown as Uint8Array);
    expect(await message(() => fromKeras(bytes, { layers: ["Dense"] }))).toBe(
      "fromKeras: the file: it is a model in the older format, .h5; load it in Keras 3 and save it as .keras",
    );
    const { tensors } = await decodeKeras(bytes);
    expect(tensors.get("optimizer_weights/rate")).toEqual({
      dtype: "float32",
      shape: [],
      data: Float32Array.of(0.5),
    });
  });

  test("layers that are not read, by name", async () => {
    expect(await read([layer("Conv1D", {})])).toMatch(
      /^fromKeras: the layer "one" \(Conv1D\): layers of its class are not read; those that are: LSTM, GRU, SimpleRNN, RNN, /,
    );
    expect(await read([layer("LSTM", { activation: "gelu" })])).toMatch(
      /^fromKeras: the layer "one" \(LSTM\): its activation is "gelu"; those that are read: linear, tanh/,
    );
    expect(await read([layer("LSTM", { recurrent_activation: { value: ["code"] } })])).toMatch(
      /its recurrent_activation is a function of its own/,
    );
    expect(await read([layer("GRU", { return_sequences: true, go_backwards: true })])).toBe(
      'fromKeras: the layer "one" (GRU): it goes backwards and gives the steps in that order; rows stay in their order here: use Bidirectional, or return_sequences=False',
    );
    expect(await read([layer("GRU", { return_state: true })])).toMatch(/it returns its states/);
    expect(await read([layer("Dense", {}), layer("Masking", {})])).toMatch(/it stands after other layers/);
    expect(await read([layer("Bidirectional", { merge_mode: null, layer: layer("LSTM", {}) })])).toMatch(
      /its merge_mode is null; expected concat, sum, mul or ave/,
    );
  });

  test("a functional model that is no chain", async () => {
    const input = (name: string) => ({ class_name: "InputLayer", name, config: { name }, inbound_nodes: [] });
    const tensor = (name: string) => ({
      class_name: "__keras_tensor__",
      config: { keras_history: [name, 0, 0] },
    });
    const node = (name: string, ...reads: string[]) => ({
      class_name: "Dense",
      name,
      config: { name },
      inbound_nodes: [{ args: reads.map(tensor), kwargs: {} }],
    });
    const model = (layers: unknown[], input_layers: unknown) =>
      message(() =>
        fromKeras(bytesOf("weights.weights.h5"), {
          config: JSON.stringify({
            class_name: "Functional",
            config: { name: "net", layers, input_layers, output_layers: ["b", 0, 0] },
          }),
        }),
      );
    expect(await model([input("x"), node("a", "x"), node("b", "a", "x")], ["x", 0, 0])).toBe(
      'fromKeras: the layer "b" (Dense): it reads 2 layers; a model that is read is a chain: every layer reads the one before it',
    );
    expect(await model([input("x"), node("a", "x"), node("b", "x")], ["x", 0, 0])).toBe(
      'fromKeras: the layer "a" (Dense): it stands beside the chain from the input to the output; a model that is read is a chain',
    );
    expect(
      await model(
        [input("x"), input("y"), node("b", "x")],
        [
          ["x", 0, 0],
          ["y", 0, 0],
        ],
      ),
    ).toBe(
      'fromKeras: the layer "net" (Functional): it has 2 input layers; a model that is read has one input and one output',
    );
    expect(await model([input("x"), node("a", "b"), node("b", "a")], ["x", 0, 0])).toMatch(
      /reads its own output/,
    );
  });

  test("weights that are missing, of another shape, or left over", async () => {
    const file = bytesOf("weights.weights.h5");
    expect(await message(() => fromKeras(file, { layers: ["LSTM"] }))).toBe(
      'weight file, tensor "layers/lstm/cell/vars/1": expected recurrent_kernel [any, any] of the LSTM layer "lstm", found no such tensor',
    );
    expect(await message(() => fromKeras(file, { layers: ["GRU", "GRU", "Dense"] }))).toMatch(
      /^weight file:\n {2}tensor "layers\/gru_2\/cell\/vars\/0": expected only what the layers of the model have, found it besides/,
    );
    const other = await toKeras(["SimpleRNN"], [recurrent(rnn({ input: 3, hidden: 4 })).init(Key.of(1))], {
      format: "weights.h5",
    });
    const asLstm = await readHdf5("fromKeras", other);
    expect([...asLstm.tensors.keys()]).toEqual([0, 1, 2].map((k) => `layers/simple_rnn/cell/vars/${k}`));
  });

  test("parameters of something else", async () => {
    const params = recurrent(lstm({ input: 3, hidden: 4, peepholes: true })).init(Key.of(1));
    expect(await message(() => toKeras(["LSTM"], [params]))).toBe(
      "toKeras: params[0] should be those of lstm, for the layer LSTM, got something else",
    );
    expect(await message(() => toKeras(["LSTM"], []))).toBe(
      "toKeras: params holds 0 entries for 1 layers; give {} for a layer without weights",
    );
    const readout = linear({ input: 3, output: 2 }).init(Key.of(1));
    const table = embedding({ vocabulary: 5, features: 4 }).init(Key.of(1));
    expect(await message(() => toKeras(["Embedding", "Dense"], [table, readout]))).toBe(
      'toKeras: the layer "1 (from 0)" (Dense): its weights are for 3 features, and the layer before it gives 4; check that weights and layers belong together',
    );
    expect(await message(() => toKeras([{ kind: "LSTM", units: 4 } as never], [params]))).toMatch(
      /toKeras: a setting of layers\[0\] is one of kind, activation/,
    );
    expect(
      await message(() => toKeras(["Dense", "Dense"], [readout, { W: zeros([2, 2], "float64") }])),
    ).toMatch(/they are float32 and float64/);
  });

  test("a file that claims more than it holds", async () => {
    const h5wasm = await import("h5wasm");
    const { FS } = await h5wasm.ready;
    const file = new h5wasm.File("big.h5", "w");
    file.create_group("layers").create_group("dense").create_group("vars");
    file
      .create_dataset({
        name: "layers/dense/vars/0",
        data: new Float32Array(1),
        shape: [1],
        maxshape: [null],
        chunks: [1000],
      })
      .resize([2 ** 30]);
    file.close();
    const bytes = Uint8Array.from(FS!.readFile("big.h5") as unknown as Uint8Array);
    expect(bytes.length).toBeLessThan(20_000);
    expect(await message(() => fromKeras(bytes, { layers: ["Dense"] }))).toBe(
      'weight file, tensor "layers/dense/vars/0": expected tensors of at most 8 times the file, found a shape [1073741824]',
    );
  });
});

test("numbers are not rounded on their way: every bit of a weight", async () => {
  const data = Float32Array.from({ length: 64 }, (_, i) => (i - 32) * 1.1754944e-38 * 2 ** (i % 7));
  const W = fromArray(data, [8, 8]);
  const back = await fromKeras(await toKeras(["Dense"], [{ W }]));
  expect(onCpu((back.params[0] as { W: Tensor }).W).toArray()).toEqual(data);
});
