import { isRecord, kind, type RequiredKind } from "../check/index.js";
import { type StoredTensor, type StoredWeights, WeightFileError } from "../io/index.js";
import { formatShape, fromArray, type Tensor } from "../tensor/index.js";

/** The weights of one layer in a file: those whose names begin with a prefix. Notes which were read. */
export class NamedWeights {
  private readonly read = new Set<string>();

  /** @param what the caller, for messages */
  constructor(
    private readonly what: string,
    private readonly stored: StoredWeights,
    private readonly prefix: string,
  ) {}

  has(name: string): boolean {
    return this.stored.tensors.has(this.prefix + name) || this.stored.unread.has(this.prefix + name);
  }

  /** A tensor of so many axes. @throws WeightFileError if there is none, or if it has another number */
  get(name: string, axes: number): Tensor {
    const full = this.prefix + name;
    const found: StoredTensor | undefined = this.stored.tensors.get(full);
    const expected = `a tensor with ${axes} ${axes === 1 ? "axis" : "axes"}, for ${this.what}`;
    if (!found) throw new WeightFileError({ tensor: full, expected, found: this.otherPrefixes(name) });
    if (found.shape.length !== axes || found.dtype === "int32")
      throw new WeightFileError({
        tensor: full,
        expected,
        found: `${found.dtype} ${formatShape(found.shape)}`,
      });
    this.read.add(full);
    return fromArray(found.data, found.shape, found.dtype);
  }

  /** As `get`, of a shape that follows from the others. */
  shaped(name: string, shape: readonly number[]): Tensor {
    const tensor = this.get(name, shape.length);
    if (tensor.shape.some((n, axis) => n !== shape[axis]))
      throw new WeightFileError({
        tensor: this.prefix + name,
        expected: `the shape ${formatShape(shape)}, for ${this.what}`,
        found: formatShape(tensor.shape),
      });
    return tensor;
  }

  /** @throws WeightFileError if a name under the prefix was not read; without a prefix, others may be for other layers */
  checkAllRead(): void {
    if (this.prefix === "") return;
    const { tensors, unread } = this.stored;
    const left = [...tensors.keys(), ...unread.keys()].filter(
      (name) => name.startsWith(this.prefix) && !this.read.has(name),
    );
    const [one, ...more] = left.map((tensor) => ({
      tensor,
      expected: `only what ${this.what} has under ${JSON.stringify(this.prefix)}`,
      found: "it besides",
    }));
    if (one) throw new WeightFileError(one, ...more);
  }

  /** Where a name is found instead. */
  private otherPrefixes(name: string): string {
    const prefixes = [...this.stored.tensors.keys()]
      .filter((other) => other.endsWith(name) && other !== name)
      .map((other) => JSON.stringify(other.slice(0, -name.length)));
    if (prefixes.length === 0) return "no such tensor";
    return `no such tensor; there is one with the prefix ${prefixes.slice(0, 3).join(" or ")}`;
  }
}

export const storedKind: RequiredKind = kind(
  "the weights that decodePytorch or decodeSafetensors gives",
  (value) => isRecord(value) && value.tensors instanceof Map,
);
