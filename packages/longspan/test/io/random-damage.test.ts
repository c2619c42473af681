import { expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, WeightFileError } from "../../src/io/index.js";
import { tensor } from "../../src/tensor/index.js";
import { file, random } from "./files.js";

/** Reads the file in the plainest way, trusting it. */
function plainly(damage: Uint8Array): Map<string, { dtype: string; shape: number[]; data: number[] }> {
  const view = new DataView(damage.buffer, damage.byteOffset, damage.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const head = JSON.parse(
    new TextDecoder("utf-8", { fatal: true }).decode(damage.subarray(8, start)),
  ) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  const out = new Map<string, { dtype: string; shape: number[]; data: number[] }>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(head)) {
    if (name === "__metadata__") continue;
    const width = dtype === "F64" ? 8 : 4;
    const data: number[] = [];
    for (let i = 0; i < shape.reduce((p, n) => p * n, 1); i++) {
      const at = start + offsets[0] + i * width;
      data.push(
        dtype === "F64"
          ? view.getFloat64(at, true)
          : dtype === "F32"
            ? view.getFloat32(at, true)
            : view.getInt32(at, true),
      );
    }
    expect(offsets[1] - offsets[0]).toBe(data.length * width);
    out.set(name, { dtype, shape, data });
  }
  return out;
}

const structural = [...'{}[]":,0123456789-.e\\ \n', "\x00", "\x80", "\xff"].map((c) => c.charCodeAt(0));

/** One to three changes: bits, bytes, characters that matter, cuts, insertions, moved and doubled pieces. */
function mutate(original: Uint8Array, pick: (n: number) => number): Uint8Array {
  let out = [...original];
  for (let n = 1 + pick(3); n > 0; n--) {
    // Half of the changes go to the head, where they matter most.
    const at = pick(pick(2) === 0 ? Math.min(out.length, 16) + 1 : out.length + 1);
    const to = at + pick(12);
    switch (pick(8)) {
      case 0:
        if (at < out.length) out[at]! ^= 1 << pick(8);
        break;
      case 1:
        if (at < out.length) out[at] = pick(256);
        break;
      case 2:
        if (at < out.length) out[at] = structural[pick(structural.length)]!;
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out.splice(at, 0, pick(256));
        break;
      case 5:
        out.splice(at, 0, structural[pick(structural.length)]!);
        break;
      case 6:
        out.splice(at, to - at);
        break;
      default:
        out.splice(pick(out.length + 1), 0, ...out.slice(at, to));
    }
  }
  return new Uint8Array(out);
}

/** Changes one number or one piece between commas of the header and repairs its length, which gets past the first checks. */
function mutateHeader(original: Uint8Array, pick: (n: number) => number): Uint8Array {
  const length = new DataView(original.buffer).getUint32(0, true);
  const text = new TextDecoder().decode(original.subarray(8, 8 + length));
  const pieces = text.split(/(\d+|[,:{}[\]])/);
  const at = pick(pieces.length);
  const piece = pieces[at]!;
  if (/^\d+$/.test(piece)) pieces[at] = `${[0, 1, 2, 4, 8, 12, 16, 2 ** 31, 2 ** 32, 2 ** 52][pick(10)]}`;
  else if (pick(2) === 0) pieces.splice(at, 1 + pick(3));
  else pieces[at] = pieces[pick(pieces.length)]!;
  return file(pieces.join(""), original.subarray(8 + length));
}

it("random damage gives a WeightFileError or a correct read, 20,000 times and 10,000 times in the header", async () => {
  const original = await encodeSafetensors(
    {
      a: {
        U: tensor([
          [1, 2],
          [3, 4],
        ]),
      },
      b: tensor([1 / 3], "float64"),
      c: tensor(7, "int32"),
    },
    { epoch: "3" },
  );
  const pick = random(10);
  const outcomes = { refused: 0, read: 0 };
  for (let i = 0; i < 30_000; i++) {
    const damage = i < 20_000 ? mutate(original, pick) : mutateHeader(original, pick);
    let stored: ReturnType<typeof decodeSafetensors>;
    try {
      stored = decodeSafetensors(damage);
    } catch (error) {
      if (!(error instanceof WeightFileError) || error.problems.length !== 1) throw error;
      outcomes.refused += 1;
      continue;
    }
    outcomes.read += 1;
    const names = { float32: "F32", float64: "F64", int32: "I32" };
    const found = [...stored.tensors].map(
      ([name, t]) => [name, { dtype: names[t.dtype], shape: t.shape, data: [...t.data] }] as const,
    );
    expect(new Map(found)).toEqual(plainly(damage));
  }
  expect(outcomes.read).toBeGreaterThan(1000);
  expect(outcomes.refused).toBeGreaterThan(15_000);
});
