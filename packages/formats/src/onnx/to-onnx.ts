import {
  type AnyLayer,
  type AnySequenceLayer,
  chain,
  fromArray,
  type InputSpec,
  type Layer,
  leafEntries,
  mapTree,
  onCpu,
  type SequenceLayer,
  type Tensor,
  Value,
} from "longspan";
import { check, checkSettings, flag, isRecord, type KindsOf, kind, optional, text } from "longspan/engine";
import { OnnxError } from "./error.js";
import type { ChainInput, ModelInput, ModelOutput, Recorder } from "./write/record.js";
import { writeModel } from "./write/write-model.js";

/** How a model is written as ONNX. */
export interface ToOnnxOptions {
  /** The name of the graph; `longspan` by default. */
  readonly name?: string;
  /** Whether the file has an input `lengths`, for batches of sequences of several lengths; true by default. */
  readonly lengths?: boolean;
  /** Whether states are inputs and outputs, so that a sequence goes on in another call; false by default. */
  readonly states?: boolean;
  /** Texts that the file keeps, by name. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a metadata entry is called that holds states which do not start from zeros. */
export const startEntry = "longspan.start";

/**
 * A layer or model with its parameters as an ONNX file, opset 22. Lengths of sequences and the number of them are open.
 *
 * Inputs: `x`, [time, batch, ...row], symbols as int32; further inputs of the nodes by their names; `lengths`, int32 [batch], what follows
 * a sequence's last step being padding, of any numbers. Output: `y`, [time, batch, ...row]; its rows at padding mean nothing. With `states`
 * there are `initial.PATH` and `final.PATH` besides, [batch, ...slot], for each state by its path, such as `0.h`: the final states of one
 * call are the initial ones of the next. They start from zeros, and where a cell starts from something else, the entry `longspan.start` of
 * the file's metadata holds it, as JSON by path.
 *
 * Cells that ONNX has operators for become those: `lstm`, with peepholes too, as LSTM, `gru` and `gruResetAfter` as GRU, `rnn` with tanh or
 * relu as RNN. Every other cell, your own too, becomes a Scan with its equations as the body. Dropout is left out, as in evaluation.
 *
 * @param layer what `recurrent`, `bidirectional`, `stacked`, `languageModel`, `sequenceModel` and the like make, or a layer that works row
 * by row and says what it reads
 * @throws OnnxError naming the operation or cell that has no form in ONNX: those that draw random numbers, of trees and grids, with delays,
 * or with `cholesky` and `triangularSolve`
 * @see https://onnx.ai/onnx/operators/
 * @example
 * const layer = recurrent(lstm({ input: 3, hidden: 4 }));
 * const file = toOnnx(layer, layer.init(Key.of(1)), { states: true });
 * // import * as ort from "onnxruntime-web";
 * // const session = await ort.InferenceSession.create(file);
 * // session.inputNames // [ "x", "initial.h", "initial.s", "lengths" ]
 */
export function toOnnx<P>(
  layer: SequenceLayer<P, unknown> | Layer<P>,
  params: P,
  options?: ToOnnxOptions,
): Uint8Array<ArrayBuffer> {
  const what = "toOnnx";
  check(what, "layer", layer, layerKind);
  check(what, "params", params, treeKind);
  const {
    name = "longspan",
    lengths = true,
    states = false,
    metadata = {},
  } = checkSettings(what, options, kinds);
  const isSequence = "forward" in layer;
  if (layer.input === undefined)
    throw new OnnxError(what, {
      where: "the layer",
      found: "it takes rows of any shape",
      remedy: "put it after a layer that says what it reads, in stacked([...])",
    });
  const steps: ChainInput = {
    time: "time",
    batch: "batch",
    lengths: lengths && isSequence ? "lengths" : null,
  };
  const started = states && isSequence ? startOf(layer as AnySequenceLayer, params) : {};
  const settled = {
    what,
    name,
    doc: "Written by Longspan",
    metadata: { ...started, ...metadata },
    params: named(params),
  };
  return recording(what, () =>
    writeModel(settled, (recorder) => {
      const { dtype } = leafEntries(params)[0]?.[1] ?? {};
      const standIns = paramsIn(recorder, params);
      const structure = recorder.chain(steps);
      const x = recorder.input(inputOf("x", steps, layer.input!, dtype));
      if (!isSequence)
        return [{ name: "y", over: steps, value: (layer as AnyLayer).apply(standIns as never, x) }];
      const further = Object.entries(layer.further ?? {}).map(
        ([n, spec]) => [n, recorder.input(inputOf(n, steps, spec, dtype))] as const,
      );
      return outputsOf(
        (initial) =>
          layer.apply(standIns as never, x, structure, {
            ...(initial ? { initial } : {}),
            ...(further.length > 0 ? { inputs: Object.fromEntries(further) } : {}),
          }),
        { recorder, steps, states },
      );
    }),
  );
}

/** The outputs of a layer over sequences, with its states if they are wanted. */
function outputsOf(
  run: (initial?: never) => { readonly output: Value; readonly final: unknown },
  { recorder, steps, states }: { recorder: Recorder; steps: ChainInput; states: boolean },
): ModelOutput[] {
  const y = (value: Value): ModelOutput => ({ name: "y", over: steps, value });
  const first = run();
  if (!states) return [y(first.output)];
  const paths = new Map(leafEntries(first.final).map(([path, v]) => [v, path]));
  const initial = mapTree(first.final as never, (v: Value) =>
    recorder.input({
      name: `initial.${paths.get(v)!}`,
      over: "batch",
      shape: v.shape.slice(1),
      dtype: v.dtype,
    }),
  );
  const whole = run(initial);
  const finals = leafEntries(whole.final).map(
    ([path, value]): ModelOutput => ({ name: `final.${path}`, over: "batch", value }),
  );
  return [y(whole.output), ...finals];
}

/** What sequences start from, where it is not zeros, as an entry of the metadata. */
function startOf(layer: AnySequenceLayer, params: unknown): Record<string, string> {
  const own = leafEntries(params)[0]?.[1].dtype;
  const empty = (spec: InputSpec) => {
    const { shape, dtype } = inputOf("x", "batch", spec, own);
    return fromArray(dtype === "int32" ? new Int32Array(0) : new Float32Array(0), [0, ...shape], dtype);
  };
  const x = empty(layer.input);
  const inputs = Object.entries(layer.further ?? {}).map(([name, spec]) => [name, empty(spec)] as const);
  const run = () =>
    layer.apply(
      params as never,
      x,
      chain([0]),
      inputs.length > 0 ? { inputs: Object.fromEntries(inputs) } : {},
    );
  const { final } = recording("toOnnx", run);
  const starts = leafEntries(final).map(
    ([path, v]) => [path, Array.from(onCpu(v as Tensor).toArray())] as const,
  );
  const different = starts.filter(([, numbers]) => numbers.some((n) => n !== 0));
  return different.length === 0 ? {} : { [startEntry]: JSON.stringify(Object.fromEntries(different)) };
}

/** Runs what a model does; what the library says about it is told with what it is about. */
export function recording<T>(what: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof OnnxError || !(error instanceof Error)) throw error;
    const remedy = "a file of ONNX holds what runs over sequences with the inputs of its steps alone";
    throw new OnnxError(
      what,
      { where: "the layer with its params", found: error.message, remedy },
      { cause: error },
    );
  }
}

