import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { toFromLittleEndian } from "../../src/io/byte-order.js";
import { decodeSafetensors, encodeSafetensors, loadInto, WeightFileError } from "../../src/io/index.js";
import { languageModel } from "../../src/nn/index.js";
import { fromArray, Key, leafEntries, onCpu, scope, tensor, Value, zeros } from "../../src/tensor/index.js";
import { executor, file, header } from "./files.js";

interface Contents {
  metadata: Record<string, string>;
  tensors: { name: string; dtype: "float32" | "float64" | "int32"; shape: number[]; data: number[] }[];
}

const golden = new URL("golden/", import.meta.url);
const contents = JSON.parse(readFileSync(new URL("contents.json", golden), "utf8")) as Record<
  string,
  Contents
>;
const read = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.safetensors`, golden)));

describe("files of the Python package", () => {
  for (const [name, { tensors, metadata }] of Object.entries(contents)) {
    it(`${name}: every tensor and text is read`, () => {
      const stored = decodeSafetensors(read(name));
      expect(stored.tensors.size).toBe(tensors.length);
      for (const { name: path, dtype, shape, data } of tensors) {
        const found = stored.tensors.get(path)!;
        expect([found.dtype, found.shape]).toEqual([dtype, shape]);
        expect(found.data.length).toBe(data.length);
        data.forEach((x, i) => {
          expect(Object.is(found.data[i], x), `${path}[${i}]: ${found.data[i]}, ${x}`).toBe(true);
        });
      }
      expect(Object.fromEntries(stored.metadata)).toEqual(metadata);
    });

    // The library writes no halves, and no integers but int32.
    if (name === "halves" || name === "integers") continue;
    it(`${name}: the same tensors give the same bytes`, async () => {
      const entries = tensors.map((t) => [t.name, fromArray(t.data, t.shape, t.dtype)] as const);
      const bytes = await encodeSafetensors(Object.fromEntries([...entries].reverse()), metadata);
      expect(Buffer.from(bytes).toString("latin1")).toBe(Buffer.from(read(name)).toString("latin1"));
    });
  }
});

const params = () => ({
  layers: [
    {
      cell: {
        U: tensor([
          [1, 2, 3],
          [4, 5, Number.NaN],
        ]),
        b: tensor([-0, 1e-45]),
      },
    },
    { gain: tensor(2) },
  ],
  wide: tensor([[1 / 3], [Number.NEGATIVE_INFINITY]], "float64"),
  table: tensor([3, -1], "int32"),
  none: zeros([0, 2]),
  name: "net",
});
const bits = (tree: unknown) =>
  leafEntries(tree).map(([path, v]) => [
    path,
    v.dtype,
    v.shape,
    [...new Uint8Array(onCpu(v).toArray().buffer)],
  ]);

describe("out and in again", () => {
  it("gives the same bits under the same names", async () => {
    const before = params();
    const bytes = await encodeSafetensors(before, new Map([["epoch", "3"]]));
    const stored = decodeSafetensors(bytes);
    expect(stored.metadata.get("epoch")).toBe("3");
    const empty = {
      ...params(),
      layers: [{ cell: { U: zeros([2, 3]), b: zeros([2]) } }, { gain: zeros([]) }],
    };
    const after = loadInto(empty, stored);
    expect(bits(after)).toEqual(bits(before));
    expect(after.name).toBe("net");
    expect(bits(empty)[0]).not.toEqual(bits(after)[0]);
  });

  it("reads a file at any place of a larger buffer", async () => {
    const bytes = await encodeSafetensors(params());
    for (const shift of [1, 3, 8]) {
      const larger = new Uint8Array(bytes.length + 16);
      larger.set(bytes, shift);
      const stored = decodeSafetensors(larger.subarray(shift, shift + bytes.length));
      expect(bits(loadInto(params(), stored))).toEqual(bits(params()));
    }
  });

  it("is a snapshot: tensors may be released while the promise is pending", async () => {
    let pending: Promise<Uint8Array> = Promise.resolve(new Uint8Array());
    scope(() => {
      pending = encodeSafetensors(params());
    });
    expect(await pending).toEqual(await encodeSafetensors(params()));
  });

  it("lays data out at multiples of 8 bytes and widest first", async () => {
    const bytes = await encodeSafetensors(params());
    const length = new DataView(bytes.buffer).getUint32(0, true);
    expect(length % 8).toBe(0);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    expect(head.wide.data_offsets).toEqual([0, 16]);
    expect(head["layers[0].cell.U"].data_offsets[0] % 8).toBe(0);
  });

  it("turns bytes around on a machine that stores the high byte first", () => {
    const bytes = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    toFromLittleEndian(bytes, 4, true);
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    toFromLittleEndian(bytes, 4, false);
    expect([...bytes]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  });

  it("refuses what cannot be written", async () => {
    class Traced extends Value {
      readonly shape = [1];
      readonly dtype = "float32";
    }
    await expect(encodeSafetensors({ a: new Traced() })).rejects.toThrow('"a" is being traced');
    await expect(encodeSafetensors({ a: { b: tensor(1) }, "a.b": tensor(2) })).rejects.toThrow(
      'two tensors have the name "a.b"',
    );
    await expect(encodeSafetensors({ __metadata__: tensor(1) })).rejects.toThrow("cannot have the name");
    await expect(encodeSafetensors({ "\ud800": tensor(1) })).rejects.toThrow("cannot have the name");
    await expect(encodeSafetensors({}, { a: "\udfff" })).rejects.toThrow('the metadata "a" is not a text');
  });
});

describe("loadInto", () => {
  const stored = decodeSafetensors(
    file(
      header(["a", "F32", "2", 0, 8], ["b", "F32", "2,1", 8, 16], ["d", "I32", "", 16, 20]),
      new Uint8Array(20),
    ),
  );

  it("says everything that does not fit, and makes no tensor", () => {
    const before = executor.statistics.bytesInUse;
    const tree = { a: zeros([2], "float64"), b: zeros([2]), c: [zeros([3])] };
    const held = executor.statistics.bytesInUse;
    expect(held).toBeGreaterThan(before);
    expect(() => loadInto(tree, stored)).toThrow(WeightFileError);
    expect(() => loadInto(tree, stored)).toThrow(
      [
        "weight file:",
        '  tensor "a": expected float64 [2], found float32 [2]',
        '  tensor "b": expected float32 [2], found float32 [2, 1]',
        '  tensor "c[0]": expected float32 [3], found no such tensor',
        '  tensor "d": expected no such tensor (the parameters are "a", "b", "c[0]"), found int32 []',
      ].join("\n"),
    );
    expect(executor.statistics.bytesInUse).toBe(held);
  });

  it("weights of another architecture: which parameters, and both shapes", async () => {
    const config = { vocabulary: 5, features: 2, hidden: 4 };
    const bytes = await encodeSafetensors(languageModel(config).init(Key.of(1)));
    const other = languageModel({ ...config, hidden: 3, layers: 2 }).init(Key.of(1));
    expect(() => loadInto(other, decodeSafetensors(bytes))).toThrow(
      [
        "weight file:",
        '  tensor "layers[0].U": expected float32 [2, 12], found float32 [2, 16]',
        '  tensor "layers[0].W": expected float32 [3, 12], found float32 [4, 16]',
        '  tensor "layers[0].b": expected float32 [12], found float32 [16]',
        '  tensor "layers[1].U": expected float32 [3, 12], found no such tensor',
        '  tensor "layers[1].W": expected float32 [3, 12], found no such tensor',
        '  tensor "layers[1].b": expected float32 [12], found no such tensor',
        '  tensor "readout.W": expected float32 [3, 5], found float32 [4, 5]',
      ].join("\n"),
    );
  });

  it("tells many problems by number", () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, zeros([1])]));
    expect(() => loadInto(many, stored)).toThrow("\n  and 15 more");
  });
});
