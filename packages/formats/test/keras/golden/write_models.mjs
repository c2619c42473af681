// Reads the golden models, and one of the library, and writes them again into a folder: for check_keras.py. Uses the built packages.
import { readFileSync, writeFileSync } from "node:fs";
import { chain, Key, languageModel, onCpu, tensor } from "longspan";
import { fromKeras, toKeras } from "longspan-formats";

const [folder] = process.argv.slice(2);
for (const name of ["words", "both", "gru", "cells", "activations"]) {
  const bytes = new Uint8Array(readFileSync(new URL(`${name}.keras`, import.meta.url)));
  const { layers, params } = await fromKeras(bytes);
  writeFileSync(`${folder}/${name}.keras`, await toKeras(layers, params));
  writeFileSync(`${folder}/${name}.weights.h5`, await toKeras(layers, params, { format: "weights.h5" }));
}
const model = languageModel({ vocabulary: 9, features: 4, hidden: 5, layers: 2 });
const params = model.init(Key.of(1));
const all = [params.embedding, ...params.layers, params.readout];
writeFileSync(`${folder}/language.keras`, await toKeras(["Embedding", "LSTM", "LSTM", "Dense"], all));
const { output } = model.apply(params, tensor([3, 1, 4], "int32"), chain([3]));
writeFileSync(`${folder}/language.json`, JSON.stringify([...onCpu(output).toArray()]));
