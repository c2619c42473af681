import { type StoredWeights, WeightFileError } from "longspan";
import {
  check,
  checkSettings,
  decodeUtf8,
  instanceOf,
  kind,
  looksLikeZip,
  optional,
  readZip,
  text,
  type ZipEntry,
} from "longspan/engine";
import { KerasError, quote } from "./error.js";
import { readHdf5 } from "./hdf5.js";
import { checkKerasLayers, type KerasLayerOrKind } from "./keras-layer.js";
import { type KerasModel, kerasModel } from "./keras-model.js";
import { readParams, type StoredLayer } from "./layer-weights.js";
import { readConfig, type StoredModel } from "./read-config.js";
import { kerasClassOf, pathWeights, UniqueNames } from "./weight-paths.js";

/** What a file of weights does not say. */
export interface FromKerasOptions {
  /** What `model.to_json()` gives, for a `.weights.h5` file. */
  readonly config?: string;
  /** The layers in place of it, in their order; layers without weights may be left out. */
  readonly layers?: readonly KerasLayerOrKind[];
}

/**
 * A model with its weights from a file of Keras 3: `.keras`, or `.weights.h5` with what `model.to_json()` gives. It gives the same numbers as
 * the model does in evaluation.
 *
 * Sequential models are read, and functional ones that are a chain, of the layers LSTM, GRU, SimpleRNN, RNN with their cells and StackedRNNCells,
 * Bidirectional, Embedding, Dense, TimeDistributed of Dense, Activation, Dropout, Masking and InputLayer. Gates stand in another order here; without
 * biases there are zeros. A GRU with `reset_after` is `gruResetAfter`, one without is `gru`. Layers whose gates are squashed by something
 * other than a sigmoid become cells of the same equations.
 *
 * Steps that Keras masks are none here: sequences have lengths. `kerasBatch` makes a chain of a padded batch, by the model's mask. Without one Keras
 * reads padding as steps, and so it is here. The package h5wasm reads the file; it is loaded when this function is called.
 *
 * @param bytes the whole file
 * @throws KerasError if h5wasm is not installed, or if a layer is not read: by its name, with what to do
 * @throws WeightFileError if the file is damaged, or a weight is missing or of another shape
 * @see https://keras.io/guides/serialization_and_saving/
 * @example
 * const net = sequenceModel({ layer: recurrent(lstm({ input: 3, hidden: 4 })), features: 4, output: 2 });
 * const { layer, readout } = net.init(Key.of(1));
 * const model = await fromKeras(await toKeras(["LSTM", "Dense"], [layer, readout]));
 * model.apply(model.params, zeros([4, 3]), chain([3, 1])).shape // [ 4, 2 ]
 */
export async function fromKeras(bytes: Uint8Array, options?: FromKerasOptions): Promise<KerasModel> {
  const what = "fromKeras";
  check(what, "bytes", bytes, bytesKind);
  const { config, layers } = checkSettings<FromKerasOptions>(what, options, {
    config: optional(text),
    layers: optional(kind("a list of layers of Keras", Array.isArray)),
  });
  if (config !== undefined && layers !== undefined)
    throw new TypeError(`${what}: config and layers both say what the layers are; leave one of them out`);
  const described = layers ? ofLayers(checkKerasLayers(what, layers)) : undefined;
  if (!looksLikeZip(bytes)) {
    const weights = await readHdf5(what, bytes);
    if ([...weights.tensors.keys()].some((name) => name.startsWith("model_weights/")))
      throw new KerasError(what, {
        where: "the file",
        found: "it is a model in the older format, .h5",
        remedy: "load it in Keras 3 and save it as .keras",
      });
    const model = described ?? (config === undefined ? undefined : readConfig(what, parsed(what, config)));
    if (!model)
      throw new KerasError(what, {
        where: "the file",
        found: "it holds weights only, no layers",
        remedy:
          "say them: { config } with what model.to_json() gives, or { layers }; or save the model as .keras",
      });
    return withWeights(what, model, weights);
  }
  if (config !== undefined || layers !== undefined)
    throw new TypeError(
      `${what}: a .keras file has its layers; leave out ${config === undefined ? "layers" : "config"}`,
    );
  const files = readZip(bytes);
  const model = readConfig(what, parsed(what, textOf(stored(files, "config.json"))));
  return withWeights(what, model, await readHdf5(what, stored(files, "model.weights.h5").bytes));
}

/**
 * The weights of a `.keras` or `.weights.h5` file by their paths in it, such as `layers/lstm/cell/vars/0`: for layers that `fromKeras` does not
 * read.
 *
 * @param bytes the whole file
 * @throws KerasError if h5wasm is not installed
 * @throws WeightFileError if the file is damaged
 * @example
 * const file = await toKeras(["Dense"], [linear({ input: 2, output: 1 }).init(Key.of(1))]);
 * [...(await decodeKeras(file)).tensors.keys()] // [ "layers/dense/vars/0", "layers/dense/vars/1" ]
 */
export async function decodeKeras(bytes: Uint8Array): Promise<StoredWeights> {
  check("decodeKeras", "bytes", bytes, bytesKind);
  return readHdf5(
    "decodeKeras",
    looksLikeZip(bytes) ? stored(readZip(bytes), "model.weights.h5").bytes : bytes,
  );
}

const bytesKind = instanceOf(Uint8Array, "a Uint8Array");

/** A model that somebody described. */
function ofLayers(layers: ReturnType<typeof checkKerasLayers>): StoredModel {
  const names = new UniqueNames();
  const list = layers.map((layer): StoredLayer => {
    const name = names.next(kerasClassOf(layer));
    return { layer, name: layer.name ?? name, path: `layers/${name}`, details: [] };
  });
  return { name: "model", layers: list, input: undefined, leftOut: [] };
}

function withWeights(what: string, model: StoredModel, stored: StoredWeights): KerasModel {
  const read = new Set<string>();
  const params = model.layers.map((of) => readParams(of, pathWeights(of.layer, of.path, stored, read)));
  const left = [...stored.tensors.keys(), ...stored.unread.keys()].filter(
    (name) => name.startsWith("layers/") && !read.has(name) && !name.includes("/seed_generator/"),
  );
  const [one, ...more] = left.map((tensor) => ({
    tensor,
    expected: "only what the layers of the model have",
    found: "it besides",
  }));
  if (one) throw new WeightFileError(one, ...more);
  const { name, input, leftOut } = model;
  return kerasModel(what, { name, layers: model.layers.map(({ layer }) => layer), params, input, leftOut });
}

/** A file of the archive, which is not compressed. */
function stored(files: ReadonlyMap<string, ZipEntry>, name: string): ZipEntry {
  const found = files.get(name);
  const list = files.size === 0 ? "an empty archive" : [...files.keys()].slice(0, 4).map(quote).join(", ");
  if (!found)
    throw new WeightFileError({
      offset: 0,
      expected: `${name} in the archive, as Keras 3 writes it`,
      found: list,
    });
  if (!found.deflated) return found;
  throw new WeightFileError({
    offset: found.offset,
    expected: "files that are stored as they are, as Keras does",
    found: `${name}, compressed`,
  });
}

function textOf({ bytes, offset }: ZipEntry): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw new WeightFileError({ offset, expected: "config.json in UTF-8", found: "other bytes" });
  }
}

function parsed(what: string, config: string): unknown {
  try {
    return JSON.parse(config);
  } catch (cause) {
    throw new KerasError(
      what,
      {
        where: "the config",
        found: `no JSON (${(cause as Error).message.slice(0, 80)})`,
        remedy: "expected what model.to_json() gives",
      },
      { cause },
    );
  }
}
