import {
  castTree,
  type DType,
  fromArray,
  type InputSpec,
  permute,
  type SequenceLayer,
  type SequenceOptions,
  type Structure,
  type Tensor,
  type Value,
  zeros,
} from "longspan";
import {
  check,
  checkSettings,
  instanceOf,
  isRecord,
  type KindsOf,
  kind,
  oneOf,
  optional,
  sequenceLayer,
  text,
} from "longspan/engine";
import { arithmetic } from "./read/arithmetic.js";
import { decodeModel, reader, refuse } from "./read/decode-model.js";
import { type Declared, type Graph, graphOf } from "./read/graph.js";
import { type FromOnnxOptions, type Parts, partsOf, type StatePort } from "./read/parts.js";
import { recurrentOperatorsOf, toPadded, toRows } from "./read/recurrent.js";
import { type Operators, runGraph } from "./read/run-graph.js";
import { scan } from "./read/scan.js";
import { shapes } from "./read/shapes.js";
import { type Weights, weightsOf } from "./read/weights.js";
import { startEntry } from "./to-onnx.js";

export type { FromOnnxOptions } from "./read/parts.js";

/** Weights by name; those of LSTM, GRU and RNN are the parameters of the cells here. */
export type OnnxParams = Readonly<Record<string, Tensor>>;

