import { describe, expect, it } from "vitest";
import { decodeSafetensors, WeightFileError } from "../../src/io/index.js";
import { file, header } from "./files.js";

const four = [1, 2, 3, 4];
const f32 = (shape: string, begin: number, end: number) =>
  `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;
const withLength = (low: number, high: number) => {
  const out = file("{}");
  new DataView(out.buffer).setUint32(0, low, true);
  new DataView(out.buffer).setUint32(4, high, true);
  return out;
};

/** What is wrong, the file, what the message says. */
const damaged: [string, Uint8Array, string][] = [
  [
    "nothing",
    new Uint8Array(),
    "byte 0: expected 8 bytes with the length of the header, found a file of 0 bytes",
  ],
  ["half a length", new Uint8Array(7), "found a file of 7 bytes"],
  ["no header", new Uint8Array(8), 'byte 8: expected "{", found the end of the header'],
  ["a header beyond the file", withLength(3, 0), "at most 2 bytes (the file has 10), found the length 3"],
  ["a header of 2^63 bytes", withLength(0, 2 ** 31), "found the length 9223372036854776000"],
  ["a header that is no object", file("[]"), 'byte 8: expected "{", found "["'],
  ["a byte order mark", file("\ufeff{}"), 'expected "{", found the byte 0xef'],
  ["a header cut short", file('{"a":{"dtype":"F3'), "byte 22: expected an element type, closed by a quote"],
  [
    "a header cut before a value",
    file('{"a":'),
    'tensor "a", byte 13: expected "{", found the end of the header',
  ],
  ["text after the header", file("{} x"), 'byte 11: expected the end of the header, found "x"'],
  ["a comma too many", file('{"__metadata__":{"a":"b",}}'), 'expected a name, found "}"'],
  ["no comma", file('{"__metadata__":{"a":"b""c":"d"}}'), 'expected "," or "}", found """'],
  ["a quote escaped away", file('{"a\\":1}'), "no closing quote"],
  ["a wrong escape", file('{"a\\x":1}'), "expected a name as a JSON string"],
  ["a line break in a name", file('{"a\n":1}'), "expected a name as a JSON string"],
  ["half a surrogate pair", file('{"\\ud800":1}'), "half of a surrogate pair"],
  [
    "a name that is not UTF-8",
    file(new Uint8Array([0x7b, 0x22, 0xff, 0x22])),
    "byte 9: expected a name in UTF-8",
  ],
  [
    "metadata that is no text",
    file('{"__metadata__":{"a":1}}'),
    'expected the text of metadata "a", found "1"',
  ],
  ["metadata that is a list", file('{"__metadata__":[]}'), 'expected "{" or null, found "["'],
  [
    "metadata twice over",
    file('{"__metadata__":{"a":"b","a":"c"}}'),
    'expected every name once, found "a" again',
  ],
  ["a name twice", file(`{"a":${f32("[1]", 0, 4)},"a":${f32("[1]", 0, 4)}}`, four), 'found "a" again'],
  [
    "a name twice, once escaped",
    file(`{"a":${f32("[1]", 0, 4)},"\\u0061":${f32("[1]", 0, 4)}}`, four),
    'found "a" again',
  ],
  [
    "a comma missing after a tensor",
    file(`{"a":${f32("[1]", 0, 4)} "b"`, four),
    'file, byte 62: expected "," or "}"',
  ],
  [
    "a field twice",
    file('{"a":{"dtype":"F32","dtype":"F32"}}', four),
    'tensor "a", byte 28: expected every name once',
  ],
  ["a field too many", file('{"a":{"dtype":"F32","x":1}}', four), 'or "data_offsets", found "x"'],
  [
    "a field too few",
    file('{"a":{"dtype":"F32","shape":[1]}}', four),
    'tensor "a", byte 9: expected "dtype", "shape" and "data_offsets", found no "data_offsets"',
  ],
  ["no type", file('{"a":{"shape":[1],"data_offsets":[0,4]}}', four), 'found no "dtype"'],
  ["no shape", file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', four), 'found no "shape"'],
  ["a tensor that is no object", file('{"a":7}'), 'tensor "a", byte 13: expected "{", found "7"'],
  [
    "three offsets",
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', four),
    "expected two data_offsets, found 3",
  ],
  [
    "one offset",
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', four),
    "expected two data_offsets, found 1",
  ],
  [
    "a type that nobody knows",
    file(header(["a", "F31", "1", 0, 4]), four),
    'found "F31", which is no element type of the format',
  ],
  [
    "a negative size",
    file(`{"a":${f32("[-1]", 0, 4)}}`, four),
    'expected an integer of at least 0 and below 2^53, found "-"',
  ],
  ["a broken size", file(`{"a":${f32("[1.5]", 0, 4)}}`, four), 'expected "," or "]", found "."'],
  ["a size in powers of ten", file(`{"a":${f32("[1e0]", 0, 4)}}`, four), 'found "e"'],
  ["a size in words", file(`{"a":${f32('["1"]', 0, 4)}}`, four), 'found """'],
  ["a size with a leading zero", file(`{"a":${f32("[01]", 0, 4)}}`, four), "found a leading zero"],
  ["a size of 2^53", file(`{"a":${f32("[9007199254740992]", 0, 4)}}`, four), "found one of 16 digits"],
  ["a size of 2^64", file(`{"a":${f32("[18446744073709551616]", 0, 4)}}`, four), "found one of 20 digits"],
  ["a nested shape", file(`{"a":${f32("[[1]]", 0, 4)}}`, four), 'found "["'],
  [
    "a shape whose product overflows",
    file(`{"a":${f32("[94906267,94906267]", 0, 4)}}`, four),
    'tensor "a", byte 9: expected a shape of less than 2^53 bytes, found [94906267, 94906267]',
  ],
  [
    "an overflow behind a zero",
    file(`{"a":${f32("[0,9007199254740991,9007199254740991]", 0, 0)}}`),
    "a shape of less than 2^53 bytes",
  ],
  [
    "an overflow to infinity",
    file(`{"a":${f32(`[${Array(40).fill("9007199254740991")}]`, 0, 4)}}`, four),
    "with 40 axes",
  ],
  [
    "a shape larger than the data",
    file(`{"a":${f32("[1000000000]", 0, 4)}}`, four),
    "expected 4000000000 bytes of data for F32 [1000000000], found data_offsets [0, 4]",
  ],
  [
    "a shape and offsets larger than the file",
    file(`{"a":${f32("[1000000000]", 0, 4000000000)}}`, four),
    "expected data within the 4 bytes after the header",
  ],
  ["data that is no multiple of the width", file(`{"a":${f32("[1]", 0, 3)}}`, four), "expected 4 bytes"],
  ["data that ends before it begins", file(`{"a":${f32("[1]", 4, 0)}}`, four), "found data_offsets [4, 0]"],
  [
    "a gap at the beginning",
    file(`{"a":${f32("[1]", 4, 8)}}`, [...four, ...four]),
    "expected data from 0 on, the beginning, found data_offsets [4, 8], which leaves a gap",
  ],
  [
    "a gap between",
    file(header(["a", "F32", "1", 0, 4], ["b", "F32", "1", 8, 12]), new Uint8Array(12)),
    'tensor "b", byte 62: expected data from 4 on, where tensor "a" ends, found data_offsets [8, 12], which leaves a gap',
  ],
  [
    "an overlap",
    file(header(["a", "F32", "2", 0, 8], ["b", "F32", "1", 4, 8]), new Uint8Array(8)),
    "found data_offsets [4, 8], an overlap",
  ],
  [
    "one piece of data for two",
    file(header(["a", "F32", "1", 0, 4], ["b", "F32", "1", 0, 4]), four),
    "an overlap",
  ],
  [
    "an empty tensor outside",
    file(header(["a", "F32", "0", 8, 8], ["b", "F32", "1", 0, 4]), four),
    "which leaves a gap",
  ],
  [
    "data after the last tensor",
    file(`{"a":${f32("[1]", 0, 4)}}`, [...four, 5]),
    "byte 66: expected the end of the file, since the tensors take 4 bytes, found 1 more",
  ],
  [
    "data cut short",
    file(`{"a":${f32("[1]", 0, 4)}}`, [1, 2, 3]),
    "expected data within the 3 bytes after the header",
  ],
  ["lists in lists in lists", file(`{"a":${"[".repeat(100_000)}`), 'found "["'],
];

describe("a damaged file is refused with the place", () => {
  for (const [name, damage, message] of damaged)
    it(name, () => {
      expect(() => decodeSafetensors(damage)).toThrow(WeightFileError);
      expect(() => decodeSafetensors(damage)).toThrow(message);
    });

  it("and names cut to a length that a message can bear", () => {
    const long = "x".repeat(1_000_000);
    let message = "";
    try {
      decodeSafetensors(file(`{"${long}":${f32("[1]", 0, 3)}}`, four));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain("xxx...");
    expect(message.length).toBeLessThan(300);
  });

  it("claims of great size take no memory", () => {
    const claims = ["[1073741824]", "[0,1073741824]", "[65536,65536,65536]"].flatMap((shape) =>
      [4, 2 ** 32, 2 ** 50].map((end) => file(`{"a":${f32(shape, 0, end)}}`, four)),
    );
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1000; i++)
      for (const claim of claims) expect(() => decodeSafetensors(claim)).toThrow(WeightFileError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });
});

describe("what looks odd and is right", () => {
  it("white space, empty tensors, and names that JavaScript reserves", () => {
    const text = ` {\n"__proto__" : { "data_offsets":[ 0 , 4 ],\t"shape":[],"dtype":"I32"} ,
      "constructor":{"dtype":"F64","shape":[3,0],"data_offsets":[4,4]},
      "__metadata__":{"__proto__":"p","":"\\u00e9"}} \r\n`;
    const { tensors, metadata } = decodeSafetensors(file(text, four));
    expect([...tensors.keys()]).toEqual(["__proto__", "constructor"]);
    expect(tensors.get("__proto__")).toEqual({
      dtype: "int32",
      shape: [],
      data: new Int32Array([0x04030201]),
    });
    expect(tensors.get("constructor")?.data.length).toBe(0);
    expect([...metadata]).toEqual([
      ["__proto__", "p"],
      ["", "é"],
    ]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it("an empty tensor where another begins, listed after it", () => {
    const { tensors } = decodeSafetensors(
      file(header(["a", "F32", "1", 0, 4], ["b", "F32", "0", 0, 0]), four),
    );
    expect(tensors.get("b")?.data.length).toBe(0);
  });

  it("an empty list of tensors", () => {
    expect(decodeSafetensors(file("{}")).tensors.size).toBe(0);
  });
});
