import { describe, expect, it } from "vitest";
import { decodeSafetensors, loadInto } from "../../src/io/index.js";
import { onCpu, zeros } from "../../src/tensor/index.js";
import { file, header } from "./files.js";

const every = Uint16Array.from({ length: 65_536 }, (_, i) => i);
const littleEndian = (halves: Uint16Array) => {
  const bytes = new Uint8Array(2 * halves.length);
  const view = new DataView(bytes.buffer);
  halves.forEach((h, i) => void view.setUint16(2 * i, h, true));
  return bytes;
};
const read = (type: string) =>
  decodeSafetensors(file(header(["a", type, "65536", 0, 131_072]), littleEndian(every))).tensors.get("a")!;

/** The number by its definition: (-1)^sign 2^(exponent - bias) 1.fraction, or 0.fraction for the least exponent. */
function defined(half: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = half >> 15 ? -1 : 1;
  const exponent = (half >> fractionBits) % 2 ** exponentBits;
  const fraction = (half % 2 ** fractionBits) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe("every number of 16 bits is read exactly", () => {
  for (const [type, exponentBits] of [
    ["F16", 5],
    ["BF16", 8],
  ] as const)
    it(type, () => {
      const { dtype, data } = read(type);
      expect(dtype).toBe("float32");
      const wrong = every.filter((h) => !Object.is(data[h], defined(h, exponentBits)));
      expect([...wrong]).toEqual([]);
    });

  it("NaNs keep their sign and payload, in the upper bits", () => {
    const bits = (type: string, half: number) => new Uint32Array(read(type).data.buffer)[half]!.toString(16);
    expect(bits("F16", 0x7e00)).toBe("7fc00000");
    expect(bits("F16", 0xfd55)).toBe("ffaaa000");
    expect(bits("BF16", 0xffd5)).toBe("ffd50000");
  });
});

it("a file of halves fits float32 parameters, at any place and with an odd beginning", () => {
  const bytes = file(
    header(["w", "BF16", "2", 0, 4], ["b", "F16", "", 4, 6]),
    [0x80, 0x3f, 0x20, 0xc0, 0, 0x3c],
  );
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const { w, b } = loadInto({ w: zeros([2]), b: zeros([]) }, decodeSafetensors(shifted.subarray(1)));
  expect([...onCpu(w).toArray()]).toEqual([1, -2.5]);
  expect(onCpu(b).item()).toBe(1);
});

it("a half that is cut in two is refused", () => {
  expect(() => decodeSafetensors(file(header(["a", "F16", "2", 0, 3]), [1, 2, 3]))).toThrow(
    'tensor "a", byte 9: expected 4 bytes of data for F16 [2], found data_offsets [0, 3]',
  );
});
