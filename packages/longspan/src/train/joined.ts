import { type DType, fromArray, leaves, refill, type Tensor, zeros } from "../tensor/index.js";
import type { Collective } from "./collective.js";

/** A bucket is sent while the next is filled; with fewer bytes, sending costs more than that gains. */
const bucketBytes = 2 ** 20;

/** The gradient of a batch or of a rank's share of it, and its mean loss. */
export interface Gradient<P> {
  readonly grads: P;
  /** Scalar. */
  readonly loss: Tensor;
}

/**
 * The gradient and the loss of a whole batch, of those of the ranks' shares:
 *
 *     sum over ranks of weight x (gradient, loss)
 *
 * They are sent in buckets of about a megabyte. Leaves of type int32 are not trained: zeros.
 *
 * @param params of the form of the gradient
 * @param own null where the rank has no share: it adds zeros
 * @param weight the rank's part of all predictions
 */
export async function joined<P>(
  collective: Collective,
  params: P,
  own: Gradient<P> | null,
  weight: number,
): Promise<Gradient<P>> {
  const templates = leaves(params) as Tensor[];
  const values = own && (leaves(own.grads) as Tensor[]);
  const buckets = bucketsOf(templates);
  const sent: Promise<void>[] = [];
  for (const { numbers, members } of buckets) {
    if (numbers === buckets[0]!.numbers && own) numbers[0] = weight * (await own.loss.data())[0]!;
    for (const { leaf, at } of members) {
      if (values === null) continue;
      const from = await values[leaf]!.data();
      for (let i = 0; i < from.length; i++) numbers[at + i] = weight * from[i]!;
    }
    sent.push(collective.sum(numbers));
  }
  await Promise.all(sent);
  const sums = templates.map(({ shape, dtype }) => (dtype === "int32" ? zeros(shape, dtype) : null));
  for (const { numbers, members } of buckets)
    for (const { leaf, at } of members) {
      const { shape, dtype, size } = templates[leaf]!;
      sums[leaf] = fromArray(numbers.subarray(at, at + size), shape, dtype);
    }
  const [first] = buckets;
  const loss = fromArray([first!.numbers[0]!], [], first!.dtype);
  return { grads: refill(params, sums as Tensor[]), loss };
}

/** Leaves of one type that are sent together. */
interface Bucket {
  readonly dtype: DType;
  readonly numbers: Float32Array | Float64Array;
  /** Which leaves, and where their numbers begin. */
  readonly members: readonly { readonly leaf: number; readonly at: number }[];
}

/** The buckets of a tree; the first number of the first is the loss. */
function bucketsOf(templates: readonly Tensor[]): Bucket[] {
  const floats = [...templates.entries()].filter(([, { dtype }]) => dtype !== "int32");
  const open: { dtype: DType; length: number; members: { leaf: number; at: number }[] }[] = [
    { dtype: floats[0]?.[1].dtype ?? "float32", length: 1, members: [] },
  ];
  for (const [leaf, { dtype, size }] of floats) {
    const last = open.at(-1)!;
    const full = last.length * (dtype === "float64" ? 8 : 4) >= bucketBytes;
    const bucket = full || last.dtype !== dtype ? { dtype, length: 0, members: [] } : last;
    if (bucket !== last) open.push(bucket);
    bucket.members.push({ leaf, at: bucket.length });
    bucket.length += size;
  }
  return open.map(({ dtype, length, members }) => ({
    dtype,
    numbers: dtype === "float64" ? new Float64Array(length) : new Float32Array(length),
    members,
  }));
}
