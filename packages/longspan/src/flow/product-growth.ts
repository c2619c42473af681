import { matrixProduct } from "../linear-algebra/matrix.js";
import { singularValues } from "../linear-algebra/singular-values.js";
import { lagsToSplitAt } from "./by-lag.js";
import { norm, type RanLayer, stateSizes, stepJacobians } from "./layer-steps.js";

/** How much the product of a path's last Jacobians stretches what it is multiplied with. */
export interface GrowthAtLag {
  /** Factors of the product: edges from the end of the path. */
  readonly lag: number;
  /** ln of the largest singular value of dh(end)/dh(lag edges before); -Infinity where the product is zero. */
  readonly logNorm: number;
  /** The same of each slot by itself: ln of the largest singular value of d slot(end)/d slot(lag edges before), by every path. */
  readonly bySlot: Readonly<Record<string, number>>;
}

/** Multiplications that take a part of a second. */
const affordableWork = 2e8;

/**
 * The growth of the product of Jacobians with the lag, from the end of a path:
 *
 *     ln |dh(T)/dh(T - lag)|,   dh(T)/dh(T - lag) = J(T) J(T - 1) ... J(T - lag + 1),   | | the largest singular value
 *
 * The product is scaled on its way, so that it neither overflows nor underflows.
 *
 * @param path edges from the first to the last @param count lags that are shown at most; as far back as can be paid for
 */
export async function productGrowth(
  layer: RanLayer,
  path: Int32Array,
  count: number,
): Promise<GrowthAtLag[]> {
  const { slots, total: n } = stateSizes(layer.cell);
  const longest = Math.min(path.length, Math.floor(affordableWork / n ** 3));
  const shown = thinned(
    lagsToSplitAt(longest + 1).filter((lag) => lag > 0),
    count,
  );
  if (shown.length === 0) return [];
  const last = shown.at(-1)!;
  const perBlock = Math.max(1, Math.floor(65536 / (n * n)));
  const growth: GrowthAtLag[] = [];
  let product: Float64Array = new Float64Array(n * n);
  for (let i = 0; i < n; i++) product[i * n + i] = 1;
  let scale = 0;
  let jacobians: Float64Array = new Float64Array(0);
  let first = path.length;
  for (let lag = 1; lag <= last; lag++) {
    const edge = path.length - lag;
    if (edge < first) {
      first = Math.max(path.length - last, edge + 1 - perBlock);
      jacobians = await stepJacobians(layer, path.subarray(first, edge + 1));
    }
    const jacobian = jacobians.subarray((edge - first) * n * n, (edge - first + 1) * n * n);
    product = matrixProduct(product, jacobian, n, n, n);
    const size = norm(product);
    if (size > 0) {
      product = product.map((v) => v / size);
      scale += Math.log(size);
    }
    if (!shown.includes(lag)) continue;
    const logNorm = (m: Float64Array, k: number) =>
      size > 0 ? scale + Math.log(singularValues(m, k, k)[0]!) : -Infinity;
    let at = 0;
    const bySlot = slots.map(({ name, size: k }) => {
      const own = block(product, n, at, k);
      at += k;
      return [name, k === n ? logNorm(product, n) : logNorm(own, k)] as const;
    });
    growth.push({ lag, logNorm: logNorm(product, n), bySlot: Object.fromEntries(bySlot) });
  }
  return growth;
}

/** The block on the diagonal of a matrix [n, n] that begins at a row, [size, size]. */
function block(matrix: Float64Array, n: number, at: number, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let r = 0; r < size; r++)
    out.set(matrix.subarray((at + r) * n + at, (at + r) * n + at + size), r * size);
  return out;
}

/** As many of a list, spread evenly, the last one among them. */
export function thinned(list: readonly number[], count: number): number[] {
  const n = Math.min(count, list.length);
  return Array.from({ length: n }, (_, k) => list[Math.round(((k + 1) * list.length) / n) - 1]!);
}
