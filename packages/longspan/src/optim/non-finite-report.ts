import { formatShape, leafEntries, type Shape, Tensor } from "../tensor/index.js";

/** What is not finite in one parameter's gradient. */
export interface NonFiniteEntry {
  /** Path of the parameter, such as `layers[0].cell.U`. */
  readonly path: string;
  readonly shape: Shape;
  /** Elements that are NaN. */
  readonly nan: number;
  /** Elements that are Inf or -Inf. */
  readonly inf: number;
  /** Index of the first such element, one number per axis. */
  readonly first: readonly number[];
}

/**
 * Finds the gradients that hold NaN or Inf. It reads every gradient back, so it is for after the fact. The reads are
 * issued at once: the gradients may be released while the promise is pending.
 *
 * @param grads tree of tensors.
 * @returns one entry per parameter concerned, in the tree's order; none if all are finite.
 * @throws TypeError if a leaf holds no data because it is being traced or differentiated.
 * @example
 * const report = await reportNonFinite({ w: tensor([[1, 2], [NaN, Infinity]]) });
 * // [{ path: "w", shape: [2, 2], nan: 1, inf: 1, first: [1, 0] }]
 */
export async function reportNonFinite(grads: unknown): Promise<NonFiniteEntry[]> {
  const reads = leafEntries(grads).map(async ([path, v]) => {
    if (!(v instanceof Tensor))
      throw new TypeError(`reportNonFinite: "${path}" is being traced or differentiated and holds no data`);
    return entryOf(path, v.shape, await v.data());
  });
  return (await Promise.all(reads)).filter((entry) => entry !== null);
}

function entryOf(path: string, shape: Shape, data: ArrayLike<number>): NonFiniteEntry | null {
  let nan = 0;
  let inf = 0;
  let first = -1;
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    if (Number.isFinite(x)) continue;
    if (first < 0) first = i;
    if (Number.isNaN(x)) nan += 1;
    else inf += 1;
  }
  return first < 0 ? null : { path, shape, nan, inf, first: indexOf(first, shape) };
}

function indexOf(place: number, shape: Shape): number[] {
  const index: number[] = [];
  let rest = place;
  for (const n of [...shape].reverse()) {
    index.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return index;
}

/**
 * A gradient that is not finite; the message names the parameters.
 * @example
 * const error = new NonFiniteGradientError(await reportNonFinite({ w: tensor([Number.NaN]) }), 1200);
 * console.log(error.message); // the gradient at step 1200 is not finite in "w" [1]: 1 NaN, first at [0]. ...
 */
export class NonFiniteGradientError extends Error {
  override name = "NonFiniteGradientError";

  constructor(
    /** From `reportNonFinite`. Empty if the gradients are finite and the update computed from them is not. */
    readonly report: readonly NonFiniteEntry[],
    /** Number of the training step, if known. */
    readonly step?: number,
    /** Which batch it was, such as `"segment 12"`, if known. */
    readonly batch?: string,
  ) {
    super(messageOf(report, step, batch));
  }
}

/** More parameters than this are counted rather than named. */
const named = 8;

function messageOf(
  report: readonly NonFiniteEntry[],
  step: number | undefined,
  batch: string | undefined,
): string {
  const at = (step === undefined ? "" : ` at step ${step}`) + (batch === undefined ? "" : ` (${batch})`);
  const remedy =
    "Remedies: a smaller learning rate, clipByJointNorm, or onExplosion to go on without such steps.";
  if (report.length === 0)
    return `the update${at} is not finite, although every gradient is: it overflowed. ${remedy}`;
  const list = report.slice(0, named).map(line).join("; ");
  const more = report.length > named ? `; and ${report.length - named} more` : "";
  return `the gradient${at} is not finite in ${list}${more}. ${remedy}`;
}

function line({ path, shape, nan, inf, first }: NonFiniteEntry): string {
  const counts = [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} Inf` : ""]
    .filter((s) => s !== "")
    .join(", ");
  return `"${path}" ${formatShape(shape)}: ${counts}, first at ${formatShape(first)}`;
}
