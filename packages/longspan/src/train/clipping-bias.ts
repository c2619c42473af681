import { valueAndGradPerExample } from "../autodiff/index.js";
import { check, checkSettings, func, iterable, positive } from "../check/index.js";
import { clipPerExample, jointNorm } from "../optim/index.js";
import { leaves, scope, type Tensor, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";

/** How one gradient lies to the full one. */
export interface AgainstFull {
  /** The angle between the two, in degrees. NaN if one of them is zero. */
  readonly angle: number;
  /** Its length as a share of the full gradient's. */
  readonly length: number;
}

/** What some of the examples lose to the clipping. */
export interface Loss {
  /** How many they are. */
  readonly examples: number;
  /** The share of the sum of their gradients' lengths that is lost, in [0, 1]; 0 if they are none. */
  readonly lost: number;
}

/** What `clippingBias` measures. */
export interface ClippingBias {
  readonly examples: number;
  readonly minibatches: number;
  /** Minibatches whose mean gradient is longer than v. */
  readonly clippedMinibatches: number;
  /** |g|, the norm of the true full gradient. */
  readonly fullNorm: number;
  /** The full gradient clipped: its direction is the full gradient's. */
  readonly clippedFull: AgainstFull;
  /** The mean of the clipped minibatch gradients: what training follows on average. */
  readonly clippedMean: AgainstFull & {
    /** Its length as a share of the clipped full gradient's. */
    readonly lengthToClippedFull: number;
  };
  /** The mean of the gradients clipped example by example, each by v. */
  readonly perExample: AgainstFull;
  /** Examples whose own gradient is longer than v. */
  readonly large: Loss;
  /** Examples whose own gradient is not, in minibatches that are clipped all the same. */
  readonly bystanders: Loss;
}

/**
 * Measures how clipping the gradients of minibatches by their norm changes what is followed on average.
 *
 *     full          g = mean of g_i over all examples
 *     minibatch k   c_k = G_k min(1, v / |G_k|),  G_k = mean of g_i over its examples
 *     clipped mean  c = mean of c_k, each weighted by its number of examples
 *
 * The mean of minibatch gradients is the full gradient; that of clipped ones is not. It is shorter, and it turns away from the large
 * gradients and from those that happen to share a minibatch with them. At v = Infinity both are the same.
 *
 * An example in minibatch k loses the share 1 - min(1, v / |G_k|) of its gradient. `large` and `bystanders` tell how much of
 * the length of their gradients the examples lose whose own gradient is longer than v, and the others.
 *
 * The model is used as it is: nothing is trained. Each minibatch takes one `valueAndGradPerExample`, and the parameters are read
 * back; sums are taken in double precision.
 *
 * @param losses one loss per example of a batch: [examples]
 * @param batches the minibatches; in another order or cut otherwise, the same examples give another bias.
 * @param options.threshold v, positive, in units of the gradient of the mean loss; Infinity for a check.
 * @throws RangeError if the threshold is not positive or there is no batch.
 * @see Goodfellow, Bengio, Courville (2016), section 10.11.1, on the mean of clipped minibatch gradients and the clipped full
 * gradient, which differ.
 * @example
 * // Each example's gradient is its own row of the batch.
 * const losses = (p: { w: Value }, batch: Value) => sum(mul(batch, p.w), 1);
 * const batches = [tensor([[4, 0], [0, 0]]), tensor([[0, 1], [0, 1]])];
 * const bias = await clippingBias(losses, { w: tensor([0, 0]) }, batches, { threshold: 1 });
 * // full gradient [1, 0.5]; clipped minibatches [1, 0] and [0, 1], their mean [0.5, 0.5]:
 * // bias.clippedMean.angle 18.43, bias.large { examples: 1, lost: 0.5 }
 */
export async function clippingBias<P, B>(
  losses: (params: Traceable<P>, batch: B) => Value,
  params: P,
  batches: Iterable<B>,
  options: { readonly threshold: number },
): Promise<ClippingBias> {
  check("clippingBias", "losses", losses, func);
  check("clippingBias", "params", params, treeKind);
  check("clippingBias", "batches", batches, iterable);
  const { threshold } = checkSettings("clippingBias", options, { threshold: positive });
  const f = valueAndGradPerExample(losses);
  const size = leaves(params).reduce((n, p) => n + (p.dtype === "int32" ? 0 : p.size), 0);
  const [full, clipped, perExample] = [0, 0, 0].map(() => new Float64Array(size)) as [Sum, Sum, Sum];
  const large = { examples: 0, length: 0, lost: 0 };
  const bystanders = { examples: 0, length: 0, lost: 0 };
  let [examples, minibatches, clippedMinibatches] = [0, 0, 0];
  for (const batch of batches) {
    const found = scope(() => {
      const { grads } = f(params as Parameters<typeof f>[0], batch);
      const mean = clipPerExample(grads, Number.POSITIVE_INFINITY);
      const each = clipPerExample(grads, threshold);
      return { mean: mean.grads, each: each.grads, norms: mean.norms, norm: jointNorm(mean.grads) };
    });
    const [mean, each, norms, [norm]] = await Promise.all([
      flat(found.mean),
      flat(found.each),
      found.norms.data(),
      found.norm.data(),
    ]);
    for (const t of leaves(found)) (t as Tensor).dispose();
    const factor = norm! > threshold ? threshold / norm! : 1;
    for (const length of norms) {
      if (length <= threshold && factor === 1) continue;
      const group = length > threshold ? large : bystanders;
      group.examples += 1;
      group.length += length;
      group.lost += length * (1 - factor);
    }
    addTo(full, mean, norms.length);
    addTo(clipped, mean, norms.length * factor);
    addTo(perExample, each, norms.length);
    examples += norms.length;
    minibatches += 1;
    if (factor < 1) clippedMinibatches += 1;
  }
  if (minibatches === 0) throw new RangeError("clippingBias: batches holds at least one, got none");
  const fullNorm = lengthOf(full) / examples;
  const clippedFull = Math.min(1, threshold / fullNorm);
  const clippedMean = against(full, clipped);
  const share = ({ examples, length, lost }: typeof large) => ({
    examples,
    lost: length > 0 ? lost / length : 0,
  });
  return {
    examples,
    minibatches,
    clippedMinibatches,
    fullNorm,
    clippedFull: { angle: fullNorm > 0 ? 0 : Number.NaN, length: clippedFull },
    clippedMean: { ...clippedMean, lengthToClippedFull: clippedMean.length / clippedFull },
    perExample: against(full, perExample),
    large: share(large),
    bystanders: share(bystanders),
  };
}

type Sum = Float64Array;

/** All float elements of a tree in order. */
async function flat(tree: unknown): Promise<number[]> {
  const floats = leaves(tree).filter((v) => v.dtype !== "int32") as Tensor[];
  return (await Promise.all(floats.map((t) => t.data()))).flatMap((data) => [...data]);
}

function addTo(sum: Sum, values: readonly number[], weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += weight * values[i]!;
}

function lengthOf(v: Sum): number {
  let [largest, total] = [0, 0];
  for (const x of v) largest = Math.max(largest, Math.abs(x));
  if (largest === 0) return 0;
  for (const x of v) total += (x / largest) ** 2;
  return largest * Math.sqrt(total);
}

function against(full: Sum, other: Sum): AgainstFull {
  const [p, q] = [lengthOf(full), lengthOf(other)];
  // Half the angle from the sum and the difference of the unit vectors: the arc cosine loses small angles.
  let [difference, total] = [0, 0];
  for (let i = 0; i < full.length; i++) {
    const [a, b] = [full[i]! / p, other[i]! / q];
    difference += (a - b) ** 2;
    total += (a + b) ** 2;
  }
  const angle = (360 / Math.PI) * Math.atan2(Math.sqrt(difference), Math.sqrt(total));
  return { angle, length: q / p };
}