/** A model that was read. */
export interface OnnxModel {
  /** Its states are by name. It goes forward, and can be streamed, where it has states and no operator runs backwards. */
  readonly layer: SequenceLayer<OnnxParams, Readonly<Record<string, Value>>>;
  readonly params: OnnxParams;
  /** Whether y has a row per step; otherwise it has one per sequence, and so has the layer's output. */
  readonly perStep: boolean;
  /** Texts that the file keeps, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * An ONNX file as a layer with its weights: recurrent models made of LSTM, GRU, RNN and Scan, and the operators around them; docs/onnx.md
 * lists these. What `toOnnx` wrote is read back, with weights that are equal bit by bit.
 *
 * The layer runs over chains, as every layer here: its rows are laid out for the file's graph, [time, batch, ...], and what comes out is laid
 * back. LSTM, GRU and RNN are unfolds of the cells here, whose parameters come by the names of the nodes; in Scan the body runs step by step.
 * All of it can be differentiated, and trained on. `init` gives the file's weights.
 *
 * A file without an input for lengths takes sequences of one length.
 *
 * @param bytes the file; models that keep their numbers in another file are refused
 * @throws OnnxError naming the node, its operator and what to do, for what is not read; the layer throws it where a node's inputs do not fit it
 * @example
 * const net = recurrent(gru({ input: 3, hidden: 4 }));
 * const { layer, params } = fromOnnx(toOnnx(net, net.init(Key.of(1)), { states: true }));
 * Object.keys(params) // [ "U", "W", "Wtarget", "b" ]
 * layer.apply(params, zeros([4, 3]), chain([3, 1])).output.shape // [ 4, 4 ]
 */
export function fromOnnx(bytes: Uint8Array, options?: FromOnnxOptions): OnnxModel {
  check(reader, "bytes", bytes, bytesKind);
  const settings = checkSettings(reader, options, kinds);
  const model = decodeModel(bytes);
  const graph = graphOf(model.graph, (op) => Object.hasOwn(operatorsOf(null, {}), op));
  const parts = partsOf(graph, settings);
  const weights = weightsOf(graph);
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  const { params } = weights;
  const { x, y, perStep, states, further } = parts;
  const width = y.shape?.at(-1);
  const layer = sequenceLayer<OnnxParams, Readonly<Record<string, Value>>>(model.graph.name || "onnx", {
    input: specOf(x),
    ...(further.length > 0 ? { further: Object.fromEntries(further.map((d) => [d.name, specOf(d)])) } : {}),
    ...(typeof width === "number" && perStep ? { features: width } : {}),
    forward: perStep && states.length > 0 && !graph.nodes.some(({ attributes }) => runsBack(attributes)),
    init: (_, dtype = "float32") => castTree(params, dtype),
    apply: (values, rows, structure, sequence = {}) =>
      run(
        { graph, parts, weights, start: startOf(metadata), first: settings.first ?? "time" },
        values as Readonly<Record<string, Value>>,
        rows,
        structure,
        sequence,
      ),
  });
  return { layer, params, perStep, metadata };
}

/** A file that was read, ready to run. */
interface ReadModel {
  readonly graph: Graph;
  readonly parts: Parts;
  readonly weights: Weights;
  readonly start: Readonly<Record<string, readonly number[]>>;
  readonly first: "time" | "batch";
}

function run(
  model: ReadModel,
  values: Readonly<Record<string, Value>>,
  x: Value,
  structure: Structure,
  { initial, inputs }: SequenceOptions<Readonly<Record<string, Value>>>,
): { output: Value; final: Readonly<Record<string, Value>> } {
  const { graph, parts, weights, first } = model;
  checkChain(structure);
  const { sequences: B, levels: T } = structure;
  const dtype = Object.values(values)[0]?.dtype ?? "float32";
  const before = parts.states.map((state) => initial?.[state.name] ?? startingState(state, model, B, dtype));
  const named = (all: readonly Value[]) =>
    Object.fromEntries(parts.states.map(({ name }, s) => [name, all[s]!]));
  if (structure.nodes === 0) return { output: zeros([0], dtype), final: named(before) };
  const lengths = structure.nodesPerSequence();
  if (!parts.lengths && lengths.some((n) => n !== T))
    refuse(
      "the lengths of sequences",
      `they are ${lengths.slice(0, 8).join(", ")}, and the file has no input for lengths`,
      "give it sequences of one length, or write the model with an input for them",
    );
  const swap = (v: Value) =>
    first === "time" ? v : permute(v, [1, 0, ...v.shape.slice(2).map((_, d) => 2 + d)]);
  const steps = (rows: Value) => swap(toPadded(rows, structure, T));
  const entering = new Map<string, Value>(Object.entries(values).filter(([name]) => graph.tensors.has(name)));
  entering.set(parts.x.name, steps(x));
  for (const { name } of parts.further) {
    const rows = inputs?.[name] as Value | undefined;
    entering.set(
      name,
      steps(
        rows ??
          refuse(
            `input ${name}`,
            "it is missing",
            "a layer finds what it reads besides x under options.inputs",
          ),
      ),
    );
  }
  if (parts.lengths) entering.set(parts.lengths.name, fromArray(Int32Array.from(lengths), [B], "int32"));
  parts.states.forEach(({ input, batchAxis }, s) => {
    entering.set(input.name, moved(before[s]!, 0, batchAxis));
  });
  const found = runGraph(graph, entering, operatorsOf(weights, values));
  const output = (name: string) => found[graph.outputs.findIndex((d) => d.name === name)]!;
  const y = output(parts.y.name);
  return {
    output: parts.perStep ? toRows(swap(y), structure) : y,
    final: named(parts.states.map((state) => moved(output(state.output), state.batchAxis, 0))),
  };
}

/** Everything that is read, for weights that are at hand. */
export function operatorsOf(weights: Weights | null, values: Readonly<Record<string, Value>>): Operators {
  return {
    ...arithmetic,
    ...shapes,
    ...scan,
    ...recurrentOperatorsOf((node) => weights?.cells(node, values) ?? null),
  };
}

/** A state before the first step, sequences first: zeros, or what the file says. */
function startingState(
  { name, input, batchAxis }: StatePort,
  { start }: ReadModel,
  B: number,
  dtype: DType,
): Value {
  const shape =
    input.shape ?? refuse(`input ${input.name}`, "the file does not say its shape", "give initial states");
  const row = shape.filter((_, d) => d !== batchAxis).map((n) => (typeof n === "number" ? n : B));
  const numbers = start[name];
  if (!numbers) return zeros([B, ...row], dtype);
  return fromArray(
    Float64Array.from({ length: B * numbers.length }, (_, i) => numbers[i % numbers.length]!),
    [B, ...row],
    dtype,
  );
}

/** One axis taken from one position to another. */
function moved(x: Value, from: number, to: number): Value {
  if (from === to) return x;
  const axes = x.shape.map((_, d) => d);
  axes.splice(to, 0, ...axes.splice(from, 1));
  return permute(x, axes);
}

function startOf(metadata: Readonly<Record<string, string>>): Record<string, readonly number[]> {
  const stored = metadata[startEntry];
  if (stored === undefined) return {};
  try {
    return JSON.parse(stored) as Record<string, readonly number[]>;
  } catch (error) {
    return refuse(
      `metadata ${startEntry}`,
      "it is no JSON",
      "the file may be damaged; write it again",
      error,
    );
  }
}

/** @throws OnnxError unless each step reads the one before */
function checkChain({ parts, sequences }: Structure): void {
  const { clock, positions, sources, inPorts } = parts;
  const isPlain =
    clock?.every((t, row) => t === positions[row]) && sources === sequences && inPorts.length === 1;
  if (!isPlain)
    refuse(
      "the structure",
      "its steps do not each read the one before",
      "models of ONNX run over chains, made by chain(lengths)",
    );
}

function specOf({ shape, dtype }: Declared): InputSpec {
  const row = shape!.slice(2) as number[];
  return dtype === "int32" ? { shape: row, dtype } : row;
}

function runsBack(attributes: Graph["nodes"][number]["attributes"]): boolean {
  const direction = attributes.text("direction", "forward");
  return direction !== "forward" || (attributes.ints("scan_input_directions") ?? []).includes(1);
}

const bytesKind = instanceOf(Uint8Array, "the bytes of a file, a Uint8Array");
const namesKind = kind(
  "a record of names of outputs by names of inputs",
  (value) => isRecord(value) && Object.values(value).every((name) => typeof name === "string"),
);
const kinds: KindsOf<FromOnnxOptions> = {
  x: optional(text),
  y: optional(text),
  lengths: optional(text),
  states: optional(namesKind),
  first: optional(oneOf("time", "batch")),
};
