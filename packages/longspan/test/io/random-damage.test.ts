import { expect, it } from "vitest";
import { decodeSafetensors, type StoredWeights, WeightFileError } from "../../src/io/index.js";
import { file, header, random } from "./files.js";
import { type Entry, mutateBytes, mutateHeader, mutateRanges, type Pick, rearrange } from "./mutations.js";
import { judge, type PlainTensor, plainly } from "./plain-reader.js";

// Nobody reads a hundred thousand stack traces, and they take time.
Error.stackTraceLimit = 1;

/** Files in all. More of them: LONGSPAN_DAMAGED_FILES=1000000. */
const files = Number(process.env.LONGSPAN_DAMAGED_FILES ?? 100_000);

const bytesOf = (numbers: ArrayBufferView) => new Uint8Array(numbers.buffer);
const tensors: Entry[] = [
  { name: "b", dtype: "F64", shape: [1], data: bytesOf(Float64Array.of(1 / 3)) },
  { name: "a.U", dtype: "F32", shape: [2, 2], data: bytesOf(Float32Array.of(1, 2, 3, Number.NaN)) },
  { name: "c é", dtype: "I32", shape: [], data: bytesOf(Int32Array.of(7)) },
  { name: "half", dtype: "F16", shape: [2, 1], data: bytesOf(Uint16Array.of(0x3c00, 0x8001)) },
  { name: "brain", dtype: "BF16", shape: [3], data: bytesOf(Uint16Array.of(0x3f80, 0x4049, 0xff80)) },
];

/** A file of the tensors as they stand. */
function plainFile(entries: readonly Entry[], metadata: string): Uint8Array {
  let end = 0;
  const rows = entries.map(({ name, dtype, shape, data }): Parameters<typeof header>[number] => {
    end += data.length;
    return [name, dtype, shape.join(), end - data.length, end];
  });
  const data = entries.flatMap((e) => [...e.data]);
  return file(`{${metadata}${header(...rows).slice(1)}`, data);
}

const originals = [
  plainFile(tensors, '"__metadata__":{"epoch":"3"},'),
  plainFile(tensors.slice(1, 3), ""),
  file("{}"),
];

/** What is read must be what the plain reader reads, bit for bit, in memory of the order of the file's size. */
function expectSame(stored: StoredWeights, expected: ReadonlyMap<string, PlainTensor>, size: number) {
  if (stored.tensors.size !== expected.size) expect([...stored.tensors.keys()]).toEqual([...expected.keys()]);
  let held = 0;
  for (const [name, { dtype, shape, data }] of stored.tensors) {
    const plain = expected.get(name)!;
    held += data.buffer.byteLength;
    const same =
      dtype === plain.dtype &&
      shape.length === plain.shape.length &&
      shape.every((n, i) => n === plain.shape[i]) &&
      data.length === plain.data.length &&
      data.every((x, i) => Object.is(x, plain.data[i]));
    if (!same) expect({ dtype, shape, data: [...data] }).toEqual(plain);
  }
  // Bytes become int32.
  if (held > 4 * size) expect(held).toBeLessThanOrEqual(4 * size);
}

/** Reads a file. @returns whether it is read; the error must be one that says what is wrong. */
function reads(damage: Uint8Array): boolean {
  let stored: StoredWeights;
  try {
    stored = decodeSafetensors(damage);
  } catch (error) {
    if (!(error instanceof WeightFileError) || error.problems.length !== 1) throw error;
    if (error.message.length > 500 || judge(damage) === "right") throw error;
    return false;
  }
  if (judge(damage) === "wrong") expect(stored).toBe("refused");
  expectSame(stored, plainly(damage), damage.length);
  return true;
}

/** `count` files of one kind. None may take seconds, whatever else the machine does. */
function run(count: number, seed: number, make: (pick: Pick) => Uint8Array) {
  const pick = random(seed);
  const outcomes = { refused: 0, read: 0 };
  let slowest = 0;
  for (let i = 0; i < count; i++) {
    const damage = make(pick);
    const begin = performance.now();
    const isRead = reads(damage);
    slowest = Math.max(slowest, performance.now() - begin);
    outcomes[isRead ? "read" : "refused"] += 1;
  }
  expect(slowest).toBeLessThan(5000);
  return outcomes;
}

const original = (pick: Pick) => originals[Math.max(0, pick(10) - 7)]!;

it("random bytes: a WeightFileError or a correct read", () => {
  const count = Math.round(0.4 * files);
  const { read, refused } = run(count, 10, (pick) => mutateBytes(original(pick), pick));
  expect(read).toBeGreaterThan(0.02 * count);
  expect(refused).toBeGreaterThan(0.5 * count);
});

it("random headers: a WeightFileError or a correct read", () => {
  const count = Math.round(0.3 * files);
  const { read, refused } = run(count, 11, (pick) => mutateHeader(original(pick), pick));
  expect(read).toBeGreaterThan(0.02 * count);
  expect(refused).toBeGreaterThan(0.5 * count);
});

it("random claims about the data: a WeightFileError or a correct read", () => {
  const count = Math.round(0.2 * files);
  const { read, refused } = run(count, 12, (pick) => mutateRanges(tensors.slice(pick(4)), pick));
  expect(read).toBeGreaterThan(0.05 * count);
  expect(refused).toBeGreaterThan(0.5 * count);
});

it("any arrangement that the format allows is read", () => {
  const count = Math.round(0.1 * files);
  const { read } = run(count, 13, (pick) => {
    const { file: arranged, entries } = rearrange(tensors.slice(pick(3)), pick);
    const names = JSON.stringify([...decodeSafetensors(arranged).tensors.keys()]);
    if (names !== JSON.stringify(entries.map((e) => e.name))) expect(names).toBe("the names as listed");
    return arranged;
  });
  expect(read).toBe(count);
});
