import { type StoredTensor, type StoredWeights, WeightFileError, type WeightFileProblem } from "longspan";
import { isRecord } from "longspan/engine";
import { quote } from "../keras/error.js";
import { numbersOf, type Quantised, quantisedTypes, type WeightType, weightTypes } from "./numbers.js";

/** Weight files by the paths that `model.json` names. */
export type WeightFiles = Readonly<Record<string, Uint8Array>>;

/**
 * The tensors of a manifest: groups of files, whose bytes hold the weights one after the other. Weights of an optimiser are left out.
 * @throws WeightFileError naming the weight
 */
export function readManifest(manifest: unknown, files: WeightFiles): StoredWeights {
  const tensors = new Map<string, StoredTensor>();
  const unread = new Map<string, WeightFileProblem>();
  const groups = listOf(manifest, "weightsManifest");
  for (const group of groups) {
    const { paths, weights } = isRecord(group) ? group : {};
    const bytes = joined(listOf(paths, "paths of a group of weights"), files);
    let at = 0;
    for (const value of listOf(weights, "weights of a group")) {
      const spec = specOf(value);
      const { name, length, stored } = spec;
      if (tensors.has(name) || unread.has(name))
        throw new WeightFileError({ tensor: name, expected: "every name once", found: "it again" });
      const end = at + length * weightTypes[stored].bytes;
      if (!(end <= bytes.length))
        throw new WeightFileError({
          tensor: name,
          expected: `${length} numbers of ${stored} from byte ${at} of its group on`,
          found: `files of ${bytes.length} bytes together`,
        });
      if (!spec.optimiser) {
        const data = numbersOf(bytes.subarray(at, end), spec);
        if (data === null)
          unread.set(name, {
            tensor: name,
            expected: "numbers of float32",
            found: `numbers of ${spec.type}`,
          });
        else tensors.set(name, { dtype: "float32", shape: spec.shape, data });
      }
      at = end;
    }
    if (at !== bytes.length)
      throw new WeightFileError({
        offset: at,
        expected: "the end of a group of files, whose weights end there",
        found: `${bytes.length - at} bytes more`,
      });
  }
  return { tensors, unread, metadata: new Map() };
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new WeightFileError({
    offset: 0,
    expected: `a list, ${what}`,
    found: value === undefined ? "none" : "something else",
  });
}

/** The bytes of files, one after the other. */
function joined(paths: readonly unknown[], files: WeightFiles): Uint8Array {
  const seen = new Set<unknown>();
  const parts = paths.map((path) => {
    const found = typeof path === "string" && Object.hasOwn(files, path) ? files[path] : undefined;
    if (!(found instanceof Uint8Array) || seen.has(path)) {
      const list = Object.keys(files).slice(0, 4).map(quote).join(", ");
      throw new WeightFileError({
        tensor: String(path).slice(0, 80),
        expected: "a weight file of this path, once, in files",
        found: found ? "it again" : list === "" ? "no files" : list,
      });
    }
    seen.add(path);
    return found;
  });
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly length: number;
  /** What it is for TensorFlow.js. */
  readonly type: string;
  /** What is in the file. */
  readonly stored: WeightType;
  readonly quantised: Quantised | null;
  readonly optimiser: boolean;
}

function specOf(value: unknown): Spec {
  const { name, shape, dtype, quantization, group } = isRecord(value) ? value : {};
  if (typeof name !== "string")
    throw new WeightFileError({ offset: 0, expected: "a weight with a name", found: "one without" });
  const problem = (expected: string, found: string) =>
    new WeightFileError({ tensor: name.slice(0, 200), expected, found });
  const sizes =
    Array.isArray(shape) && shape.length <= 16 && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!sizes) throw problem("a shape of sizes", "something else");
  const length = (shape as number[]).reduce((n, axis) => n * axis, 1);
  if (!Number.isSafeInteger(length * 8)) throw problem("a shape of less than 2^50 numbers", "a larger one");
  const quantised =
    quantization === undefined || quantization === null ? null : quantisedOf(quantization, problem);
  const stored = quantised?.type ?? dtype;
  if (typeof stored !== "string" || !Object.hasOwn(weightTypes, stored))
    throw problem(
      `a dtype, one of ${Object.keys(weightTypes).join(", ")}`,
      typeof stored === "string" ? quote(stored) : "none",
    );
  return {
    name,
    shape: shape as number[],
    length,
    type: String(dtype).slice(0, 40),
    stored: stored as WeightType,
    quantised,
    optimiser: group === "optimizer",
  };
}

function quantisedOf(
  value: unknown,
  problem: (expected: string, found: string) => WeightFileError,
): Quantised {
  const { dtype, scale, min } = isRecord(value) ? value : {};
  const type = quantisedTypes.find((name) => name === dtype);
  if (!type)
    throw problem(
      `a quantisation, one of ${quantisedTypes.join(", ")}`,
      typeof dtype === "string" ? quote(dtype) : "none",
    );
  if (type === "float16") return { type, scale: 1, min: 0 };
  if (typeof scale !== "number" || typeof min !== "number")
    throw problem(`a quantisation with scale and min, for ${type}`, "one without");
  return { type, scale, min };
}
