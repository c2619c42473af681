import { WeightFileError } from "longspan";
import { check, isRecord, kind, text } from "longspan/engine";
import { KerasError } from "../keras/error.js";
import { type KerasModel, kerasModel } from "../keras/keras-model.js";
import type { Dialect } from "../keras/layer-rows.js";
import { readParams } from "../keras/layer-weights.js";
import { readConfig } from "../keras/read-config.js";
import { readManifest, type WeightFiles } from "./manifest.js";
import { namedWeights } from "./named-weights.js";

/** What TensorFlow.js means by the names that it shares with Keras 3. */
const dialect: Dialect = {
  aliases: { hard_sigmoid: "tensorflowjs_hard_sigmoid", hardSigmoid: "tensorflowjs_hard_sigmoid" },
  usual: { recurrentActivation: "tensorflowjs_hard_sigmoid", resetAfter: false },
};

/**
 * A layers model of TensorFlow.js with its weights: `model.json` and the files that it names, as `model.save` and the converter write them. It
 * gives the same numbers as the model does in evaluation.
 *
 * The layers are those that `fromKeras` reads, and masks are read as there. Gates of TensorFlow.js are hard sigmoids by default, min(max(0.2 x + 0.5, 0), 1):
 * such layers become cells of the same equations. Weights quantised to uint8, uint16 or float16 become float32, as TensorFlow.js makes them.
 *
 * @param model the text of `model.json`
 * @param files the weight files, by the paths that `model.json` names
 * @throws KerasError for a graph model, or if a layer is not read: by its name, with what to do
 * @throws WeightFileError if a file or a weight is missing, damaged, or of another shape
 * @see https://www.tensorflow.org/js/guide/save_load
 * @example
 * const config = { units: 1, activation: "linear", use_bias: false, name: "head", batch_input_shape: [null, 2] };
 * const model = JSON.stringify({
 *   format: "layers-model",
 *   modelTopology: { class_name: "Sequential", config: { name: "net", layers: [{ class_name: "Dense", config }] } },
 *   weightsManifest: [{ paths: ["a.bin"], weights: [{ name: "head/kernel", shape: [2, 1], dtype: "float32" }] }],
 * });
 * const { params } = fromTensorflowjs(model, { "a.bin": new Uint8Array(Float32Array.of(2, 3).buffer) });
 * params // [{ W: [[2], [3]] }]
 */
export function fromTensorflowjs(model: string, files: WeightFiles): KerasModel {
  const what = "fromTensorflowjs";
  check(what, "model", model, text);
  check(what, "files", files, filesKind);
  const { topology, manifest } = parsed(what, model);
  const { name, layers, input, leftOut } = readConfig(what, topology, dialect);
  const stored = readManifest(manifest, files);
  const read = new Set<string>();
  const params = layers.map((of) => readParams(of, namedWeights(of, stored, read)));
  const left = [...stored.tensors.keys(), ...stored.unread.keys()].filter((weight) => !read.has(weight));
  const [one, ...more] = left.map((tensor) => ({
    tensor,
    expected: "only what the layers of the model have",
    found: "it besides",
  }));
  if (one) throw new WeightFileError(one, ...more);
  return kerasModel(what, { name, layers: layers.map(({ layer }) => layer), params, input, leftOut });
}

const filesKind = kind(
  "a record of weight files, Uint8Arrays by their paths",
  (value) => isRecord(value) && Object.values(value).every((file) => file instanceof Uint8Array),
);

/** The layers and the list of weights of `model.json`. */
function parsed(what: string, model: string): { topology: unknown; manifest: unknown } {
  const where = "model.json";
  let value: unknown;
  try {
    value = JSON.parse(model);
  } catch (cause) {
    const found = `no JSON (${(cause as Error).message.slice(0, 80)})`;
    throw new KerasError(what, { where, found, remedy: "give the text of model.json" }, { cause });
  }
  if (!isRecord(value) || !isRecord(value.modelTopology)) {
    const remedy = "give the model.json of a layers model";
    throw new KerasError(what, { where, found: "it has no modelTopology", remedy });
  }
  const { modelTopology: topology, weightsManifest: manifest, format } = value;
  if (format === "graph-model" || "node" in topology)
    throw new KerasError(what, {
      where,
      found: "it is a graph model, which has operations in place of layers",
      remedy:
        "convert the Keras model again, with --output_format=tfjs_layers_model, or save it as .keras for fromKeras",
    });
  return { topology: isRecord(topology.model_config) ? topology.model_config : topology, manifest };
}
