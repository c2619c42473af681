import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** A tensor for the runtime. */
export interface Numbers {
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

/** A model in ONNX Runtime: from inputs by name to outputs by name. */
export async function openOnnx(bytes: Uint8Array<ArrayBuffer>) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    async run(inputs: Readonly<Record<string, Numbers>>): Promise<Record<string, Numbers>> {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape }]) => [name, tensorOf(data, shape)]),
      );
      const results = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(results).map(([name, t]) => [
          name,
          { data: t.data as Float32Array, shape: t.dims.map(Number) },
        ]),
      );
    },
  };
}

function tensorOf(data: Numbers["data"], shape: readonly number[]) {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof Float64Array) return new ort.Tensor("float64", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  return new ort.Tensor("int64", data, shape);
}
