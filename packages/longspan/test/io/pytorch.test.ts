// Files of torch.save: what they hold, and that nothing in them is run or believed.
import { existsSync, readFileSync } from "node:fs";
import { decodePytorch, encodePytorch, tensor, WeightFileError, zeros } from "longspan";
import { describe, expect, it } from "vitest";
import { readZip, writeZip } from "../../src/io/zip.js";
import { random } from "./files.js";
import { mutateBytes } from "./mutations.js";

// Nobody reads a hundred thousand stack traces, and they take time.
Error.stackTraceLimit = 1;

const folder = new URL("../exchange/golden/", import.meta.url);
const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));

function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(WeightFileError);
    return (error as Error).message;
  }
  return "no error";
}

describe("a checkpoint", () => {
  const { tensors, metadata, unread } = decodePytorch(bytesOf("others.pt"));
  const found = Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, data }]) => [name, [dtype, shape, [...data]]]),
  );

  it("holds tensors by their paths, of all strides and types that a tensor here has", () => {
    expect(found).toMatchObject({
      "list[0]": ["float32", [3, 2], [0, 3, 1, 4, 2, 5]],
      "list[1]": ["float32", [2], [1, 4]],
      "list[2]": ["float32", [], [2.5]],
      "list[3]": ["float32", [0, 3], []],
      "list[4]": ["float32", [2, 3], [0, 1, 2, 3, 4, 5]],
      half: ["float32", [2], [0.5, -2]],
      brain: ["float32", [2], [0.5, -2]],
      double: ["float64", [1], [0.1]],
      integers: ["int32", [2], [-7, 2 ** 31 - 1]],
      unsigned: ["int32", [2], [7, 65535]],
      flags: ["int32", [2], [1, 0]],
    });
    expect(found["model.weight"]![1]).toEqual([2, 2]);
    expect(Object.keys(found)).toHaveLength(13);
  });

  it("holds numbers and texts", () => {
    expect([...metadata]).toEqual([
      ["epoch", "3"],
      ["name", "a checkpoint"],
    ]);
  });

  it("lists what is not read", () => {
    expect([...unread].map(([name, { found }]) => [name, found])).toEqual([
      ["long", "1099511627776 at element 0 of I64 [1]"],
      ["complex", '"torch.ComplexFloatStorage"; convert the tensor before saving it'],
    ]);
    expect(() => tensors.get("long")).toThrow(/1099511627776/);
  });
});

describe("what is refused", () => {
  it("calls and classes, each by its name, and nothing is run", () => {
    expect(message(() => decodePytorch(bytesOf("code.pt")))).toMatch(
      /^weight file:\n.*found "(posix|nt)\.system", which is refused and was not run\n.*"torch\.nn\.modules\.linear\.Linear"/,
    );
    expect(existsSync("was-run")).toBe(false);
  });

  it("a file of PyTorch before 1.6, something else, and what is cut", async () => {
    expect(message(() => decodePytorch(bytesOf("old.pt")))).toBe(
      "weight file, byte 0: expected a zip archive, as torch.save has written it since PyTorch 1.6, found a bare pickle; load it in PyTorch and save it again",
    );
    expect(message(() => decodePytorch(new Uint8Array()))).toMatch(/found something else$/);
    const whole = await encodePytorch({ w: tensor([1, 2, 3]) });
    expect(message(() => decodePytorch(whole.subarray(0, whole.length - 1)))).toBe(
      `weight file, byte ${whole.length - 1}: expected the end of a zip archive, found none: the file is cut, or is something else`,
    );
  });
});

it("the same tree gives the same bytes", async () => {
  const tree = {
    a: { b: tensor([1, 2]) },
    c: zeros([0]),
    d: tensor(3, "int32"),
    e: tensor([0.1], "float64"),
  };
  const file = await encodePytorch(tree);
  expect(await encodePytorch(tree)).toEqual(file);
  expect([...decodePytorch(file).tensors.keys()]).toEqual(["a.b", "c", "d", "e"]);
});

/** The archive is whole, so that the damage is met. */
function withDamagedPickle(files: ReadonlyMap<string, Uint8Array>, pick: (n: number) => number): Uint8Array {
  const damaged = [...files].map(
    ([name, bytes]) => [name, name.endsWith("data.pkl") ? mutateBytes(bytes, pick) : bytes] as const,
  );
  return writeZip(new Map(damaged));
}

it("a hundred thousand damaged files: an error that names the place, or a right reading", () => {
  const pick = random(5);
  const originals = ["linear.pt", "others.pt", "lstm_cell.pt", "code.pt"].map((name) => {
    const bytes = bytesOf(name);
    return { bytes, files: new Map([...readZip(bytes)].map(([file, entry]) => [file, entry.bytes])) };
  });
  let refused = 0;
  for (let i = 0; i < 100_000; i++) {
    const original = originals[i % originals.length]!;
    const bytes = i % 3 === 0 ? mutateBytes(original.bytes, pick) : withDamagedPickle(original.files, pick);
    try {
      const { tensors } = decodePytorch(bytes);
      let total = 0;
      for (const [, { shape, data }] of tensors) {
        expect(data.length).toBe(shape.reduce((n, length) => n * length, 1));
        total += data.byteLength;
      }
      // A 16-bit number becomes one of 32 bits.
      expect(total).toBeLessThanOrEqual(16 * bytes.length);
    } catch (error) {
      if (!(error instanceof WeightFileError)) throw error;
      expect(error.problems.every(({ offset, tensor }) => offset !== undefined || tensor !== undefined)).toBe(
        true,
      );
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(50_000);
  expect(existsSync("was-run")).toBe(false);
});
