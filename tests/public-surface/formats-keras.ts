import { Key, linear } from "longspan";
import { fromKeras, toKeras } from "longspan-formats";
import { argument, choice, maybe, settings, text, thing } from "./arguments.js";
import { exempt, type Rows, row } from "./calls.js";

const dense = linear({ input: 2, output: 1 }).init(Key.of(1));
const weights = await toKeras(["Dense"], [dense], { format: "weights.h5" });
const model = await fromKeras(await toKeras(["Dense"], [dense]));
const layers = () => argument(["Dense"], [], [5], ["Dens"], [{ kind: "Dens" }], [{ kind: "Dense", bias: 1 }]);
const methods = { apply: exempt("swept by tests of the models that files give") };

const config = {
  units: 1,
  activation: "linear",
  use_bias: false,
  name: "head",
  batch_input_shape: [null, 2],
};
const modelJson = JSON.stringify({
  format: "layers-model",
  modelTopology: {
    class_name: "Sequential",
    config: { name: "net", layers: [{ class_name: "Dense", config }] },
  },
  weightsManifest: [
    { paths: ["a.bin"], weights: [{ name: "head/kernel", shape: [2, 1], dtype: "float32" }] },
  ],
});
const files = { "a.bin": new Uint8Array(8) };

/** The rows of the rooms keras and tensorflowjs of longspan-formats. */
export const kerasRows: Rows = {
  KerasError: () => exempt("an error"),
  fromKeras: () => row({ bytes: thing(weights), options: settings({ layers: layers() }) }, { methods }),
  decodeKeras: () => row({ bytes: thing(weights) }),
  kerasBatch: () =>
    row({ model: thing(model), sequences: argument([[[1, 2]]], ["list"], [5], [[[1, 2, 3]]], [["x"]]) }),
  fromTensorflowjs: () =>
    row(
      { model: argument(modelJson, []), files: argument(files, ["record"], { "a.bin": [1] }) },
      { methods },
    ),
  toKeras: () =>
    row({
      layers: layers(),
      params: argument([dense], [], [{}], [dense, dense]),
      options: settings({ format: maybe(choice("keras")), name: maybe(text("net")) }),
    }),
};