/** Parameters by their paths. */
export function named(params: unknown): Map<string, Tensor> {
  return new Map(leafEntries(params) as [string, Tensor][]);
}

/** Stand-ins for parameters, in the form of their tree. */
export function paramsIn<P>(recorder: Recorder, params: P): P {
  const names = new Map(leafEntries(params).map(([path, v]) => [v, path]));
  return mapTree(params as never, (v: Value) =>
    recorder.input({ name: names.get(v)!, over: "one", shape: v.shape, dtype: v.dtype }),
  ) as P;
}

/** An input that steps read; its numbers are of the parameters' type. */
export function inputOf(
  name: string,
  over: ModelInput["over"],
  spec: InputSpec,
  own: Value["dtype"] = "float32",
): ModelInput {
  if ("shape" in spec) return { name, over, shape: spec.shape, dtype: spec.dtype };
  return { name, over, shape: spec, dtype: own === "int32" ? "float32" : own };
}

export const layerKind = kind(
  "a layer or model, made by recurrent, stacked, languageModel or the like",
  (value) => isRecord(value) && typeof value.init === "function" && typeof value.apply === "function",
);
/** A tree of tensors. */
const treeKind = kind("the parameters of the layer, a tree of tensors", (value) => {
  if (typeof value !== "object" || value === null) return false;
  return leavesOf(value).every((leaf) => leaf instanceof Value);
});

function leavesOf(tree: object): unknown[] {
  return Object.values(tree).flatMap((v) =>
    typeof v === "object" && v !== null && !(v instanceof Value) ? leavesOf(v) : [v],
  );
}

const textsKind = kind(
  "a record of texts by name",
  (value) => isRecord(value) && Object.values(value).every((v) => typeof v === "string"),
);
const kinds: KindsOf<ToOnnxOptions> = {
  name: optional(text),
  lengths: optional(flag),
  states: optional(flag),
  metadata: optional(textsKind),
};
