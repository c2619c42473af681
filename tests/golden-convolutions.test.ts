// Convolutions beside those of PyTorch, which computes each sequence alone.

import { readFileSync } from "node:fs";
import {
  type AnySequenceLayer,
  type BlockNorm,
  chain,
  concat,
  convolution,
  type DType,
  fromArray,
  leafEntries,
  mul,
  onCpu,
  sum,
  type Tensor,
  tcnBlock,
  type Value,
  valueAndGrad,
} from "longspan";
import { describe, expect, test } from "vitest";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface ConvolutionFile {
  readonly config: {
    readonly lengths: number[];
    readonly width: number;
    readonly dilation: number;
    readonly ahead: number;
    readonly norm: BlockNorm;
    readonly block: boolean;
  };
  readonly weights: Record<string, Stored>;
  readonly inputs: { readonly x: Stored[] };
  readonly cotangents: { readonly Wout: Stored[] };
  readonly outputs: { readonly output: Stored[] };
  readonly gradients: Record<string, Stored> & { readonly x: Stored[] };
}

const [inputs, outputs] = [3, 4];

/** [output, input, width] -> [width * input, output] */
function matrix({ shape, data }: Stored): Stored {
  const [out, features, width] = shape as [number, number, number];
  const moved: number[] = [];
  for (let k = 0; k < width; k++)
    for (let i = 0; i < features; i++)
      for (let o = 0; o < out; o++) moved.push(data[(o * features + i) * width + k]!);
  return { shape: [width * features, out], data: moved };
}

const flat = ({ data }: Stored): Stored => ({ shape: [data.length], data });

/** Weights or their gradients in the layout of the library. */
function treeOf({ norm, block }: ConvolutionFile["config"], of: Readonly<Record<string, Stored>>) {
  const convolved = (n: number) =>
    norm === "weight"
      ? {
          V: matrix(of[`${n}.parametrizations.weight.original1`]!),
          g: flat(of[`${n}.parametrizations.weight.original0`]!),
          b: of[`${n}.bias`]!,
        }
      : { W: matrix(of[`${n}.weight`]!), b: of[`${n}.bias`]! };
  const normOf = (n: number) => ({ gain: of[`${n}.weight`]!, bias: of[`${n}.bias`]! });
  if (!block) return convolved(0);
  return {
    first: convolved(0),
    second: convolved(1),
    ...(norm === "layer" ? { norms: { first: normOf(3), second: normOf(4) } } : {}),
    across: { W: matrix(of["2.weight"]!), b: of["2.bias"]! },
  };
}

/** The same tree with each stored array made into something. */
function mapStored<T>(tree: object, make: (stored: Stored) => T): unknown {
  if ("data" in tree) return make(tree as Stored);
  return Object.fromEntries(
    Object.entries(tree).map(([name, part]) => [name, mapStored(part as object, make)]),
  );
}

const numbers = (v: Value) => Array.from(onCpu(v).toArray());

describe.each([
  ["float64", 1e-12],
  ["float32", 1e-5],
] as const)("%s", (dtype: DType, tolerance) => {
  const close = (actual: readonly number[], expected: readonly number[]) => {
    expect(actual.length).toBe(expected.length);
    const size = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
    expect(Math.max(...actual.map((v, i) => Math.abs(v - expected[i]!)))).toBeLessThan(tolerance * size);
  };

  test.each([
    "convolution",
    "convolution_ahead",
    "convolution_weight_norm",
    "tcn_block_weight_norm",
    "tcn_block_layer_norm",
  ])("%s", (name) => {
    const file = JSON.parse(
      readFileSync(new URL(`golden/${name}.json`, import.meta.url), "utf8"),
    ) as ConvolutionFile;
    const { lengths, width, dilation, ahead, norm, block } = file.config;
    const sizes = { input: inputs, output: outputs, width, dilation };
    const layer: AnySequenceLayer = block
      ? tcnBlock({ ...sizes, norm })
      : convolution({ ...sizes, ahead, weightNorm: norm === "weight" });
    const structure = chain(lengths);
    const of = ({ shape, data }: Stored) => fromArray([...data], [...shape], dtype);
    const packed = (parts: readonly Stored[]) => structure.pack(concat(parts.map(of), 0)) as Tensor;
    const point = {
      params: mapStored(treeOf(file.config, file.weights), of) as object,
      x: packed(file.inputs.x),
    };
    const Wout = packed(file.cotangents.Wout);
    const { output } = layer.apply(point.params, point.x, structure);
    const inOrder = (rows: Value) => numbers(structure.unpack(rows));
    close(
      inOrder(output),
      file.outputs.output.flatMap(({ data }) => data),
    );
    const { grads } = valueAndGrad((p: typeof point) =>
      sum(mul(layer.apply(p.params, p.x, structure).output, Wout)),
    )(point);
    close(
      inOrder(grads.x),
      file.gradients.x.flatMap(({ data }) => data),
    );
    const expected = new Map(leafEntries(mapStored(treeOf(file.config, file.gradients), of)));
    const gradients = leafEntries(grads.params);
    expect(gradients.map(([path]) => path)).toEqual([...expected.keys()]);
    for (const [path, gradient] of gradients) close(numbers(gradient), numbers(expected.get(path)!));
  });
});
