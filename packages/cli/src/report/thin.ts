/** A point of a curve; a value that is not finite breaks the curve. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

/** The column of a step, of `columns` equal ones from 0 to `lastStep`. */
export function columnOf(step: number, lastStep: number, columns: number): number {
  return lastStep === 0 ? 0 : Math.min(columns - 1, Math.floor((step / lastStep) * columns));
}

/**
 * Leaves the first, the lowest, the highest and the last point of each column. At a width of that many pixels the curve
 * looks as it did: no extreme is lost, however short.
 * @see Jugel et al. (2014), M4: a visualization-oriented time series data aggregation.
 */
export function thin(points: readonly Point[], lastStep: number, columns: number): readonly Point[] {
  if (points.length <= 2 * columns) return points;
  const kept: Point[] = [];
  let [begin, column] = [0, -1];
  const flush = (end: number) => {
    if (end === begin) return;
    let [first, low, high, last, broken] = [-1, -1, -1, -1, false];
    for (let i = begin; i < end; i++) {
      const { value } = points[i]!;
      if (!Number.isFinite(value)) {
        broken = true;
        continue;
      }
      if (first < 0) first = low = high = i;
      if (value < points[low]!.value) low = i;
      if (value > points[high]!.value) high = i;
      last = i;
    }
    const wanted = [...new Set([first, low, high, last])].filter((i) => i >= 0).sort((a, b) => a - b);
    for (const i of wanted) kept.push(points[i]!);
    if (broken) kept.push({ step: points[end - 1]!.step, value: Number.NaN });
    begin = end;
  };
  for (const [i, { step }] of points.entries()) {
    const c = columnOf(step, lastStep, columns);
    if (c !== column) flush(i);
    column = c;
  }
  flush(points.length);
  return kept;
}

/** Points of a noisy curve below which it needs no trend. */
const fewPoints = 160;

/** The medians of up to 100 equal parts of a curve, at their mean step; null if the curve is short enough to read. */
export function trend(points: readonly Point[]): readonly Point[] | null {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  if (finite.length < fewPoints) return null;
  const parts = Math.min(100, Math.floor(finite.length / 8));
  return Array.from({ length: parts }, (_, k) => {
    const part = finite.slice(
      Math.floor((k * finite.length) / parts),
      Math.floor(((k + 1) * finite.length) / parts),
    );
    const step = part.reduce((sum, p) => sum + p.step, 0) / part.length;
    return { step, value: quantile(part, 0.5) };
  });
}

/** The value below which a share `q` of the points lie. Of finite values, at least one. */
export function quantile(points: readonly Point[], q: number): number {
  const values = Float64Array.from(points, ({ value }) => value).sort();
  return values[Math.min(values.length - 1, Math.floor(q * values.length))]!;
}
