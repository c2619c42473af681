import { isRecord } from "longspan/engine";
import { Config, shown } from "./config.js";
import { quote } from "./error.js";

/** Operations that Keras puts into a functional model for the masks of its layers. */
const ofMasks = ["NotEqual", "Any"];

/** A layer of a functional model, and the layers whose outputs it reads. */
interface Node {
  readonly value: unknown;
  readonly className: string;
  readonly config: Config;
  readonly reads: readonly string[];
  /** Other arguments of the call, such as the 0 of `not_equal(ids, 0)`. */
  readonly constants: readonly unknown[];
}

/** The layers of a functional model that is a chain, from its input to its output, and what its masks compare with. */
export function chainOf(model: Config): { layers: readonly unknown[]; masked: readonly unknown[] } {
  const nodes = new Map<string, Node>();
  for (const value of model.list("layers")) {
    const { className, config, raw } = Config.of(model.what, model.where, value);
    const name = raw.has("name") ? raw.text("name") : config.text("name");
    if (nodes.has(name)) throw model.refusal(`it has two layers ${quote(name)}`, "names occur once");
    nodes.set(name, { value, className, config, ...callOf(raw, className) });
  }
  const [input, output] = [only(model, "input_layers"), only(model, "output_layers")];
  const chain: Node[] = [];
  const visited = new Set<string>();
  for (let name = output; ; ) {
    const node = nodes.get(name);
    if (!node) throw model.refusal(`it has no layer ${quote(name)}, which it reads`, "the file is damaged");
    if (visited.has(name))
      throw model.refusal(`the layer ${quote(name)} reads its own output`, "the file is damaged");
    visited.add(name);
    chain.unshift(node);
    if (name === input) break;
    const [read, ...more] = node.reads;
    if (read === undefined || more.length > 0)
      throw node.config.refusal(
        read === undefined ? "it reads no other layer" : `it reads ${node.reads.length} layers`,
        "a model that is read is a chain: every layer reads the one before it",
      );
    name = read;
  }
  const masks = [...nodes].filter(([name]) => !visited.has(name)).map(([, node]) => node);
  for (const { className, config } of masks)
    if (!ofMasks.includes(className))
      throw config.refusal(
        "it stands beside the chain from the input to the output",
        "a model that is read is a chain",
      );
  return {
    layers: chain.map(({ value }) => value),
    masked: masks.flatMap(({ className, constants }) => (className === "NotEqual" ? [constants[0]] : [])),
  };
}

/** What a layer is called with, in either of the two ways that files say it. */
function callOf(raw: Config, className: string): Pick<Node, "reads" | "constants"> {
  const calls = raw.has("inbound_nodes") ? raw.list("inbound_nodes") : [];
  if (calls.length === 0) return { reads: [], constants: [] };
  if (calls.length > 1)
    throw raw.refusal(`it is called ${calls.length} times`, "a layer that is read is called once");
  const [call] = calls;
  const args = isRecord(call) ? call.args : call;
  if (!Array.isArray(args)) throw raw.refusal(`its call is ${shown(call)}`, "the file is damaged");
  const reads: string[] = [];
  const constants: unknown[] = [];
  // Files of Keras 3 say { class_name, config: { keras_history: [name, 0, 0] } }, those before [name, 0, 0, {}].
  for (const argument of args) {
    const history =
      isRecord(argument) && isRecord(argument.config) ? argument.config.keras_history : argument;
    if (Array.isArray(history) && typeof history[0] === "string") reads.push(history[0]);
    else constants.push(argument);
  }
  if (constants.length > 0 && !ofMasks.includes(className))
    throw raw.refusal(
      `it is called with ${shown(constants[0])}`,
      "a layer that is read is called with the layer before it",
    );
  return { reads, constants };
}

/** The one input or output of a model. */
function only(model: Config, key: string): string {
  const list = model.list(key);
  const single = typeof list[0] === "string" ? [list] : list;
  const [first] = single;
  if (single.length !== 1 || !Array.isArray(first) || typeof first[0] !== "string")
    throw model.refusal(
      `it has ${single.length} ${key.replace("_", " ")}`,
      "a model that is read has one input and one output",
    );
  return first[0];
}
