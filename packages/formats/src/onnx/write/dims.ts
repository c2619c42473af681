import { OnnxError } from "../error.js";

/** A size that is known when the model is used: a multiple of a product of named ones. */
export interface OpenSize {
  /** As it stands in the file, such as `time*batch`. */
  readonly text: string;
  readonly times: number;
  readonly names: readonly string[];
}

/** A size: fixed, or known when the model is used. */
export type Dim = number | OpenSize;

/** The sizes of the two runs that a model is recorded with, by name. No two names, products or fixed sizes agree in both. */
export type NamedSizes = ReadonlyMap<string, readonly [number, number]>;

/**
 * Sizes in which a model is recorded: what differs between the two runs follows from these. Times are long, so that windows over them fit.
 */
export const recordedSizes = {
  time: [61, 67],
  batch: [3, 2],
  otherTime: [71, 73],
  otherBatch: [5, 11],
} as const;

/** Fixed sizes and multiples of named ones, from those of two runs. */
export class Dims {
  constructor(
    private readonly what: string,
    private readonly named: NamedSizes,
    /** Products of names that stand for rows: [time, batch]. */
    private readonly products: readonly (readonly [time: string, batch: string])[],
  ) {}

  /** The size that was a in the first run and b in the second. @throws OnnxError if it is neither fixed nor a multiple of named ones */
  of(a: number, b: number, where: string): Dim {
    const dim = this.find(a, b);
    if (dim !== null) return dim;
    throw new OnnxError(this.what, {
      where,
      found: `a size that follows from the lengths of sequences in a way that is not known (${a} and ${b} in two runs)`,
      remedy: "write the layers before and after it as models of their own",
    });
  }

  /** The sizes of a shape. */
  shape(a: readonly number[], b: readonly number[], where: string): Dim[] {
    return a.map((n, d) => this.of(n, b[d]!, where));
  }

  private find(a: number, b: number): Dim | null {
    if (a === b) return a;
    for (const names of [...this.products, ...[...this.named.keys()].map((name) => [name] as const)]) {
      const [p, q] = [0, 1].map((run) => names.reduce((n, name) => n * this.named.get(name)![run]!, 1));
      const times = a / p!;
      if (Number.isInteger(times) && b === times * q!) return openSize(times, names);
    }
    return null;
  }
}

/** A multiple of a product of named sizes. */
export function openSize(times: number, names: readonly string[]): OpenSize {
  return { text: [...(times === 1 ? [] : [times]), ...names].join("*"), times, names };
}

/** Whether two sizes are the same. */
export function sameDim(a: Dim, b: Dim): boolean {
  return typeof a === "number" || typeof b === "number" ? a === b : a.text === b.text;
}
