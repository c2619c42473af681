import { Config, shown } from "./config.js";
import { KerasError } from "./error.js";
import { chainOf } from "./functional.js";
import { isMask } from "./keras-layer.js";
import { type Dialect, layerRows, type Reading } from "./layer-rows.js";
import type { StoredLayer } from "./layer-weights.js";
import { UniqueNames } from "./weight-paths.js";

/** What a file says of a model: its layers, in the order of the chain. */
export interface StoredModel {
  readonly name: string;
  readonly layers: readonly StoredLayer[];
  /** Features of a row of the input, where the file says it; undefined for symbols. */
  readonly input: number | undefined;
  /** What of the model is not carried over, in words. */
  readonly leftOut: readonly string[];
}

/** A chain of layers from what `model.to_json()` gives. */
export function readConfig(what: string, value: unknown, dialect: Dialect = {}): StoredModel {
  const reading: Reading = { what, dialect, layers: [], leftOut: [], masked: null, input: undefined };
  const { config } = readModel(reading, value, "", 0);
  const sources = reading.layers.flatMap(({ layer }) =>
    layer.kind === "Masking" ? [layer.value] : layer.kind === "Embedding" && layer.maskZero ? [0] : [],
  );
  for (const constant of reading.masked ?? [])
    if (!sources.includes(constant as number))
      throw config.refusal(
        `it masks steps by a comparison with ${shown(constant)}`,
        "masks that are read are those of mask_zero and of Masking layers",
      );
  if (reading.layers.length === 0)
    throw config.refusal("it has no layers", "a model that is read has one at least");
  return {
    name: config.has("name") ? config.text("name") : "model",
    layers: reading.layers,
    input: reading.input,
    leftOut: [...new Set(reading.leftOut)],
  };
}

/** Models within models are chains too, but not endlessly. */
const deepest = 8;

function readModel(reading: Reading, value: unknown, path: string, depth: number): { config: Config } {
  const { className, config } = Config.of(reading.what, "the model", value);
  if (depth > deepest) throw config.refusal(`models nested more than ${deepest} deep`, "the file is damaged");
  let list: readonly unknown[];
  if (className === "Sequential") list = config.list("layers");
  else if (className === "Functional" || className === "Model") {
    const { layers, masked } = chainOf(config);
    reading.masked = [...(reading.masked ?? []), ...masked];
    list = layers;
  } else
    throw new KerasError(reading.what, {
      where: "the model",
      found: `its class is ${JSON.stringify(className.slice(0, 40))}`,
      remedy: "models that are read are Sequential, or functional ones that are a chain",
    });
  const names = new UniqueNames();
  for (const layer of list) readLayer(reading, layer, path, names, depth);
  return { config };
}

function readLayer(reading: Reading, value: unknown, path: string, names: UniqueNames, depth: number): void {
  const { className, config } = Config.of(reading.what, "a layer", value);
  const inner = `${path}layers/${names.next(className)}`;
  if (reading.layers.length === 0) reading.input = inputOf(config) ?? reading.input;
  if (className === "InputLayer") return;
  if (className === "Sequential" || className === "Functional" || className === "Model") {
    if (reading.layers.some(({ layer }) => isMask(layer)))
      throw config.refusal(
        "it stands after a mask, which Keras does not hand to all layers of a model within a model",
        "put its layers into the outer model",
      );
    readModel(reading, value, `${inner}/`, depth + 1);
    return;
  }
  const row = Object.hasOwn(layerRows, className) ? layerRows[className] : undefined;
  if (!row)
    throw config.refusal(
      "layers of its class are not read",
      `those that are: ${Object.keys(layerRows).join(", ")}, InputLayer`,
    );
  const { layer, details = [{}] } = row(config, reading);
  const name = config.has("name") ? config.text("name") : inner.slice(inner.lastIndexOf("/") + 1);
  if (layer.kind === "Masking" && reading.layers.length > 0)
    throw config.refusal(
      "it stands after other layers",
      "a mask that is read is one of the model's input: put Masking first",
    );
  if (layer.kind === "Embedding" && reading.layers.length > 0)
    throw config.refusal("it stands after other layers", "an Embedding that is read stands first");
  reading.layers.push({ layer: { ...layer, name }, name, path: inner, details });
}

/** Features of a row of the input, if a layer says it. */
function inputOf(config: Config): number | undefined {
  const shape = config.raw("batch_shape") ?? config.raw("batch_input_shape");
  if (!Array.isArray(shape)) return undefined;
  const last: unknown = shape.at(-1);
  if (shape.length > 3)
    throw config.refusal(
      `its input has ${shape.length} axes`,
      "batches that are read are [batch, steps] or [batch, steps, features]",
    );
  return shape.length === 3 && typeof last === "number" && Number.isSafeInteger(last) && last > 0
    ? last
    : undefined;
}
