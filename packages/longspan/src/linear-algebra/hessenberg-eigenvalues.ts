/** Steps on one block before an unusual shift is tried, and before giving up. */
const UNUSUAL = 10;
const MOST = 120;

/**
 * The eigenvalues of a matrix that is zero below its first subdiagonal, as [re, im], by QR steps with two shifts at a time,
 * which keep it real. Overwrites the matrix. Entries are of order one.
 *
 * @param q where it is wanted, the matrix becomes the real Schur form T of all of it, and q becomes q Z with H = Z T Z'
 */
export function hessenbergEigenvalues(
  h: Float64Array,
  n: number,
  q: Float64Array | null = null,
): [number, number][] {
  const found: [number, number][] = [];
  let size = 0;
  for (let i = 0; i < h.length; i++) size = Math.max(size, Math.abs(h[i]!));
  // Rows `first` to `last` are the block that is worked on: the lowest one whose subdiagonal has no zero.
  for (let last = n - 1, steps = 0; last >= 0; ) {
    let first = last;
    while (first > 0 && !isNegligible(h, n, first, size)) first--;
    if (q && first > 0) h[first * n + first - 1] = 0;
    if (first === last) {
      found.push([h[last * n + last]!, 0]);
    } else if (first === last - 1) {
      const values = eigenvaluesOfTwo(blockAt(h, n, first));
      if (q && values[0]![1] === 0) splitBlock(h, n, first, values[0]![0], q);
      found.push(...values);
    } else {
      if (steps === MOST)
        throw new Error(
          `eigenvalues: no convergence in ${MOST} steps at row ${last}; please report the matrix`,
        );
      steps += 1;
      doubleStep(h, n, first, last, steps % UNUSUAL === 0, q);
      continue;
    }
    last = first - 1;
    steps = 0;
  }
  return found;
}

/** Whether the entry left of the diagonal in a row is rounding error beside its neighbours on the diagonal. */
function isNegligible(h: Float64Array, n: number, row: number, size: number): boolean {
  const neighbours = Math.abs(h[(row - 1) * n + row - 1]!) + Math.abs(h[row * n + row]!);
  return Math.abs(h[row * n + row - 1]!) <= Number.EPSILON * (neighbours === 0 ? size : neighbours);
}

/** A 2 x 2 matrix [[a, b], [c, d]]. */
type Two = readonly [a: number, b: number, c: number, d: number];

function blockAt(h: Float64Array, n: number, row: number): Two {
  const at = row * n + row;
  return [h[at]!, h[at + 1]!, h[at + n]!, h[at + n + 1]!];
}

function eigenvaluesOfTwo([a, b, c, d]: Two): [number, number][] {
  const half = (a - d) / 2;
  const discriminant = half * half + b * c;
  if (discriminant < 0) {
    const im = Math.sqrt(-discriminant);
    return [
      [(a + d) / 2, im],
      [(a + d) / 2, -im],
    ];
  }
  // The root away from d without cancellation; their distances to d have the product -b c.
  const far = half + (half < 0 ? -1 : 1) * Math.sqrt(discriminant);
  return [
    [d + far, 0],
    [far === 0 ? d : d - (b * c) / far, 0],
  ];
}

/**
 * One step on the rows first to last: the shifts are the eigenvalues of the last 2 x 2 block, the bulge that they make in
 * the first rows is chased down and out.
 */
function doubleStep(
  h: Float64Array,
  n: number,
  first: number,
  last: number,
  unusual: boolean,
  q: Float64Array | null,
): void {
  // Eigenvalues are decided by the rows and columns first to last; the Schur form needs what is beside and above them.
  const [upper, right] = q ? [0, n - 1] : [first, last];
  const [a, b, c, d] = unusual ? unusualShifts(h, n, last) : blockAt(h, n, last - 1);
  const top = first * n + first;
  const h00 = h[top]!;
  const h10 = h[top + n]!;
  // The first column of (H - s1)(H - s2), over h10.
  const column = [
    ((h00 - a) * (h00 - d) - b * c) / h10 + h[top + 1]!,
    h00 + h[top + n + 1]! - a - d,
    h[top + 2 * n + 1]!,
  ];
  for (let k = first; k < last; k++) {
    const size = Math.min(3, last - k + 1);
    if (k > first) for (let i = 0; i < size; i++) column[i] = h[(k + i) * n + k - 1]!;
    const [x, y, z] = [column[0]!, column[1]!, size === 3 ? column[2]! : 0];
    const scale = Math.abs(x) + Math.abs(y) + Math.abs(z);
    if (scale === 0) continue;
    const length = (x > 0 ? -scale : scale) * Math.hypot(x / scale, y / scale, z / scale);
    // The reflection 1 - v w' maps the column to `length` times the first axis.
    const w0 = (length - x) / length;
    const [v1, v2] = [y / (x - length), z / (x - length)];
    const [w1, w2] = [w0 * v1, w0 * v2];

    if (k > first) {
      h[k * n + k - 1] = length;
      for (let i = 1; i < size; i++) h[(k + i) * n + k - 1] = 0;
    }
    for (let j = k; j <= right; j++) {
      const p = k * n + j;
      const along = w0 * h[p]! + w1 * h[p + n]! + (size === 3 ? w2 * h[p + 2 * n]! : 0);
      h[p]! -= along;
      h[p + n]! -= along * v1;
      if (size === 3) h[p + 2 * n]! -= along * v2;
    }
    const bottom = Math.min(k + 3, last);
    const reflect = (m: Float64Array, from: number, to: number) => {
      for (let i = from; i <= to; i++) {
        const p = i * n + k;
        const along = m[p]! + v1 * m[p + 1]! + (size === 3 ? v2 * m[p + 2]! : 0);
        m[p]! -= along * w0;
        m[p + 1]! -= along * w1;
        if (size === 3) m[p + 2]! -= along * w2;
      }
    };
    reflect(h, upper, bottom);
    if (q) reflect(q, 0, n - 1);
  }
}

/** Rotates a block of two rows whose eigenvalues are real, so that it becomes upper triangular with the first one on top. */
function splitBlock(h: Float64Array, n: number, row: number, value: number, q: Float64Array): void {
  const [a, b, c, d] = blockAt(h, n, row);
  // The eigenvector, from the row that has more of it.
  const [x, y] =
    Math.abs(value - d) + Math.abs(c) > Math.abs(value - a) + Math.abs(b) ? [value - d, c] : [b, value - a];
  const length = Math.hypot(x, y);
  if (length === 0) return;
  const [cosine, sine] = [x / length, y / length];
  for (let j = 0; j < n; j++) {
    const p = row * n + j;
    const [u, v] = [h[p]!, h[p + n]!];
    h[p] = cosine * u + sine * v;
    h[p + n] = cosine * v - sine * u;
  }
  for (const m of [h, q])
    for (let i = 0; i < n; i++) {
      const p = i * n + row;
      const [u, v] = [m[p]!, m[p + 1]!];
      m[p] = cosine * u + sine * v;
      m[p + 1] = cosine * v - sine * u;
    }
  h[(row + 1) * n + row] = 0;
}

/** Shifts that break cycles, such as those of a permutation matrix, which the usual ones leave as they are. */
function unusualShifts(h: Float64Array, n: number, last: number): Two {
  const s = Math.abs(h[last * n + last - 1]!) + Math.abs(h[(last - 1) * n + last - 2]!);
  const centre = h[last * n + last]! + 0.75 * s;
  return [centre, -0.4375 * s, s, centre];
}
