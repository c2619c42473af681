// Layers models of TensorFlow.js with what they give: run in this folder, with @tensorflow/tfjs 4.22 where node finds it; then `npm run format`.
//
// For each model NAME.json and its weight file NAME.bin, for `words` also quantised; golden.json has batches of two lengths and two batch sizes, padded where the
// model has a mask, the outputs at the steps that are not masked, and gradients of half the sum of the squared outputs where TensorFlow.js gives them.
import { writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";

const { layers: l } = tf;
let seed = 21;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

/** As the converter writes it: the weights of `model.save` within one file. */
async function save(name, model, quantise) {
  let made;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      made = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  let bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(made.weightData));
  let weights = made.weightSpecs;
  if (quantise) ({ bytes, weights } = quantised(bytes, weights, quantise));
  const { modelTopology, format, generatedBy, convertedBy } = made;
  const weightsManifest = [{ paths: [`${name}.bin`], weights }];
  writeFileSync(
    `${name}.json`,
    `${JSON.stringify({ format, generatedBy, convertedBy, modelTopology, weightsManifest })}\n`,
  );
  writeFileSync(`${name}.bin`, bytes);
  return { modelTopology, weightSpecs: weights, weightData: bytes.buffer };
}

/** Affine quantisation as the converter does it, in Python there. */
function quantised(bytes, specs, dtype) {
  const parts = [];
  let at = 0;
  const weights = specs.map((spec) => {
    const n = spec.shape.reduce((a, b) => a * b, 1);
    const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * n));
    at += 4 * n;
    if (dtype === "float16") {
      // Rounded to ten bits of fraction: the numbers here are of the size 0.01 to 4.
      const bits = new Uint32Array(values.buffer);
      const half = Uint16Array.from(
        bits,
        (b) => ((b >>> 16) & 0x8000) | (((b >>> 13) & 0x3ffff) - (112 << 10)),
      );
      parts.push(new Uint8Array(half.buffer));
      return { ...spec, quantization: { original_dtype: "float32", dtype } };
    }
    const most = dtype === "uint8" ? 255 : 65535;
    const min = Math.min(...values);
    const scale = (Math.max(...values) - min) / most;
    const type = dtype === "uint8" ? Uint8Array : Uint16Array;
    parts.push(new Uint8Array(type.from(values, (v) => Math.round((v - min) / scale)).buffer));
    return { ...spec, quantization: { min, scale, dtype, original_dtype: "float32" } };
  });
  return { bytes: new Uint8Array(parts.flatMap((part) => [...part])), weights };
}

function functional() {
  const x = tf.input({ shape: [null, 3], name: "x" });
  let y = l.masking({ maskValue: -1 }).apply(x);
  y = l.bidirectional({ layer: l.lstm({ units: 2, returnSequences: true }), name: "two" }).apply(y);
  y = l.bidirectional({ layer: l.gru({ units: 3 }), mergeMode: "sum" }).apply(y);
  return tf.model({
    inputs: x,
    outputs: l.dense({ units: 2, activation: "softsign" }).apply(y),
    name: "functional",
  });
}

const models = {
  words: tf.sequential({
    name: "words",
    layers: [
      l.embedding({ inputDim: 7, outputDim: 3, maskZero: true, inputShape: [null] }),
      l.lstm({ units: 4, returnSequences: true }),
      l.dropout({ rate: 0.1 }),
      l.timeDistributed({ layer: l.dense({ units: 5, activation: "softmax" }) }),
    ],
  }),
  functional: functional(),
  cells: tf.sequential({
    name: "cells",
    layers: [
      l.rnn({
        cell: [l.lstmCell({ units: 3 }), l.gruCell({ units: 2 }), l.simpleRNNCell({ units: 3 })],
        returnSequences: true,
        inputShape: [null, 3],
      }),
      l.gru({ units: 3, recurrentActivation: "sigmoid", returnSequences: true, useBias: false }),
      l.lstm({ units: 3, recurrentActivation: "sigmoid", activation: "elu", returnSequences: true }),
      l.simpleRNN({ units: 2, goBackwards: true }),
      l.activation({ activation: "hardSigmoid" }),
    ],
  }),
};
const padding = { words: 0, functional: -1 };

function run(name, model, lengths) {
  const steps = Math.max(...lengths);
  const isStep = (b, t) => t < lengths[b];
  const row = () =>
    name === "words"
      ? 1 + Math.floor(6 * random())
      : Array.from({ length: 3 }, () => Math.fround(2 * random() - 1));
  const none = () => (name === "words" ? 0 : [padding[name], padding[name], padding[name]]);
  const x = lengths.map((_, b) =>
    Array.from({ length: steps }, (_, t) => (isStep(b, t) || !(name in padding) ? row() : none())),
  );
  const y = model.predict(tf.tensor(x));
  const values = y.arraySync();
  const output =
    y.rank === 2 || !(name in padding)
      ? values
      : values.map((rows, b) => rows.filter((_, t) => isStep(b, t)));
  const { grads } = tf.variableGrads(() => {
    const given = model.apply(tf.tensor(x), { training: false });
    const isKept = x.map((rows, b) => rows.map((_, t) => (isStep(b, t) || !(name in padding) ? 1 : 0)));
    const kept = given.rank === 2 ? given : given.mul(tf.tensor(isKept).expandDims(2));
    return kept.square().sum().div(2);
  });
  const variables = model.trainableWeights.map((w) => w.originalName);
  const gradients = model.trainableWeights.map((w) => grads[w.val.name].arraySync());
  return { x, output, variables, gradients };
}

const golden = {};
for (const [name, model] of Object.entries(models)) {
  model.setWeights(
    model.getWeights().map((w) =>
      tf.tensor(
        Float32Array.from({ length: w.size }, () => 0.1 + 1.6 * random() - 0.9),
        w.shape,
      ),
    ),
  );
  golden[name] = [
    [4, 2, 3],
    [6, 5],
  ].map((lengths) => run(name, model, lengths));
  await save(name, model);
}
for (const dtype of ["uint8", "uint16", "float16"]) {
  const name = `words_${dtype}`;
  const again = await tf.loadLayersModel(tf.io.fromMemory(await save(name, models.words, dtype)));
  golden[name] = [
    [4, 2, 3],
    [6, 5],
  ].map((lengths) => run("words", again, lengths));
}
const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(8)) : value);
writeFileSync("golden.json", `${JSON.stringify(golden, rounded)}\n`);
