import { readFileSync } from "node:fs";
import { chain, fromArray, onCpu, type Tensor } from "longspan";
import { type FromOnnxOptions, fromOnnx } from "longspan-formats";
import { describe, expect, it } from "vitest";
import { expectClose } from "./our-numbers.js";

// Files that PyTorch 2.13 wrote (golden/make_golden.py) give its numbers, at two lengths and two numbers of sequences.

interface Listed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly inputs: Readonly<Record<string, Listed>>;
  readonly outputs: Readonly<Record<string, Listed>>;
}

const file = (name: string) => new URL(`golden/${name}`, import.meta.url);
const golden = JSON.parse(readFileSync(file("golden.json"), "utf8")) as Record<string, Case[]>;
const numbers = (v: unknown) => onCpu(v as Tensor).toArray() as Float32Array;

/** Names in these files. */
function optionsOf(name: string): FromOnnxOptions {
  if (name.startsWith("classifier")) return { first: "batch" };
  if (name.startsWith("packed")) return {};
  return { states: name.startsWith("lstm") ? { h0: "hn", c0: "cn" } : { h0: "hn" } };
}

/** [a, b, ...] as [b, a, ...]. */
function swapped({ shape: [a, b, ...row], data }: Listed): Listed {
  const width = row.reduce((p, q) => p * q, 1);
  const out: number[] = [];
  for (let j = 0; j < b!; j++)
    for (let i = 0; i < a!; i++) out.push(...data.slice((i * b! + j) * width, (i * b! + j + 1) * width));
  return { shape: [b!, a!, ...row], data: out };
}

describe("PyTorch's files give PyTorch's numbers", () => {
  for (const [name, cases] of Object.entries(golden))
    it(name, () => {
      const options = optionsOf(name);
      const { layer, params, perStep } = fromOnnx(
        new Uint8Array(readFileSync(file(`${name}.onnx`))),
        options,
      );
      expect(perStep).toBe(!name.startsWith("classifier"));
      for (const { inputs, outputs } of cases) {
        // Steps first, sequence after sequence: then rows are packed.
        const byBatch = options.first === "batch" ? inputs.x! : swapped(inputs.x!);
        const [B, T, ...row] = byBatch.shape as [number, number, ...number[]];
        const lengths = inputs.lengths?.data ?? Array.from({ length: B }, () => T);
        const width = row.reduce((a, b) => a * b, 1);
        const steps = lengths.flatMap((n, b) => byBatch.data.slice(b * T * width, (b * T + n) * width));
        const type = name.startsWith("classifier") ? "int32" : "float32";
        const data = type === "int32" ? Int32Array.from(steps) : Float32Array.from(steps);
        const structure = chain(lengths);
        const x = structure.pack(fromArray(data, [structure.nodes, ...row], type));
        const initial = Object.fromEntries(
          Object.entries(inputs)
            .filter(([input]) => /^[hc]0$/.test(input))
            .map(([input, state]) => {
              const { shape, data } = swapped(state);
              return [input, fromArray(Float32Array.from(data), shape, "float32")];
            }),
        );
        const found = layer.apply(params, x, structure, { initial });
        if (!perStep) {
          expectClose(numbers(found.output), outputs.y!.data, "y");
          continue;
        }
        const y = swapped(outputs.y!);
        const columns = y.shape[2]!;
        const time = y.shape[1]!;
        const expected = lengths.flatMap((n, b) =>
          y.data.slice(b * time * columns, (b * time + n) * columns),
        );
        expectClose(numbers(structure.unpack(found.output)), expected, "y");
        for (const [input, output] of Object.entries(options.states ?? {}))
          expectClose(numbers(found.final[input]), swapped(outputs[output]!).data, output);
      }
    });
});
