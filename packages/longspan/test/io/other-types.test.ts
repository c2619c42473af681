import { describe, expect, it } from "vitest";
import { decodeSafetensors, loadInto, WeightFileError } from "../../src/io/index.js";
import { leafEntries, onCpu, zeros } from "../../src/tensor/index.js";
import { file, header } from "./files.js";

type Row = readonly [name: string, dtype: string, shape: string, data: ArrayBufferView | number[]];

/** A file of tensors laid out one after the other. */
function fileOf(rows: readonly Row[]): Uint8Array {
  let end = 0;
  const data: number[] = [];
  const entries = rows.map(([name, dtype, shape, elements]): Parameters<typeof header>[number] => {
    const bytes = Array.isArray(elements)
      ? elements
      : [...new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)];
    data.push(...bytes);
    const begin = end;
    end += bytes.length;
    return [name, dtype, shape, begin, end];
  });
  return file(header(...entries), data);
}

const w: Row = ["w", "F32", "2", Float32Array.of(0.5, -1)];

describe("integers and booleans beside floats", () => {
  it("are read as int32, exactly", () => {
    const { tensors, unread } = decodeSafetensors(
      fileOf([
        w,
        ["mask", "BOOL", "3", [1, 0, 1]],
        ["u8", "U8", "2", [0, 255]],
        ["i8", "I8", "2", [128, 127]],
        ["u16", "U16", "1,2", Uint16Array.of(65535, 1)],
        ["i16", "I16", "2", Int16Array.of(-32768, 32767)],
        ["u32", "U32", "2", Uint32Array.of(0, 2 ** 31 - 1)],
        ["num_batches_tracked", "I64", "", BigInt64Array.of(38_000n)],
        ["i64", "I64", "3", BigInt64Array.of(-1n, -(2n ** 31n), 2n ** 31n - 1n)],
        ["u64", "U64", "1", BigUint64Array.of(7n)],
        ["none", "I64", "0,4", []],
      ]),
    );
    expect(unread.size).toBe(0);
    const read = [...tensors].map(([name, t]) => [name, t.dtype, [...t.shape], [...t.data]]);
    expect(read).toEqual([
      ["w", "float32", [2], [0.5, -1]],
      ["mask", "int32", [3], [1, 0, 1]],
      ["u8", "int32", [2], [0, 255]],
      ["i8", "int32", [2], [-128, 127]],
      ["u16", "int32", [1, 2], [65535, 1]],
      ["i16", "int32", [2], [-32768, 32767]],
      ["u32", "int32", [2], [0, 2 ** 31 - 1]],
      ["num_batches_tracked", "int32", [], [38000]],
      ["i64", "int32", [3], [-1, -(2 ** 31), 2 ** 31 - 1]],
      ["u64", "int32", [1], [7]],
      ["none", "int32", [0, 4], []],
    ]);
    for (const t of tensors.values()) if (t.dtype === "int32") expect(t.data).toBeInstanceOf(Int32Array);
  });

  it("are refused when asked for, where int32 does not hold a number", () => {
    const bytes = fileOf([
      w,
      ["u32", "U32", "2", Uint32Array.of(1, 2 ** 31)],
      ["i64", "I64", "2", BigInt64Array.of(0n, 2n ** 31n)],
      ["low", "I64", "1", BigInt64Array.of(-(2n ** 31n) - 1n)],
      ["far", "I64", "1", BigInt64Array.of(2n ** 32n)],
      ["u64", "U64", "1", BigUint64Array.of(2n ** 64n - 1n)],
      ["mask", "BOOL", "2", [1, 2]],
    ]);
    const { tensors, unread } = decodeSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(["w"]);
    expect([...tensors.get("w")!.data]).toEqual([0.5, -1]);
    const told = (
      name: string,
      found: string,
      expected = "whole numbers from -2147483648 to 2147483647, which int32 holds",
    ) => {
      expect(tensors.has(name)).toBe(false);
      expect(unread.get(name)!.found).toBe(found);
      expect(() => tensors.get(name)).toThrow(WeightFileError);
      expect(() => tensors.get(name)).toThrow(`weight file, tensor "${name}"`);
      expect(() => tensors.get(name)).toThrow(`: expected ${expected}, found ${found}`);
    };
    told("u32", "2147483648 at element 1 of U32 [2]");
    told("i64", "2147483648 at element 1 of I64 [2]");
    told("low", "-2147483649 at element 0 of I64 [1]");
    told("far", "4294967296 at element 0 of I64 [1]");
    told("u64", "18446744073709551615 at element 0 of U64 [1]");
    told("mask", "2 at element 1 of BOOL [2]", "0 or 1");
  });
});

