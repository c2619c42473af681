import {
  type AnySequenceLayer,
  chain,
  fromArray,
  Key,
  leafEntries,
  mapTree,
  normal,
  onCpu,
  uniform,
  type Value,
} from "longspan";
import { toOnnx } from "longspan-formats";
import { expect } from "vitest";
import { type Numbers, openOnnx } from "./run-onnx.js";

/** Sequences side by side: their lengths, of which the longest may be padded further. */
export interface Batch {
  readonly lengths: readonly number[];
  readonly time: number;
}

export const batches: readonly Batch[] = [
  { lengths: [5, 3, 1], time: 5 },
  { lengths: [2, 7], time: 9 },
];

const tolerance = 1e-5;

/** Random rows [time, batch, ...row], and those of them that are steps, sequence after sequence. */
export function randomInput(
  { lengths, time }: Batch,
  row: readonly number[],
  dtype: string,
  seed: number,
  symbols = 1,
): { padded: Numbers; packed: Value } {
  const width = row.reduce((a, b) => a * b, 1);
  const count = time * lengths.length * width;
  const drawn =
    dtype === "int32"
      ? Int32Array.from(onCpu(uniform(Key.of(seed), [count])).toArray(), (v) => Math.floor(v * symbols))
      : Float32Array.from(onCpu(normal(Key.of(seed), [count])).toArray());
  const steps = stepsOf(drawn, { lengths }, width);
  return {
    padded: { data: drawn, shape: [time, lengths.length, ...row] },
    packed: fromArray(steps as Float32Array, [steps.length / width, ...row], dtype as "float32"),
  };
}

/** The rows that are steps, sequence after sequence, of rows [time, batch, width]. */
export function stepsOf<T extends Float32Array | Int32Array>(
  padded: T,
  { lengths }: Pick<Batch, "lengths">,
  width: number,
): T {
  const rows: number[] = [];
  lengths.forEach((length, b) => {
    for (let t = 0; t < length; t++)
      for (let f = 0; f < width; f++) rows.push(padded[(t * lengths.length + b) * width + f]!);
  });
  return (padded.constructor as unknown as { from(numbers: number[]): T }).from(rows);
}

/** Random parameters: zeros hide what is read from the wrong one. */
export function randomParams<P>(layer: { init(key: Key): P }): P {
  let k = 0;
  return mapTree(layer.init(Key.of(1)) as never, (v: Value) => {
    if (v.dtype === "int32") return v;
    const drawn = onCpu(normal(Key.of(1000 + k++), v.shape)).toArray();
    const own = onCpu(v as never).toArray();
    return fromArray(
      Float32Array.from(own, (o, i) => o + 0.2 * drawn[i]!),
      v.shape,
      "float32",
    );
  }) as P;
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    if (!(distance <= tolerance * Math.max(1, Math.abs(expected[i]!))))
      throw new Error(`${what}[${i}]: ONNX Runtime gives ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Writes a layer as ONNX and compares it with the file. */
export async function expectOurNumbers(
  layer: AnySequenceLayer,
  { params = randomParams(layer), symbols = 1 }: { params?: unknown; symbols?: number } = {},
): Promise<void> {
  const files = { whole: toOnnx(layer, params), streamed: toOnnx(layer, params, { states: true }) };
  await expectLayer(layer, params, files, symbols);
}

/** Runs a layer here and in ONNX Runtime: batches of several lengths, and, where it goes forward, in two parts. */
export async function expectLayer(
  layer: AnySequenceLayer,
  params: unknown,
  files: { readonly whole: Uint8Array<ArrayBuffer>; readonly streamed: Uint8Array<ArrayBuffer> },
  symbols = 1,
): Promise<void> {
  const { shape: row, dtype = "float32" } = "shape" in layer.input ? layer.input : { shape: layer.input };
  const whole = await openOnnx(files.whole);
  const streamed = await openOnnx(files.streamed);
  for (const [k, batch] of batches.entries()) {
    const { padded, packed } = randomInput(batch, row, dtype, 7 + k, symbols);
    const structure = chain(batch.lengths);
    const ours = layer.apply(params as never, structure.pack(packed), structure);
    const expected = onCpu(structure.unpack(ours.output) as never).toArray();
    const lengths = { data: Int32Array.from(batch.lengths), shape: [batch.lengths.length] };
    const { y } = await whole.run({ x: padded, lengths });
    const width = expected.length / packed.shape[0]!;
    expectClose(stepsOf(y!.data as Float32Array, batch, width), expected as Float32Array, "the output");

    const initial: Record<string, Numbers> = {};
    const none = layer.apply(params as never, structure.pack(packed), structure).final;
    const start = chain(batch.lengths.map(() => 0));
    const empty = fromArray(
      dtype === "int32" ? new Int32Array(0) : new Float32Array(0),
      [0, ...row],
      dtype as "float32",
    );
    const states = layer.apply(params as never, empty, start).final;
    for (const [path, v] of leafEntries(states))
      initial[`initial.${path}`] = { data: onCpu(v as never).toArray() as Float32Array, shape: v.shape };
    const all = await streamed.run({ x: padded, lengths, ...initial });
    expectClose(
      stepsOf(all.y!.data as Float32Array, batch, width),
      expected as Float32Array,
      "the output with states",
    );
    for (const [path, v] of leafEntries(none))
      expectClose(
        all[`final.${path}`]!.data as Float32Array,
        onCpu(v as never).toArray() as Float32Array,
        `final.${path}`,
      );
    if (!layer.forward) continue;
    // Two steps, then the rest.
    const cut = 2;
    const [B, rowSize] = [batch.lengths.length, row.reduce((a, b) => a * b, 1)];
    const at = cut * B * rowSize;
    const parts = [
      { data: padded.data.slice(0, at) as Float32Array, shape: [cut, B, ...row] },
      { data: padded.data.slice(at) as Float32Array, shape: [batch.time - cut, B, ...row] },
    ];
    const lengthsOf = [
      batch.lengths.map((n) => Math.min(n, cut)),
      batch.lengths.map((n) => Math.max(n - cut, 0)),
    ];
    let state = initial;
    const outputs: number[] = [];
    for (const [i, part] of parts.entries()) {
      const found = await streamed.run({
        x: part,
        lengths: { data: Int32Array.from(lengthsOf[i]!), shape: [B] },
        ...state,
      });
      outputs.push(...(found.y!.data as Float32Array));
      state = Object.fromEntries(
        Object.keys(initial).map((name) => [name, found[name.replace("initial", "final")]!]),
      );
    }
    expectClose(
      stepsOf(Float32Array.from(outputs), batch, width),
      expected as Float32Array,
      "the output in two parts",
    );
    for (const [path, v] of leafEntries(none))
      expectClose(
        state[`initial.${path}`]!.data as Float32Array,
        onCpu(v as never).toArray() as Float32Array,
        `final.${path} in two parts`,
      );
  }
}