describe("types for which there is no tensor here", () => {
  const bytes = fileOf([
    ["scale", "F8_E8M0", "2", [127, 128]],
    w,
    ["q", "F8_E4M3", "3", [1, 2, 3]],
    ["packed", "F4", "2,3", [1, 2, 3]],
    ["six", "F6_E2M3", "4", [1, 2, 3]],
    ["waves", "C64", "1", new Array(8).fill(0)],
    ["none", "F8_E5M2", "0", []],
  ]);

  it("are passed over: the others are read, and a tensor that is asked for is refused by name", () => {
    const { tensors, unread } = decodeSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(["w"]);
    expect([...unread.keys()]).toEqual(["scale", "q", "packed", "six", "waves", "none"]);
    expect(() => tensors.get("q")).toThrow(
      /^weight file, tensor "q", byte \d+: expected the dtype F64, F32, F16, BF16, I64, U64, I32, U32, I16, U16, I8, U8 or BOOL, found F8_E4M3 \[3\], which this library does not hold; convert the tensor before saving it$/,
    );
    expect(tensors.get("another")).toBe(undefined);
  });

  it("are named where they are loaded into parameters, or are not wanted there", () => {
    const stored = decodeSafetensors(fileOf([w, ["q", "F8_E4M3", "3", [1, 2, 3]]]));
    expect(() => loadInto({ w: zeros([2]), q: zeros([3]) }, stored)).toThrow(
      'weight file, tensor "q": expected float32 [3], found F8_E4M3 [3], which this library does not hold; convert the tensor before saving it',
    );
    expect(() => loadInto({ w: zeros([2]) }, stored)).toThrow(
      'weight file, tensor "q": expected no such tensor (the parameters are "w"), found F8_E4M3 [3], which this library does not hold',
    );
    const counted = decodeSafetensors(fileOf([w, ["n", "I64", "", BigInt64Array.of(3n)]]));
    const loaded = loadInto({ w: zeros([2]), n: zeros([], "int32") }, counted);
    expect(leafEntries(loaded).map(([, v]) => [...onCpu(v).toArray()])).toEqual([[0.5, -1], [3]]);
  });

  it("have their size checked as any other", () => {
    const wrong = (dtype: string, shape: string, end: number, told: string) => {
      const damaged = file(header(["a", dtype, shape, 0, end]), new Uint8Array(end));
      expect(() => decodeSafetensors(damaged)).toThrow(told);
    };
    wrong("I64", "2", 8, "expected 16 bytes of data for I64 [2], found data_offsets [0, 8]");
    wrong("BOOL", "3", 2, "expected 3 bytes of data for BOOL [3], found data_offsets [0, 2]");
    wrong("F4", "4", 3, "expected 2 bytes of data for F4 [4], found data_offsets [0, 3]");
    wrong("F4", "3", 2, "expected a shape of whole bytes, found F4 [3]");
    wrong("F6_E3M2", "3", 3, "expected a shape of whole bytes, found F6_E3M2 [3]");
  });
});

describe("metadata", () => {
  it("that is null is none, as the format's own reader has it", () => {
    const { tensors, metadata } = decodeSafetensors(
      file('{"__metadata__": null ,"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}', [1, 0, 0, 0]),
    );
    expect(metadata.size).toBe(0);
    expect([...tensors.get("a")!.data]).toEqual([1]);
  });
  it("that only begins so is damaged", () => {
    expect(() => decodeSafetensors(file('{"__metadata__":nul}'))).toThrow(
      'byte 24: expected "{" or null, found "n"',
    );
    expect(() => decodeSafetensors(file('{"__metadata__":nulls}'))).toThrow('expected "," or "}", found "s"');
    expect(() => decodeSafetensors(file('{"__metadata__":{"a":null}}'))).toThrow(
      'expected the text of metadata "a", found "n"',
    );
    expect(() => decodeSafetensors(file('{"a":null}'))).toThrow(
      'tensor "a", byte 13: expected "{", found "n"',
    );
  });
});
